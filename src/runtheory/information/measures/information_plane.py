"""What a histogram of a layer says of inputs and labels: the information plane (nats)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory.information.measures.mutual_information import binned_entropy


@dataclass(frozen=True)
class PlanePoint:
    """The entropy of the cells, which is I(X; cells), and their information about the label."""

    entropy: float
    label_information: float


def plane_point(
    features: Float[Tensor, "sample feature"],
    labels: Int64[Tensor, "sample"],
    bins: int,
    *,
    low: float,
    high: float,
) -> PlanePoint:
    """Return H(cells) and H(cells) - H(cells | label) of binned features, as estimated by counts.

    Cells are those of :func:`binned_entropy`. Fine bins make the second the whole entropy of the
    labels, whatever the labels are.

    Raises
    ------
    ValueError
        If a class has fewer than two examples, or as :func:`binned_entropy`.
    """
    every = binned_entropy(features, bins, low=low, high=high).value
    within = 0.0
    for label in labels.unique():
        chosen = features[labels == label]
        share = len(chosen) / len(features)
        within += share * binned_entropy(chosen, bins, low=low, high=high).value
    return PlanePoint(every, every - within)


def cell_codes(
    features: Float[Tensor, "sample feature"], bins: int, *, low: float, high: float
) -> Int64[Tensor, "sample"]:
    """Return the number of the cell of each row, counted over the cells that occur."""
    scaled = (features.to(torch.float64) - low) * (bins / (high - low))
    cells = scaled.floor().clamp(0, bins - 1).to(torch.int64)
    return torch.unique(cells, dim=0, return_inverse=True)[1]
