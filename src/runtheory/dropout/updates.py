"""What less gradient noise is worth in updates, where it can be said exactly (thm-fewer-updates).

For an objective with a constant Hessian. A batch's gradient has the covariance
(data + mask / samples) / batch of the variance law. After [mccandlish2018empirical], who speak of
batches: the number of masks enters in the same place.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.laws import variance
from runtheory.dropout.masks import check_samples, draw_masks
from runtheory.shapes import Scalar

Matrix = Float[Tensor, "parameter parameter"]


@checked
def noise_scale(
    hessian: Matrix, gradient: Float[Tensor, " parameter"], covariance: Matrix
) -> Scalar:
    """Return tr(A C) / (G^T A G), the batch size at which noise and gradient weigh the same.

    ``covariance`` is that of one example's gradient, or a part of it: the scales of data and masks
    add up as data + mask / samples. Infinite where the gradient vanishes.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    tensor_checks.finite(hessian=hessian, gradient=gradient, covariance=covariance)
    along = gradient.double() @ hessian.double() @ gradient.double()
    return (hessian.double() * covariance.double()).sum() / along


@checked
def best_decrease(
    hessian: Matrix,
    gradient: Float[Tensor, " parameter"],
    *,
    data: Matrix,
    mask: Matrix,
    batch: int,
    samples: int,
) -> Scalar:
    """Return how far one update lowers a quadratic objective in expectation, at the best step size.

    It is |G|^4 / (2 G^T A G) / (1 + (N_data + N_mask / samples) / batch), with the two noise
    scales N of ``noise_scale``: what descent without noise would gain, divided.

    Raises
    ------
    ValueError
        If a number is not finite or a count is below 1.
    """
    checks.at_least(1, batch=batch)
    check_samples(samples)
    scales = [noise_scale(hessian, gradient, covariance) for covariance in (data, mask)]
    g = gradient.double()
    without_noise = (g @ g) ** 2 / (2 * g @ hessian.double() @ g)
    return without_noise / (1 + (scales[0] + scales[1] / samples) / batch)


@checked
def squared_distance(
    start: float,
    data_variance: float,
    mask_variance: float,
    *,
    batch: int,
    samples: int,
    updates: int | float,
) -> float:
    """Return E|w - w*|^2 after ``updates`` of the best size, for the Hessian I and constant noise.

    1 / distance grows by 1 / v with each update, v = (data + mask / samples) / batch, so the
    updates that a target needs are proportional to v. With the Hessian beta I, divide the
    variances by beta^2. ``start`` is the squared distance before the first update.

    Raises
    ------
    ValueError
        If ``start`` is not positive, a variance is negative or both are zero, ``updates`` is
        negative or a count is below 1.

    Examples
    --------
    >>> from runtheory.dropout import squared_distance
    >>> law = {"data_variance": 1.0, "mask_variance": 3.0, "batch": 1}
    >>> squared_distance(4.0, **law, samples=1, updates=15)
    0.25
    >>> squared_distance(4.0, **law, samples=4, updates=15 * 7 / 16)
    0.25
    """
    checks.positive_finite(start=start)
    checks.not_negative(updates=updates)
    noise = variance(data_variance, mask_variance, batch=batch, samples=samples)
    checks.positive(noise=noise)
    return 1 / (1 / start + updates / noise)


@checked
def descend_to_mean(
    points: Float[Tensor, "example feature"],
    *,
    rate: float,
    batch: int,
    samples: int,
    updates: int,
    runs: int,
    generator: torch.Generator,
) -> Float64[Tensor, " run"]:
    """Descend from zero to the mean of ``points`` under dropout; return each run's |w - w*|^2.

    The loss of an example x is 1/2 |w - xi * x|^2, a mean estimated from masked examples. Its
    Hessian is I, and its noise is the same everywhere, V_data the variance of the points and V_mask
    rate / (1 - rate) their mean squared norm. Each update takes the best size for the distance that
    ``squared_distance`` expects. Examples are drawn with replacement, each with masks of its own.

    Raises
    ------
    ValueError
        If a number is not finite, a count is below 1, the mean is zero or ``rate`` lies outside
        [0, 1).
    """
    tensor_checks.finite(points=points)
    checks.at_least(1, batch=batch, updates=updates, runs=runs)
    known = points.double()
    mean = known.mean(0)
    data = float((known - mean).square().sum(1).mean())
    mask = rate / (1 - rate) * float(known.square().sum(1).mean())
    noise = variance(data, mask, batch=batch, samples=samples)
    expected = start = float(mean.square().sum())
    weights = known.new_zeros(runs, known.shape[1])
    for done in range(1, updates + 1):
        rows = torch.randint(len(known), (runs * batch,), generator=generator)
        shape = (runs * batch, known.shape[1])
        masks = draw_masks(samples, shape, rate=rate, generator=generator).double().mean(0)
        seen = (masks / (1 - rate) * known[rows]).reshape(runs, batch, -1).mean(1)
        weights = weights + expected / (expected + noise) * (seen - weights)
        expected = squared_distance(start, data, mask, batch=batch, samples=samples, updates=done)
    return (weights - mean).square().sum(1)
