"""What a histogram of a layer says of inputs and labels: the information plane (nats)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.information.measures.mutual_information import bin_numbers, binned_entropy


@dataclass(frozen=True)
class PlanePoint:
    """The entropy of the cells, which is I(X; cells), and their information about the label."""

    entropy: float
    label_information: float


@checked
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


@checked
def cell_codes(
    features: Float[Tensor, "sample feature"], bins: int, *, low: float, high: float
) -> Int64[Tensor, "sample"]:
    """Return the number of the cell of each row, counted over the cells that occur.

    Raises
    ------
    ValueError
        As :func:`binned_entropy`, but that one row is enough.
    """
    cells = bin_numbers(features, bins, low=low, high=high)
    return torch.unique(cells, dim=0, return_inverse=True)[1]


@checked
def soft_plane_point(codes: Int64[Tensor, "input"], chances: Float[Tensor, "input"]) -> PlanePoint:
    """Return H(cells) and I(cells; Y) for equally likely inputs and known chances of label 1.

    Nothing is estimated: the label is never drawn. Fine cells hold I(X; Y), not the entropy of the
    labels.

    Raises
    ------
    ValueError
        If there is not one chance in [0, 1] for each code.
    """
    tensor_checks.unit_range(chances=chances)
    cells, place = torch.unique(codes, return_inverse=True)
    wanted = chances.to(torch.float64)
    law = torch.bincount(place, minlength=len(cells)).to(torch.float64) / len(codes)
    ones = torch.zeros_like(law).index_add(0, place, wanted) / (law * len(codes))
    coins = torch.cat([wanted.mean()[None], ones.clamp(0, 1)])
    entropy = -torch.xlogy(coins, coins) - torch.xlogy(1 - coins, 1 - coins)
    return PlanePoint(float(-torch.xlogy(law, law).sum()), float(entropy[0] - law @ entropy[1:]))
