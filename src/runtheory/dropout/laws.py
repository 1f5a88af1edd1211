r"""Closed forms for the variance of a multi-sample gradient and for its price.

A minibatch gradient averages per-example gradients g(x, xi) over
``batch`` independent examples x and ``samples`` dropout masks xi of each. Split

    g(x, xi) = mean + a(x) + b(xi) + c(x, xi),    E a = E b = E_x c = E_xi c = 0,

with the variances V_a, V_b, V_c of the three parts, which are uncorrelated. The variance of a
vector is the trace of its covariance. Then

- ``data_variance`` is Var_x E_xi g = V_a;
- ``mask_variance`` is E_x Var_xi g = V_b + V_c.

All functions take and return Python floats.
"""

from __future__ import annotations

import math

from runtheory import checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate, check_samples


@checked
def variance(data_variance: float, mask_variance: float, *, batch: int, samples: int) -> float:
    """Return (data_variance + mask_variance / samples) / batch.

    The law of total variance for independent examples with independent masks each. It holds for the
    mean of the losses, whose gradient is linear in the masked gradients, and for examples that do
    not interact (no batch statistics).

    Raises
    ------
    ValueError
        If a variance is negative or a count is below 1.
    """
    _check_variances(data_variance, mask_variance)
    check_samples(samples)
    _check_batch(batch)
    return (data_variance + mask_variance / samples) / batch


@checked
def batch_shared_variance(
    data_variance: float,
    main_variance: float,
    *,
    interaction_variance: float,
    batch: int,
    samples: int,
) -> float:
    """Return V_a / batch + V_b / samples + V_c / (batch samples), for masks shared by the batch.

    ``main_variance`` is V_b = Var_xi E_x g, what a mask does to every example alike;
    ``interaction_variance`` is V_c. Averaged over a grid of independent examples and masks, a(x)
    is averaged ``batch`` times, b(xi) ``samples`` times and c(x, xi) over every cell. Independent
    masks would give (V_a + (V_b + V_c) / samples) / batch: sharing costs
    V_b (1 - 1 / batch) / samples, which more examples do not buy back.

    Raises
    ------
    ValueError
        If a variance is negative or a count is below 1.
    """
    _check_variances(data_variance, main_variance, interaction_variance)
    check_samples(samples)
    _check_batch(batch)
    return (
        data_variance / batch + main_variance / samples + interaction_variance / (batch * samples)
    )


@checked
def speed_up_ceiling(data_variance: float, mask_variance: float) -> float:
    """Return (data_variance + mask_variance) / data_variance, the most that samples can gain.

    It is the factor by which the variance of one mask per example exceeds that of infinitely many,
    hence the factor by which the batch could shrink. Infinite if only masks cause variance.

    Raises
    ------
    ValueError
        If a variance is negative or both are zero.
    """
    _check_variances(data_variance, mask_variance)
    if data_variance + mask_variance == 0:
        raise ValueError("a ratio of variances needs a positive one, got zero for both")
    return 1 + mask_variance / data_variance if data_variance else math.inf


@checked
def updates_share(data_variance: float, mask_variance: float, *, samples: int) -> float:
    """Return (data_variance + mask_variance / samples) / (data_variance + mask_variance).

    The share of the updates of one mask that ``samples`` masks need for the same distance from the
    minimum, where the noise is constant, the Hessian a multiple of the identity and each update of
    the best size (thm-fewer-updates). Never below the inverse of ``speed_up_ceiling``.

    Raises
    ------
    ValueError
        If a variance is negative or both are zero, or ``samples`` < 1.

    Examples
    --------
    >>> from runtheory.dropout import updates_share
    >>> updates_share(1.0, 3.0, samples=4)
    0.4375
    """
    check_samples(samples)
    _check_variances(data_variance, mask_variance)
    whole = data_variance + mask_variance
    if whole == 0:
        raise ValueError("a ratio of variances needs a positive one, got zero for both")
    return (data_variance + mask_variance / samples) / whole


@checked
def variance_at_cost(
    data_variance: float,
    mask_variance: float,
    *,
    body_cost: float,
    head_cost: float,
    samples: int | float,
) -> float:
    """Return (data_variance + mask_variance / samples)(body_cost + samples head_cost).

    The variance of the gradient that a unit of cost buys, when an example costs one pass through
    the body and ``samples`` through the head, and the batch is as large as the cost allows.
    ``samples`` may be fractional here, so that the curve can be drawn.

    Raises
    ------
    ValueError
        If a variance is negative, a cost is not positive or ``samples`` < 1.
    """
    _check_variances(data_variance, mask_variance)
    _check_costs(body_cost, head_cost)
    checks.at_least(1, samples=samples)
    return (data_variance + mask_variance / samples) * (body_cost + samples * head_cost)


@checked
def best_samples(
    data_variance: float, mask_variance: float, *, body_cost: float, head_cost: float
) -> float:
    """Return sqrt(mask_variance / data_variance x body_cost / head_cost), the stationary point.

    It minimises ``variance_at_cost`` over positive real numbers (two-stage sampling,
    [cochran1977sampling]); below 1 it says that one mask is already too many. Infinite if only
    masks cause variance.

    Raises
    ------
    ValueError
        If a variance is negative, both are zero or a cost is not positive.

    Examples
    --------
    >>> from runtheory.dropout import best_samples
    >>> best_samples(1.0, 4.0, body_cost=9.0, head_cost=1.0)
    6.0
    """
    _check_costs(body_cost, head_cost)
    ratio = speed_up_ceiling(data_variance, mask_variance) - 1
    return math.sqrt(ratio * body_cost / head_cost)


@checked
def best_whole_samples(
    data_variance: float, mask_variance: float, *, body_cost: float, head_cost: float
) -> int:
    """Return the whole number of samples, at least 1, that minimises ``variance_at_cost``.

    The curve is convex in the number of samples, so the minimiser is a neighbour of
    ``best_samples``; of two equally good ones the smaller is returned.

    Raises
    ------
    ValueError
        As ``best_samples``, and if the minimiser is infinite.
    """
    best = best_samples(data_variance, mask_variance, body_cost=body_cost, head_cost=head_cost)
    if math.isinf(best):
        raise ValueError("data_variance must be positive for a finite number of samples, got 0.0")
    below = max(1, math.floor(best))

    def price(samples: int) -> float:
        return variance_at_cost(
            data_variance,
            mask_variance,
            body_cost=body_cost,
            head_cost=head_cost,
            samples=samples,
        )

    return min((below, below + 1), key=price)


@checked
def effective_rate(rate: float, samples: int) -> float:
    """Return rate / (rate + samples (1 - rate)), the rate at which one mask is as noisy as a mean.

    The mean of ``samples`` inverted masks has variance rate / ((1 - rate) samples); one mask of the
    returned rate has the same. For a linear head the loss of the mean logits is therefore, to
    second order, ordinary dropout at this lower rate.

    Raises
    ------
    ValueError
        If ``rate`` is outside [0, 1) or ``samples`` < 1.
    """
    check_rate(rate)
    check_samples(samples)
    return rate / (rate + samples * (1 - rate))


def _check_variances(*variances: float) -> None:
    checks.not_negative(variances=variances)


def _check_costs(body_cost: float, head_cost: float) -> None:
    checks.positive(body_cost=body_cost, head_cost=head_cost)


def _check_batch(batch: int) -> None:
    checks.at_least(1, batch=batch)
