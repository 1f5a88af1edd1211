"""Expected losses and distribution functions of a logit under masks and under normal factors.

A logit is sum_j a_j xi_j with the ``contributions`` a_j; everything is in float64, losses in nats.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from scipy.stats import binom
from torch import Tensor

from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate
from runtheory.dropout.oracle import all_masks
from runtheory.noise.gaussian_dropout.moments import mask_moments

NODES, REACH = 8001, 10.0
ROUNDING = 1e-12  # sums that differ by less, relative to the largest, are one atom


@checked
def normal_expectation(
    function: Callable[[Tensor], Tensor],
    mean: Float[Tensor, "*case"],
    deviation: Float[Tensor, "*case"],
) -> Float[Tensor, "*case"]:
    """Return E function(mean + deviation N(0, 1)), float64.

    The trapezoidal rule on 8001 nodes, exact to rounding for a logistic loss of deviation
    200 at most.
    """
    nodes = torch.linspace(-REACH, REACH, NODES, dtype=torch.float64, device=mean.device)
    probability = torch.exp(-nodes.square() / 2)
    values = function(mean.double()[..., None] + deviation.double()[..., None] * nodes)
    return values @ (probability / probability.sum())


@checked
def sum_distribution(
    contributions: Float[Tensor, " feature"], *, rate: float
) -> tuple[Float[Tensor, " atom"], Float[Tensor, " atom"]]:
    """Return the values and probabilities of sum_j a_j xi_j, for the ``contributions`` a, float64.

    Equal contributions are summed by the binomial distribution, in any number; others by listing
    all masks, which raises ``ValueError`` for more than 12.
    """
    check_rate(rate)
    parts = contributions.double()
    count = len(parts)
    if bool((parts == parts[:1]).all()):
        kept = torch.arange(count + 1, dtype=torch.float64)
        weights = torch.from_numpy(binom.pmf(kept.numpy(), count, 1 - rate)).to(parts.device)
        return parts[:1].sum() / (1 - rate) * kept.to(parts.device), weights
    masks, weights = (part.to(parts.device) for part in all_masks(count, rate=rate))
    return masks.double() @ parts / (1 - rate), weights


@checked
def logistic_loss(difference: Float[Tensor, "*case"]) -> Float[Tensor, "*case"]:
    """Return log(1 + e^-d), the cross entropy of two classes whose logits differ by d."""
    return torch.nn.functional.softplus(-difference, threshold=700)


@checked
def logistic_loss_third(difference: Float[Tensor, "*case"]) -> Float[Tensor, "*case"]:
    """Return the third derivative of ``logistic_loss``: s (1 - s) (1 - 2 s), s = 1 / (1 + e^-d)."""
    right = torch.special.expit(difference)
    return right * (1 - right) * (1 - 2 * right)


@checked
def loss_difference(
    contributions: Float[Tensor, " feature"], *, rate: float, bias: float = 0.0
) -> float:
    """Return the expected ``logistic_loss`` under masks less that under normal factors, exactly.

    The logit is ``bias`` + sum_j a_j xi_j. Raises as ``sum_distribution``.
    """
    values, weights = sum_distribution(contributions, rate=rate)
    parts = contributions.double()
    deviation = (mask_moments(rate).variance * parts.square().sum()).sqrt()
    normal = normal_expectation(logistic_loss, (parts.sum() + bias)[None], deviation[None])
    return float(weights @ logistic_loss(values + bias) - normal[0])


@checked
def third_order_term(
    contributions: Float[Tensor, " feature"], *, rate: float, bias: float = 0.0
) -> float:
    """Return the leading term of ``loss_difference``.

    third / 6 sum_j a_j^3 E loss'''(s_j), where s_j has masks before feature j, a_j itself, and
    normal factors behind it (thm-gaussian-next-order). At most 13 contributions, unless equal.
    """
    parts = contributions.double()
    moments = mask_moments(rate)
    total = 0.0
    for j, own in enumerate(parts):
        before, rest = parts[:j], parts[j + 1 :]  # masks, and normal factors
        values, weights = sum_distribution(before, rate=rate)
        deviation = (moments.variance * rest.square().sum()).sqrt().expand(len(values))
        expected = normal_expectation(
            logistic_loss_third, bias + values + own + rest.sum(), deviation
        )
        total += float(own**3 * (weights @ expected))
    return moments.third / 6 * total


@checked
def remainder_bound(ranges: Float[Tensor, " feature"], *, rate: float) -> float:
    """Return (fourth + 3 variance^2) / 192 sum_j r_j^4, the rest after ``third_order_term``.

    ``ranges`` are |h_j| (max_k W_kj - min_k W_kj); for two classes |a_j| (thm-gaussian-next-order).
    """
    moments = mask_moments(rate)
    return (moments.fourth + 3 * moments.variance**2) / 192 * float(ranges.double().pow(4).sum())


@checked
def lyapunov_ratio(contributions: Float[Tensor, " feature"], *, rate: float) -> float:
    """Return sum_j E|a_j (xi_j - 1)|^3 over the 3/2 power of the variance of the sum.

    The distance of distribution functions is at most 0.5606 times this [tyurin2009new]. Raises
    ``ValueError`` where the sum is constant.
    """
    moments, parts = mask_moments(rate), contributions.double().abs()
    variance = moments.variance * float(parts.square().sum())
    if variance == 0:
        raise ValueError("the sum is constant: no rate, or no contribution")
    return moments.absolute * float(parts.pow(3).sum()) / variance**1.5


@checked
def distance_to_normal(contributions: Float[Tensor, " feature"], *, rate: float) -> float:
    """Return sup_t |P(sum_j a_j xi_j <= t) - P(normal <= t)| for the normal of equal moments.

    Taken at the atoms of the sum, from both sides. Raises as ``sum_distribution``, and
    ``ValueError`` where the sum is constant.
    """
    values, weights = sum_distribution(contributions, rate=rate)
    values, order = values.sort()
    mean = float(contributions.double().sum())
    variance = mask_moments(rate).variance * float(contributions.double().square().sum())
    if variance == 0:
        raise ValueError("the sum is constant: no rate, or no contribution")
    normal = torch.special.ndtr((values - mean) / math.sqrt(variance))  # at the atoms
    cumulative = weights[order].cumsum(0)
    # Sums equal but for rounding are one atom: its last entry is the top of the step.
    top = torch.cat([values.diff() > ROUNDING * values.abs().max(), values.new_ones(1).bool()])
    above = (cumulative - normal)[top]
    bottom = torch.cat([cumulative.new_zeros(1), cumulative[top][:-1]])
    return float(torch.maximum(above.abs(), (bottom - normal[top]).abs()).max())
