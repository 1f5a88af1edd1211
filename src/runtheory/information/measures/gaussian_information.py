"""Mutual information of jointly normal vectors, from matrices and from samples (nats)."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float64
from scipy.special import digamma
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.measures.divergences import Gaussian, gaussian_kl

Rows = Float64[Tensor, "batch sample feature"]


@checked
def mean_information(
    layer: Float64[Tensor, "feature input"],
    weights: Float64[Tensor, "weight input"],
    *,
    samples: int,
) -> float:
    """Return I(B A_i; M (A_1 + ... + A_n) / n) for independent A_i ~ N(mu, I), n = ``samples``.

    B is ``layer``, M ``weights``. It is the divergence of the joint normal law from the one without
    the cross terms: no formula for the information itself is used. Rows of either matrix must be
    linearly independent.

    Raises
    ------
    ValueError
        If ``samples`` is below 2 (the information is infinite), or a covariance is singular.
    """
    checks.at_least(2, samples=samples)
    cross = layer @ weights.T / samples
    own, other = layer @ layer.T, weights @ weights.T / samples
    together, apart = (_joint(own, part, other) for part in (cross, torch.zeros_like(cross)))
    return gaussian_kl(together, apart).item()


def _joint(own: Tensor, cross: Tensor, other: Tensor) -> Gaussian:
    square = torch.cat([torch.cat([own, cross], 1), torch.cat([cross.T, other], 1)])
    # Rounding leaves products such as B B^T not quite symmetric.
    return Gaussian(square.new_zeros(len(square)), (square + square.T) / 2)


@checked
def normal_information(
    first: Rows, second: Float64[Tensor, "batch sample other"]
) -> Float64[Tensor, "batch"]:
    """Return an unbiased estimate of I(X; Y) of jointly normal X, Y for each batch of samples.

    Half the sum of the two log-determinants of sample covariances less that of both together, each
    corrected as in :func:`log_determinant`. It may be negative.

    Raises
    ------
    ValueError
        If a batch has no more samples than both have features.
    """
    both = log_determinant(torch.cat([first, second], 2))
    return (log_determinant(first) + log_determinant(second) - both) / 2


@checked
def log_determinant(rows: Rows) -> Float64[Tensor, "batch"]:
    """Return an unbiased estimate of log det of the covariance of normal rows, for each batch.

    A sample covariance with k degrees of freedom in p dimensions has
    E log det = log det Sigma + sum_{j < p} (psi((k - j) / 2) + log(2 / k)), which is taken off.

    Raises
    ------
    ValueError
        If a batch has no more samples than features.
    """
    freedom, width = rows.shape[1] - 1, rows.shape[2]
    if freedom < width:
        raise ValueError(f"there must be more samples than features, got {freedom + 1} and {width}")
    centred = rows - rows.mean(1, keepdim=True)
    plain = torch.linalg.slogdet(centred.mT @ centred / freedom).logabsdet  # (batch,)
    steps = freedom - np.arange(width)
    return plain - float((digamma(steps / 2) + math.log(2 / freedom)).sum())
