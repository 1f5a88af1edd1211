"""How long to train on mixed images: least squares under gradient flow, solved exactly.

A model that could be right may be led past the truth by mixed targets: :func:`mixup_coefficient`
and :func:`cutmix_coefficient` say where one feature ends. :class:`Moments` are those of many
features of real images, and :func:`flow` is what gradient flow has made of them after a time.
After [liu2023overtraining].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.apply import apply
from runtheory.mixing.plans import Plan
from runtheory.mixing.targets import soft_targets
from runtheory.shapes import Images, Labels

Features = Callable[[Tensor], Tensor]
Draw = Callable[..., Plan]


@checked
def mixup_coefficient(pixels: int, *, alpha: float = 1.0, bias: bool = False) -> float:
    """Return the minimiser of Mixup's squared loss where the truth is one, the sum of squares.

    Independent standard normal pixels, f(x) = sum of x_k ** 2 over ``pixels`` of them, targets
    f(x), the model b f(x); with ``bias`` a constant is fitted along. At ``alpha`` = 1 it is
    (10 P + 15) / (7 P + 14) without a bias and 45 / (P + 42) with one.

    Raises
    ------
    ValueError
        If there is no pixel, or ``alpha`` is not positive and finite.
    """
    checks.at_least(1, pixels=pixels)
    checks.positive_finite(alpha=alpha)
    # Means of l (1 - l) and of its square for l ~ Beta(alpha, alpha).
    mixed = alpha / (2 * (2 * alpha + 1))
    square = alpha * (alpha + 1) / (4 * (2 * alpha + 1) * (2 * alpha + 3))
    mean, second = 1 - 2 * mixed, 1 - 4 * mixed + 4 * square  # of r = l^2 + (1 - l)^2
    cubes = 1 - 3 * mixed  # of l^3 + (1 - l)^3
    if bias:
        variance = 2 * pixels * second + pixels**2 * (second - mean**2)
        return 2 * pixels * cubes / variance
    return (2 * pixels * cubes + pixels**2 * mean) / ((2 * pixels + pixels**2) * second)


@checked
def cutmix_coefficient(
    pixels: int, *, exchange: float, mean: float = 1.0, variance: float = 2.0, bias: bool = False
) -> float:
    """Return the minimiser of CutMix's squared loss where the truth is one, a sum over pixels.

    f(x) = sum of psi(x_k), the psi(x_k) independent with one ``mean`` and ``variance``, by default
    those of the square of a standard normal; ``exchange`` = E[s (1 - s)] is all that counts of the
    law of the pasted share s. It is 1 - 2 E[s (1 - s)] v / (v + P m^2), and the same with m = 0
    where a constant is fitted along.

    Raises
    ------
    ValueError
        If there is no pixel, ``exchange`` lies outside [0, 1/4], or the variance is not positive.
    """
    checks.at_least(1, pixels=pixels)
    checks.in_interval(0, 0.25, exchange=exchange)
    checks.positive_finite(variance=variance)
    level = 0.0 if bias else pixels * mean**2
    return 1 - 2 * exchange * variance / (variance + level)


@checked
def crossing_time(coefficient: float, *, rate: float) -> float:
    """Return when b (1 - e^(-a T)) passes one: log(b / (b - 1)) / a, infinite where b <= 1.

    ``coefficient`` is b, ``rate`` the second moment a of the mixed feature.

    Raises
    ------
    ValueError
        If the rate is not positive and finite.
    """
    checks.positive_finite(rate=rate)
    if not coefficient > 1:
        return math.inf
    return math.log(coefficient / (coefficient - 1)) / rate


@checked
def squares_of_mixtures(
    draw: Draw, pixels: tuple[int, int], *, count: int, generator: torch.Generator
) -> tuple[Float64[Tensor, "batch"], Float64[Tensor, "batch"], Float64[Tensor, "batch"]]:
    """Return f of ``count`` mixed images of normal pixels, the mixed targets, and the shares.

    f is the sum of squares over ``pixels``, rows and columns.

    Raises
    ------
    ValueError
        If there is no image or no pixel.
    """
    checks.at_least(1, count=count, pixels=min(pixels))
    images = torch.randn(count, 1, *pixels, dtype=torch.float64, generator=generator)
    values = images.square().sum((1, 2, 3))
    plan = draw(images.shape, generator=generator)
    share, partner = plan.share, plan.partner  # type: ignore[attr-defined]
    mixed = plan.mix_images(images).square().sum((1, 2, 3))
    return mixed, torch.lerp(values, values[partner], share), share


@checked
def random_features(inputs: int, count: int, *, generator: torch.Generator) -> Features:
    """Return a map from images of ``inputs`` pixels to ``count`` random rectified sums and a one.

    The sums have weights of variance 1 / ``inputs`` and shifts of deviation 0.3.

    Raises
    ------
    ValueError
        If there are no inputs or no features.
    """
    checks.at_least(1, inputs=inputs, count=count)
    rows = torch.randn(inputs, count, generator=generator) / inputs**0.5
    shifts = 0.3 * torch.randn(count, generator=generator)

    def features(images: Tensor) -> Tensor:
        sums = (images.flatten(1) @ rows + shifts).relu()
        return torch.cat((sums, torch.ones_like(sums[:, :1])), dim=1)

    return features


@dataclass(frozen=True, eq=False)
class Moments:
    """E[f f'] and E[f t'] of features and targets: all that least squares knows of its examples."""

    gram: Float64[Tensor, "feature feature"]
    cross: Float64[Tensor, "feature class"]


@checked
def mixed_moments(
    features: Features,
    images: Images,
    labels: Labels,
    *,
    classes: int,
    draw: Draw | None = None,
    repeats: int = 1,
    generator: torch.Generator,
) -> Moments:
    """Return the moments of images that are mixed ``repeats`` times, or of plain ones.

    ``features`` maps images to rows; ``draw(shape, generator=...)`` plans a mixed batch.

    Raises
    ------
    ValueError
        If ``repeats`` is below 1 or a label is none of the classes.
    """
    checks.at_least(1, repeats=repeats)
    rounds = repeats if draw else 1
    parts = []
    for _ in range(rounds):
        shown, targets = images, soft_targets(labels, classes)
        if draw:
            plan = draw(images.shape, generator=generator)
            shown, targets = apply(plan, images, targets, classes=classes)
        rows = features(shown).to(torch.float64)
        parts.append((rows.T @ rows, rows.T @ targets.to(torch.float64)))
    gram, cross = (torch.stack(part).sum(0) for part in zip(*parts, strict=True))
    return Moments(gram / (len(images) * rounds), cross / (len(images) * rounds))


@checked
def flow(moments: Moments, times: Float64[Tensor, "time"]) -> Float64[Tensor, "time feature class"]:
    """Return the weights of gradient flow from zero on half the mean squared error, at ``times``.

    In the eigenbasis of the gram matrix, at the eigenvalue a, they are (1 - e^(-a T)) / a times the
    coordinates of E[f t'], and T times where a = 0.

    Raises
    ------
    ValueError
        If a time is negative.
    """
    checks.not_negative(least_time=float(times.min()))
    values, vectors = torch.linalg.eigh(moments.gram)
    values = values.clamp(min=0)  # rounding may leave small negative ones
    grown = -torch.expm1(-values * times[:, None])  # (time, feature)
    factor = torch.where(values > 0, grown / values.clamp(min=1e-300), times[:, None])
    return vectors @ (factor[:, :, None] * (vectors.T @ moments.cross))


@checked
def squared_errors(
    weights: Float64[Tensor, "time feature class"],
    rows: Float[Tensor, "batch feature"],
    labels: Labels,
) -> Float64[Tensor, "time"]:
    """Return the mean over examples of |W' f - e_y|^2, for each of the weights.

    Raises
    ------
    ValueError
        If a label is none of the classes.
    """
    targets = soft_targets(labels, weights.shape[2]).to(torch.float64)
    away = rows.to(torch.float64) @ weights - targets
    return away.square().sum(2).mean(1)
