"""What dropout with visible zeros leaves of the divergence of two normal laws (nats, float64)."""

from __future__ import annotations

from itertools import product

import torch
from jaxtyping import Bool, Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.measures.divergences import Gaussian, gaussian_kl

MOST_COORDINATES = 12


@checked
def masked_shares(
    first: Gaussian, second: Gaussian, masks: Bool[Tensor, "mask feature"]
) -> Float64[Tensor, "mask"]:
    """Return D(P || Q) of the coordinates where a mask is true, over D of all, for each mask.

    The mean over masks as dropout draws them is the share of the divergence that is left: a mask
    that is seen has the same law under both, so the divergences of what it keeps are averaged.

    Raises
    ------
    ValueError
        If the laws live in different dimensions, or are equal, or there is no mask of that
        dimension.
    """
    if len(masks) == 0 or masks.shape[1] != len(first.mean):
        raise ValueError(
            f"masks must be at least one, of {len(first.mean)} coordinates, "
            f"got shape {tuple(masks.shape)}"
        )
    before = gaussian_kl(first, second)
    checks.positive(divergence=float(before))
    nothing = before.new_zeros(())
    after = [
        gaussian_kl(_marginal(first, mask), _marginal(second, mask)) if mask.any() else nothing
        for mask in masks
    ]
    return torch.stack(after) / before


@checked
def dropout_share(first: Gaussian, second: Gaussian, *, rate: float) -> float:
    """Return the share of D(P || Q) that dropout leaves, summed over all 2^d masks.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1], there are more than 12 coordinates, or as
        :func:`masked_shares`.
    """
    checks.in_interval(0, 1, rate=rate)
    width = len(first.mean)
    if width > MOST_COORDINATES:
        raise ValueError(f"there must be at most {MOST_COORDINATES} coordinates, got {width}")
    masks = torch.tensor(list(product((False, True), repeat=width)))
    kept = masks.sum(1).double()
    chance = (1 - rate) ** kept * rate ** (width - kept)
    return float(chance @ masked_shares(first, second, masks))


def _marginal(law: Gaussian, mask: Bool[Tensor, "feature"]) -> Gaussian:
    return Gaussian(law.mean[mask], law.covariance[mask][:, mask])
