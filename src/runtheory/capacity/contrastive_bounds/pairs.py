r"""Gaussian pairs whose information is known, and what the two losses say of it with true scores.

X and Y are standard normal in ``features`` dimensions, and each coordinate of X has the
correlation $\rho$ with that of Y. The true score is the log density ratio
$\ln r(x, y) = \ln p(x, y) - \ln p(x) - \ln p(y)$; its mean over pairs is the information I. All
numbers are float64 and in nats.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.contrastive_bounds.losses import info_nce, leave_one_out

MOST_TUPLES = 2**16


@checked
def information(features: int, *, correlation: float) -> float:
    r"""Return I = -(d / 2) ln(1 - rho^2).

    Raises
    ------
    ValueError
        If there is no feature, or the correlation lies outside (-1, 1).
    """
    _check(features, correlation)
    return -features / 2 * math.log1p(-(correlation**2))


@checked
def widest_value(features: int, *, correlation: float) -> float:
    r"""Return d rho^2 / (1 - rho^2), the leave-one-out value at two pairs (thm-sandwich).

    It is the information plus the divergence of independent from joint draws. Raises as
    :func:`information`.
    """
    _check(features, correlation)
    return features * correlation**2 / (1 - correlation**2)


@checked
def draw_pairs(
    features: int, *, correlation: float, pairs: int, batches: int, generator: torch.Generator
) -> tuple[Float64[Tensor, "batch pair feature"], Float64[Tensor, "batch pair feature"]]:
    """Draw ``batches`` times ``pairs`` pairs. Raises as :func:`information`, and for counts."""
    _check(features, correlation)
    checks.at_least(1, pairs=pairs, batches=batches)
    shape = 2, batches, pairs, features
    first, rest = torch.randn(
        shape, generator=generator, device=generator.device, dtype=torch.float64
    )
    return first, correlation * first + math.sqrt(1 - correlation**2) * rest


@checked
def true_scores(
    first: Float[Tensor, "*batch anchor feature"],
    second: Float[Tensor, "*batch candidate feature"],
    *,
    correlation: float,
) -> Float64[Tensor, "*batch anchor candidate"]:
    """Return ln r of every first with every second.

    Raises
    ------
    ValueError
        If the correlation lies outside (-1, 1), or a number is not finite.
    """
    _check(first.shape[-1], correlation)
    tensor_checks.finite(first=first, second=second)
    x, y = first.double(), second.double()
    rest = 1 - correlation**2
    lengths = x.square().sum(-1)[..., :, None] + y.square().sum(-1)[..., None, :]
    inner = correlation * x @ y.mT - correlation**2 / 2 * lengths
    return inner / rest - x.shape[-1] / 2 * math.log(rest)


@checked
def info_nce_value(scores: Float64[Tensor, "*batch anchor candidate"]) -> Float64[Tensor, "*batch"]:
    """Return ln N less the mean InfoNCE loss of each batch: on average at most I, never above ln N.

    Raises as :func:`~runtheory.capacity.contrastive_bounds.losses.info_nce`.
    """
    return math.log(scores.shape[-1]) - info_nce(scores).mean(-1)


@checked
def leave_one_out_value(
    scores: Float64[Tensor, "*batch anchor candidate"],
) -> Float64[Tensor, "*batch"]:
    """Return ln(N - 1) less the mean leave-one-out loss of each batch.

    On average at least I if the scores are the true ones; with other scores it bounds nothing.
    Raises as :func:`~runtheory.capacity.contrastive_bounds.losses.leave_one_out`.
    """
    losses = leave_one_out(scores)
    return math.log(scores.shape[-1] - 1) - losses.mean(-1)


@checked
def diagonal_blocks(
    scores: Float[Tensor, "*batch anchor candidate"], *, pairs: int
) -> Float[Tensor, "*batch block pair pair"]:
    """Return the smaller batches of ``pairs`` pairs each that a square of scores holds.

    Raises
    ------
    ValueError
        If the scores are not square, or ``pairs`` does not divide their number.
    """
    size = scores.shape[-1]
    checks.at_least(1, pairs=pairs)
    if scores.shape[-2] != size or size % pairs:
        raise ValueError(f"pairs must divide a square of scores, got {pairs} and {size}")
    grid = scores.unflatten(-1, (-1, pairs)).unflatten(-3, (-1, pairs))
    return grid.diagonal(dim1=-4, dim2=-2).movedim(-1, -3)


@checked
def exact_values(joint: Float64[Tensor, "first second"], *, pairs: int) -> tuple[float, float]:
    """Return both values with true scores, InfoNCE's first, for pairs of symbols, exactly.

    All tuples of the other candidates are summed (thm-sandwich).

    Raises
    ------
    ValueError
        If ``joint`` is no distribution with positive entries, there are fewer than two pairs, or
        more than 2^16 tuples.
    """
    tensor_checks.finite(joint=joint)
    checks.positive(joint=joint.cpu().numpy())
    if abs(float(joint.sum()) - 1) > 1e-9:
        raise ValueError(f"chances must sum to one, got {float(joint.sum())}")
    checks.at_least(2, pairs=pairs)
    checks.in_interval(1, MOST_TUPLES, tuples=joint.shape[1] ** (pairs - 1))
    columns = joint.sum(0)
    ratio = joint / joint.sum(1, keepdim=True) / columns  # (first, second)
    symbols = torch.arange(joint.shape[1], device=joint.device)
    others = torch.cartesian_prod(*[symbols] * (pairs - 1)).reshape(-1, pairs - 1)
    chances = joint[:, :, None] * columns[others].prod(1)  # (first, second, tuple)
    rest = ratio[:, others].sum(-1)[:, None]  # (first, 1, tuple)
    own = ratio[:, :, None]
    kept = (own / ((own + rest) / pairs)).log()
    left_out = (own / (rest / (pairs - 1))).log()
    return float((chances * kept).sum()), float((chances * left_out).sum())


def _check(features: int, correlation: float) -> None:
    checks.at_least(1, features=features)
    checks.in_interval(-1, 1, ends="()", correlation=correlation)
