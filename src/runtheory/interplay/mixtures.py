"""Where features of mixed images lie: the plane of two rows, the path between two classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory.shapes import Features, Labels


def plane_share(
    features: Features,
    classifier: Float[Tensor, "class feature"],
    *,
    first: Labels,
    second: Labels,
    centre: Float[Tensor, "feature"],
) -> Float64[Tensor, "batch"]:
    """Return the share of |h - centre|^2 in the plane of the rows of the two mixed classes.

    Rows are centred first. In the model with free features it is one. A vector in a random
    direction has 2 / width on average.

    Raises
    ------
    ValueError
        If an image is mixed from one class alone: its plane is a line.
    """
    if bool((first == second).any()):
        raise ValueError("a plane needs two different classes, got an image of one class alone")
    rows = classifier.to(torch.float64)
    rows = rows - rows.mean(0)
    span = torch.stack((rows[first], rows[second]), dim=2)  # (image, feature, two)
    basis, _ = torch.linalg.qr(span)  # orthonormal columns of the plane, one plane an image
    offset = features.to(torch.float64) - centre.to(torch.float64)
    inside = (basis.mT @ offset[:, :, None]).square().sum((1, 2))
    return inside / offset.square().sum(1)


@dataclass(frozen=True)
class PathPoint:
    """Mixtures of one share, averaged: two coordinates of the logits, one probability.

    ``along`` is z_first - z_second, ``across`` the mean of these two less the mean of the other
    logits, ``probability`` the softmax probability of the first class.
    """

    along: float
    across: float
    probability: float


def path_point(
    logits: Float[Tensor, "batch class"], first: Int64[Tensor, "batch"], second: Labels
) -> PathPoint:
    """Return the coordinates of logits of images mixed from the classes ``first`` and ``second``.

    Raises
    ------
    ValueError
        If there are fewer than three classes.
    """
    classes = logits.shape[1]
    if classes < 3:
        raise ValueError(f"a path across needs three classes at least, got {classes}")
    wide = logits.to(torch.float64)
    own, other = (wide.gather(1, label[:, None]).squeeze(1) for label in (first, second))
    rest = (wide.sum(1) - own - other) / (classes - 2)
    share = wide.softmax(1).gather(1, first[:, None])
    return PathPoint(
        along=float((own - other).mean()),
        across=float(((own + other) / 2 - rest).mean()),
        probability=float(share.mean()),
    )
