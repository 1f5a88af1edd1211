"""How much dropout contracts the divergence between two classes of features.

Classes are described by their means and one covariance, that is as
Gaussians N(mean_k, S), seen through a little noise: D = (1/2) d' (S + s^2 I)^-1 d, d the difference
of two means. Dropout with a visible mask keeps the coordinates of a random set A, and leaves the
mean over A of the same expression on A. In nats.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked


@dataclass(frozen=True)
class DivergenceKept:
    """For pairs of classes (first < second): D before dropout, and the share that is left."""

    before: Float64[Tensor, "pair"]
    share: Float64[Tensor, "pair"]


@checked
def divergence_kept(
    means: Float[Tensor, "class feature"],
    covariance: Float[Tensor, "feature feature"],
    masks: Bool[Tensor, "sample feature"],
    *,
    noise: float = 0.01,
) -> DivergenceKept:
    """Return D(N(m_j, S) || N(m_k, S)) and the share of it that dropout leaves, for all pairs.

    The share is the mean over ``masks``, True for kept; the scale 1 / (1 - rate) of inverted
    dropout changes no divergence. ``noise`` is s^2 as a share of the mean variance of a coordinate:
    without it a direction in which the features do not vary at all would outweigh all others.

    Raises
    ------
    ValueError
        If the shapes do not fit, a number is not finite, or ``noise`` is not positive.
    """
    width = means.shape[1]
    if covariance.shape != (width, width) or masks.shape[1:] != (width,):
        raise ValueError(
            f"means {tuple(means.shape)} need a covariance ({width}, {width}) and masks "
            f"(sample, {width}), got {tuple(covariance.shape)} and {tuple(masks.shape)}"
        )
    checks.positive_finite(noise=noise)
    tensor_checks.finite(means=means, covariance=covariance)
    checks.at_least(1, masks=len(masks))
    wide = covariance.to(torch.float64)
    added = noise * wide.diagonal().mean()
    wide = wide + added * torch.eye(width, dtype=wide.dtype, device=wide.device)
    first, second = torch.triu_indices(len(means), len(means), offset=1, device=means.device)
    gaps = (means[first] - means[second]).to(torch.float64)  # (pair, feature)
    whole = _divergences(gaps, wide)
    # The block is cut out of the covariance before it is inverted.
    left = [_divergences(gaps[:, mask], wide[mask][:, mask]) for mask in masks]
    return DivergenceKept(before=whole, share=torch.stack(left).mean(0) / whole)


def _divergences(gaps: Tensor, covariance: Tensor) -> Tensor:
    factor = torch.linalg.cholesky(covariance)
    scaled = torch.linalg.solve_triangular(factor, gaps.T, upper=False)
    return scaled.square().sum(0) / 2
