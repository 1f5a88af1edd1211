"""A classifier in two parts, so that a technique can act on the features between them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from runtheory.shapes import Features, Logits


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


def feature_count(body: nn.Module, shape: tuple[int, ...]) -> int:
    """Return the width of the body's output for one example of ``shape``; nothing is computed.

    The body must live on the meta device, where only shapes are propagated.

    Raises
    ------
    ValueError
        If the body does not end in one flat vector for each example.
    """
    features = body(torch.empty((2, *shape), device="meta"))
    if features.ndim != 2:
        raise ValueError(f"a body must return (batch, feature), got shape {tuple(features.shape)}")
    return int(features.shape[1])
