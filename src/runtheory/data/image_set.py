"""An image set holds all its images on one device, with their channel statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import Images, RawImages

MOST_COLOURS = 4  # channels of pictures; a last axis so short beside a long second one is colour
# Images counted at a time: bounds the temporary that counting makes to a few megabytes.
_CHUNK = 1024


@dataclass(frozen=True)
class ChannelStatistics:
    """Mean and standard deviation of each channel, of images scaled to [0, 1]."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Training and test images (uint8, 0 to 255) with labels (int64), whole on one device.

    ``mean`` and ``deviation`` hold, for each channel, the mean and the population standard
    deviation of the *training* images scaled to [0, 1]. ``classes[label]`` names a class.
    """

    name: str
    train_images: UInt8[Tensor, "train channel height width"]
    train_labels: Int64[Tensor, " train"]
    test_images: UInt8[Tensor, "test channel height width"]
    test_labels: Int64[Tensor, " test"]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def to(self, device: torch.device | str) -> ImageSet:
        """Return the same set on ``device``; nothing is copied that lies there already."""
        return replace(
            self,
            train_images=self.train_images.to(device),
            train_labels=self.train_labels.to(device),
            test_images=self.test_images.to(device),
            test_labels=self.test_labels.to(device),
        )


@checked
def channel_statistics(images: RawImages) -> ChannelStatistics:
    """Return mean and population standard deviation of each channel, scaled to [0, 1].

    Both follow from the histogram of the 256 values in whole numbers, so they are exact and do not
    depend on the order of summation, the device or the number of threads. Synchronises with the
    host.

    Raises
    ------
    ValueError
        If there is no pixel to average.
    """
    if images.numel() == 0:
        raise ValueError(f"statistics need at least one pixel, got shape {tuple(images.shape)}")
    pixels = images.numel() // images.shape[1]
    histograms = [_histogram(channel) for channel in images.unbind(1)]
    sums = [sum(value * count for value, count in enumerate(h)) for h in histograms]
    squares = [sum(value**2 * count for value, count in enumerate(h)) for h in histograms]
    # Python integers: n * sum(x^2) - sum(x)^2 is exact, and zero exactly for a constant channel.
    spreads = [pixels * b - a * a for a, b in zip(sums, squares, strict=True)]
    return ChannelStatistics(
        mean=tuple(a / (255 * pixels) for a in sums),
        deviation=tuple(spread**0.5 / (255 * pixels) for spread in spreads),
    )


def _histogram(channel: UInt8[Tensor, "batch height width"]) -> list[int]:
    counts = torch.zeros(256, dtype=torch.int64, device=channel.device)
    for chunk in torch.split(channel, _CHUNK):
        counts += torch.bincount(chunk.flatten(), minlength=256)
    return [int(count) for count in counts.tolist()]


@checked
def assemble(
    name: str,
    train: tuple[Tensor | np.ndarray, Tensor | np.ndarray],
    *,
    test: tuple[Tensor | np.ndarray, Tensor | np.ndarray],
    classes: tuple[str, ...],
) -> ImageSet:
    """Build an :class:`ImageSet` out of (images, labels) pairs and measure its statistics.

    Images are uint8 ``(count, channel, height, width)``, tensors or NumPy arrays; labels of any
    integer type ``(count,)``, and come out as int64.

    Raises
    ------
    ValueError
        If images and labels differ in number, images are laid out otherwise or differ in shape
        between the parts, or a label names no class.
    TypeError
        If images are not bytes, or labels no integers.

    Examples
    --------
    >>> import torch
    >>> from runtheory.data import assemble
    >>> images = torch.randint(256, (6, 1, 8, 8), dtype=torch.uint8)
    >>> labels = torch.tensor([0, 1, 0, 1, 0, 1])
    >>> mine = assemble("mine", (images, labels), test=(images, labels), classes=("cat", "dog"))
    >>> mine.train_images.shape
    torch.Size([6, 1, 8, 8])
    """
    parts = [
        _checked_part(f"{name}: {part}", images, labels, len(classes))
        for part, (images, labels) in (("training", train), ("test", test))
    ]
    shapes = [tuple(images.shape[1:]) for images, _ in parts]
    if shapes[0] != shapes[1]:
        raise ValueError(f"{name}: training images are {shapes[0]}, test images {shapes[1]}")
    statistics = channel_statistics(parts[0][0])
    return ImageSet(name, *parts[0], *parts[1], classes, statistics.mean, statistics.deviation)


def _checked_part(title: str, images: Any, labels: Any, classes: int) -> tuple[Tensor, Tensor]:
    given = tensor_checks.tensor(**{f"{title} images": images})
    if given.dtype != torch.uint8:
        raise TypeError(f"{title} images must be bytes (uint8, 0 to 255), got {given.dtype}")
    shape = tuple(given.shape)
    if given.ndim != 4:
        asked = "(count, channel, height, width), one channel where they are grey"
        raise ValueError(f"{title} images must have shape {asked}, got {shape}")
    if shape[1] > MOST_COLOURS >= shape[3]:
        told = f"{shape}: channels come last there, permute(0, 3, 1, 2) brings them forward"
        raise ValueError(f"{title} images must be (count, channel, height, width), got {told}")
    if len(given) != len(labels):
        raise ValueError(f"{title}: {len(given)} images but {len(labels)} labels")
    return given, tensor_checks.class_labels(labels, classes=classes, name=f"{title} labels")


@checked
def subset(
    image_set: ImageSet, per_class: int | Sequence[int], *, generator: torch.Generator
) -> ImageSet:
    """Return the set with ``per_class`` training images of each class, drawn without replacement.

    ``per_class`` is one number or one for each class. The images keep the order of the full set,
    the test part is untouched, and ``mean`` and ``deviation`` are measured again, so that they
    remain those of the training images. Drawn on the generator's device; synchronises with the
    host. From generators in one state, a smaller number gives some of the images of a larger one.

    Raises
    ------
    ValueError
        If a number is below 1, a class holds fewer images, or there is not one for each class.
    """
    classes = len(image_set.classes)
    counts = [per_class] * classes if isinstance(per_class, int) else list(per_class)
    if len(counts) != classes:
        raise ValueError(f"per_class must name {classes} numbers of images, got {len(counts)}")
    checks.at_least(1, per_class=counts)
    index = _drawn_from_each_class(image_set, counts, generator)
    images = image_set.train_images[index]
    statistics = channel_statistics(images)
    return replace(
        image_set,
        train_images=images,
        train_labels=image_set.train_labels[index],
        mean=statistics.mean,
        deviation=statistics.deviation,
    )


def _drawn_from_each_class(
    image_set: ImageSet, counts: Sequence[int], generator: torch.Generator
) -> Tensor:
    """Return the ascending positions of ``counts[k]`` training images of each class k."""
    labels = image_set.train_labels.to(generator.device)
    chosen = []
    for label, (title, count) in enumerate(zip(image_set.classes, counts, strict=True)):
        members = (labels == label).nonzero().squeeze(1)
        if len(members) < count:
            raise ValueError(
                f"per_class is {count}, but class {title!r} of {image_set.name} "
                f"has {len(members)} training images"
            )
        # The whole permutation, so that fewer images are the first of more.
        order = torch.randperm(len(members), generator=generator, device=generator.device)
        chosen.append(members[order[:count]])
    return torch.cat(chosen).sort().values.to(image_set.train_labels.device)


@checked
def normalise(
    images: RawImages,
    statistics: ImageSet | ChannelStatistics,
    *,
    dtype: torch.dtype = torch.float32,
) -> Images:
    """Return (x / 255 - mean) / deviation for each channel, as new tensors of ``dtype``.

    The arithmetic runs in float32 for half-precision ``dtype`` and is rounded once at the end.
    Stays on the images' device and causes no host synchronisation.

    Raises
    ------
    ValueError
        If ``dtype`` is not a floating type, the number of channels differs from that of the
        statistics, or a channel is constant (deviation 0).
    TypeError
        If the images are not bytes: pixels in [0, 1] are for :func:`normalise_pixels`.

    Examples
    --------
    >>> from runtheory.data import load, normalise
    >>> digits = load("digits")
    >>> inputs = normalise(digits.train_images, digits)
    >>> round(inputs.mean().item(), 3), round(inputs.std().item(), 3)
    (0.0, 1.0)
    """
    if not dtype.is_floating_point:
        raise ValueError(f"dtype must be a floating type, got {dtype}")
    _check_statistics(images, statistics)
    working = torch.float64 if dtype == torch.float64 else torch.float32
    mean = _per_channel(statistics.mean, images.device, working)
    deviation = _per_channel(statistics.deviation, images.device, working)
    return ((images.to(working) - 255 * mean) / (255 * deviation)).to(dtype)


@checked
def normalise_pixels(pixels: Images, statistics: ImageSet | ChannelStatistics) -> Images:
    """Return (x - mean) / deviation for each channel of pixels that are floats in [0, 1] already.

    What acts on pixels, say an attack, and not on bytes needs this form; its last bits are not
    those of :func:`normalise`. Keeps the dtype and the device of ``pixels``, whose values are not
    looked at. Raises as :func:`normalise`, ``TypeError`` for bytes.
    """
    _check_statistics(pixels, statistics)
    mean = _per_channel(statistics.mean, pixels.device, pixels.dtype)
    deviation = _per_channel(statistics.deviation, pixels.device, pixels.dtype)
    return (pixels - mean) / deviation  # (batch, channel, height, width)


def _check_statistics(images: Tensor, statistics: ImageSet | ChannelStatistics) -> None:
    if images.shape[1] != len(statistics.mean):
        raise ValueError(
            f"statistics of {len(statistics.mean)} channels cannot normalise "
            f"images of {images.shape[1]} channels"
        )
    if not all(deviation > 0 for deviation in statistics.deviation):  # NaN is not
        raise ValueError(f"every channel needs a positive deviation, got {statistics.deviation}")


def _per_channel(values: tuple[float, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    # Filled on the device: a tensor made from a Python list would be copied over and wait for it.
    filled = [torch.full((1, 1, 1), value, device=device, dtype=dtype) for value in values]
    return torch.cat(filled)
