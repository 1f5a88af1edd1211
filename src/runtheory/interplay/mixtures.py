"""Where features of mixed images lie: the plane of two rows, the path between two classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import Features, Labels


@checked
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
        If an image is mixed from one class alone: its plane is a line. If a label names no row of
        the classifier, or there are not two labels for each image.
    TypeError
        If labels are not integers.
    """
    return plane_parts(features, classifier, first=first, second=second, centre=centre).plane


@dataclass(frozen=True, eq=False)
class PlaneParts:
    """Shares of |h - centre|^2, which sum to one: in the plane, read by other rows, read by none.

    ``plane`` is that of :func:`plane_share`; ``others`` is the share in the span of all centred
    rows but outside the plane, where the logits of the other classes move against their mean;
    ``blind`` the share outside that span, which moves no difference of logits.
    """

    plane: Float64[Tensor, "batch"]
    others: Float64[Tensor, "batch"]
    blind: Float64[Tensor, "batch"]


@checked
def plane_parts(
    features: Features,
    classifier: Float[Tensor, "class feature"],
    *,
    first: Labels,
    second: Labels,
    centre: Float[Tensor, "feature"],
) -> PlaneParts:
    """Return where mixed features lie: in the plane of their rows, in that of others, in none.

    A vector in a random direction has the shares 2, K - 3 and width - K + 1, over the width, on
    average where the K centred rows span K - 1 directions.

    Raises
    ------
    ValueError
        As :func:`plane_share`.
    TypeError
        If labels are not integers.
    """
    classes, batch = len(classifier), len(features)
    first = tensor_checks.class_labels(first, classes=classes, batch=batch, name="first")
    second = tensor_checks.class_labels(second, classes=classes, batch=batch, name="second")
    if features.shape[1:] != centre.shape:
        shapes = f"{tuple(features.shape)} and {tuple(centre.shape)}"
        raise ValueError(f"features and centre must be of one width, got {shapes}")
    if bool((first == second).any()):
        raise ValueError("a plane needs two different classes, got an image of one class alone")
    rows = classifier.to(torch.float64)
    rows = rows - rows.mean(0)
    span = torch.stack((rows[first], rows[second]), dim=2)  # (image, feature, two)
    basis, _ = torch.linalg.qr(span)  # orthonormal columns of the plane, one plane an image
    offset = features.to(torch.float64) - centre.to(torch.float64)
    whole = offset.square().sum(1)
    inside = (basis.mT @ offset[:, :, None]).square().sum((1, 2))
    read = (offset @ torch.linalg.pinv(rows) @ rows).square().sum(1)  # in the span of all rows
    return PlaneParts(inside / whole, (read - inside) / whole, (whole - read) / whole)


@dataclass(frozen=True)
class PathPoint:
    """Mixtures of one share, averaged: two coordinates of the logits, one probability.

    ``along`` is z_first - z_second, ``across`` the mean of these two less the mean of the other
    logits, ``probability`` the softmax probability of the first class.
    """

    along: float
    across: float
    probability: float


@checked
def path_point(
    logits: Float[Tensor, "batch class"], first: Int64[Tensor, "batch"], second: Labels
) -> PathPoint:
    """Return the coordinates of logits of images mixed from the classes ``first`` and ``second``.

    Raises
    ------
    ValueError
        If there are fewer than three classes, or a label names none of them.
    TypeError
        If labels are not integers.
    """
    batch, classes = logits.shape
    if classes < 3:
        raise ValueError(f"a path across needs three classes at least, got {classes}")
    first = tensor_checks.class_labels(first, classes=classes, batch=batch, name="first")
    second = tensor_checks.class_labels(second, classes=classes, batch=batch, name="second")
    wide = logits.to(torch.float64)
    own, other = (wide.gather(1, label[:, None]).squeeze(1) for label in (first, second))
    rest = (wide.sum(1) - own - other) / (classes - 2)
    share = wide.softmax(1).gather(1, first[:, None])
    return PathPoint(
        along=float((own - other).mean()),
        across=float(((own + other) / 2 - rest).mean()),
        probability=float(share.mean()),
    )
