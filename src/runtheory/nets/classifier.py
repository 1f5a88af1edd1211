"""A classifier has two parts, so that a technique can act on the features between them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from runtheory.boundary import checked
from runtheory.shapes import Features, Logits


@dataclass(frozen=True)
class Activations:
    """What a network makes of images; ``hidden`` holds each ReLU that stands in the body itself."""

    hidden: tuple[Float[Tensor, "batch ..."], ...]
    features: Features
    logits: Logits


class Classifier(nn.Module):
    """A network ``head(body(images))`` whose two parts may be called on their own.

    ``body`` maps images to a flat feature vector for each example, ``head`` maps features to
    logits. Dropout heads, collapse metrics and the like work on the features; they call
    :meth:`features` once and apply ``head`` as often as they need. All chapters use it.
    """

    def __init__(self, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.head = head

    def features(self, images: Float[Tensor, "batch ..."]) -> Features:
        """Return the input of the head, one flat vector for each example."""
        features: Tensor = self.body(images)
        return features

    def forward(self, images: Float[Tensor, "batch ..."]) -> Logits:
        """Return the logits, one row for each example."""
        logits: Tensor = self.head(self.features(images))
        return logits

    def activations(self, images: Float[Tensor, "batch ..."]) -> Activations:
        """Return the hidden layers, features and logits of one pass."""
        hidden, values = [], images
        for module in self.body.children():
            values = module(values)
            if isinstance(module, nn.ReLU):  # those inside a block are not seen
                hidden.append(values)
        return Activations(tuple(hidden), values, self.head(values))

    def maps(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch feature rows columns"]:
        """Return the last feature maps, before a global average (if any) and the flattening.

        Raises
        ------
        TypeError
            If the body does not end in a flattening of maps.
        """
        modules = list(self.body.children())
        if len(modules) < 2 or not isinstance(modules.pop(), nn.Flatten):
            raise TypeError(f"maps need a body that ends in a flattening of them, got {self.body}")
        if isinstance(modules[-1], nn.AdaptiveAvgPool2d):
            modules.pop()  # the average, so that the maps keep their places
        maps: Tensor = nn.Sequential(*modules)(images)
        return maps

    @property
    def linear(self) -> nn.Linear:
        """The linear map that is the whole head: its rows are the classifier of each class.

        Raises
        ------
        TypeError
            If the head is anything else.
        """
        modules = list(self.head.children())
        if len(modules) == 1 and isinstance(modules[0], nn.Linear):
            return modules[0]
        raise TypeError(f"this needs a classifier with a linear head, got {self.head}")


@checked
def as_classifier(net: nn.Module) -> Classifier:
    """Return ``net`` if it is a :class:`Classifier`, whose features can be told from its head.

    Raises
    ------
    TypeError
        If it is another module.
    """
    if not isinstance(net, Classifier):
        raise TypeError(f"this is measured on a Classifier, got {type(net).__name__}")
    return net


@checked
def feature_count(body: nn.Module, shape: tuple[int, ...]) -> int:
    """Return the width of the body's output for one example of ``shape``; nothing is computed.

    The body must live on the meta device, where only shapes are propagated.

    Raises
    ------
    ValueError
        If ``shape`` is empty or the body does not end in one flat vector for each example.
    """
    if not shape:
        raise ValueError("shape must have an axis, got ()")
    features = body(torch.empty((2, *shape), device="meta"))  # two: one could be flattened away
    if features.ndim != 2:
        raise ValueError(f"a body must return (batch, feature), got shape {tuple(features.shape)}")
    return int(features.shape[1])
