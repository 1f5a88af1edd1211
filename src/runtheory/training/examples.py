"""Examples give the training loop its batches: images, or any tensors of inputs and targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from runtheory.boundary import checked
from runtheory.data import ImageSet, normalise
from runtheory.shapes import Images, Indices, Labels
from runtheory.training.stored import digest

Tensors = Tensor | tuple[Tensor, ...]


@runtime_checkable
class Data(Protocol):
    """What the loop asks of its data: how many examples, where they lie, and a batch of them."""

    @property
    def device(self) -> torch.device:
        """The device of the examples, and so of the indices that ``batch`` gets."""

    def __len__(self) -> int: ...

    def batch(self, index: Indices) -> tuple[Any, Any]:
        """Return the inputs and the targets of the examples ``index``, in that order."""

    def identity(self) -> dict[str, Any]:
        """Return JSON that tells these examples from others, under a name of their kind."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Tensors whose first axis counts the examples, whole on one device.

    ``inputs`` and ``targets`` are one tensor each or a tuple of several (the two halves of a pair,
    say), of any dtype and shape behind the first axis: int64 tokens ``(example, position)``,
    float32 numbers ``(example, feature)``. An objective gets a batch in the same form. Without
    targets, as where the inputs are to be reconstructed, it gets ``None`` for them. Nothing is
    normalised or changed.

    Raises
    ------
    ValueError
        If there is no example, or the tensors differ in their first axis or their device.
    """

    inputs: Tensors
    targets: Tensors | None = None

    def __post_init__(self) -> None:
        tensors = self._tensors()
        counts = [len(tensor) if tensor.ndim else 0 for tensor in tensors]
        if not counts or len(set(counts)) > 1 or counts[0] < 1:
            shapes = [tuple(tensor.shape) for tensor in tensors]
            raise ValueError(f"the first axis must count the same examples, got shapes {shapes}")
        devices = sorted({str(tensor.device) for tensor in tensors})
        if len(devices) > 1:
            raise ValueError(f"examples must lie on one device, got {devices}")

    @property
    def device(self) -> torch.device:
        """The device of all tensors."""
        return self._tensors()[0].device

    def __len__(self) -> int:
        return len(self._tensors()[0])

    def batch(self, index: Indices) -> tuple[Tensors, Tensors | None]:
        """Return the inputs and targets of the examples ``index``, each in its own form."""
        return _rows_of(self.inputs, index), _rows_of(self.targets, index)

    def identity(self) -> dict[str, Any]:
        """Return the shapes and a digest of the content (reads all tensors once on the host)."""
        # By place, inputs first: an input that becomes a target changes the shapes below.
        content = digest({str(place): tensor for place, tensor in enumerate(self._tensors())})
        shapes = {
            name: [[*tensor.shape, str(tensor.dtype)] for tensor in _as_tuple(tensors)]
            for name, tensors in (("inputs", self.inputs), ("targets", self.targets))
        }
        return {"examples": {**shapes, "sha256": content[:16]}}

    def _tensors(self) -> tuple[Tensor, ...]:
        return (*_as_tuple(self.inputs), *_as_tuple(self.targets))


@dataclass(frozen=True, eq=False)
class NormalisedImages:
    """The training images of a set as float32 batches, normalised, in channels-last layout."""

    image_set: ImageSet

    @property
    def device(self) -> torch.device:
        """The device of the image set."""
        return self.image_set.train_images.device

    def __len__(self) -> int:
        return len(self.image_set.train_images)

    def batch(self, index: Indices) -> tuple[Images, Labels]:
        """Return the normalised images and the labels of the examples ``index``."""
        images = self.image_set.train_images[index]  # uint8 (batch, channel, height, width)
        # The layout is changed while a pixel is one byte.
        images = images.contiguous(memory_format=torch.channels_last)
        return normalise(images, self.image_set), self.image_set.train_labels[index]

    def identity(self) -> dict[str, Any]:
        """Return name, shape and mean of the training images, and a digest of their labels."""
        images = self.image_set.train_images
        return {
            "images": [self.image_set.name, list(images.shape), list(self.image_set.mean)],
            "labels": digest({"labels": self.image_set.train_labels})[:16],
        }


@checked
def as_data(data: ImageSet | Data) -> Data:
    """Return ``data``, an image set as its normalised training images."""
    return NormalisedImages(data) if isinstance(data, ImageSet) else data


def _rows_of(tensors: Tensors | None, index: Indices) -> Any:
    if isinstance(tensors, Tensor):
        return tensors[index]
    return None if tensors is None else tuple(tensor[index] for tensor in tensors)


def _as_tuple(tensors: Tensors | None) -> tuple[Tensor, ...]:
    if isinstance(tensors, Tensor):
        return (tensors,)
    return tensors or ()
