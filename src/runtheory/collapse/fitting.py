"""The fits that meet the closed forms of ``minimisers``: free features, random starts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import torch
from jaxtyping import Float, Float64
from scipy.optimize import minimize_scalar
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.collapse.descent import largest_slope, minimise
from runtheory.collapse.models import FeatureModel, Minimiser

Scores = Float[Tensor, "class sample"]

SCALES = (-2.0, 5.0)  # logarithms of the least and the largest scale that is tried

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Fit:
    """The best of the runs of ``fit``.

    ``factors`` are W_M, ..., W_1, H; ``losses`` the objective of every start; ``gradient`` the
    largest entry of the gradient at the end. ``certificate`` is the operator norm of the gradient
    of the loss in Z over sqrt(l_W l_H): for one layer and a convex loss a stationary point is a
    global minimiser exactly when it is at most one (deep models: NaN).
    """

    factors: tuple[Float64[Tensor, ...], ...]
    bias: Float64[Tensor, "class"]
    loss: Float64[Tensor, ""]
    losses: tuple[float, ...]
    gradient: float
    certificate: float
    minimiser: Minimiser
    within_class_spread: float


@checked
def square_loss(scores: Scores, targets: Scores) -> Tensor:
    """Return ||Z - Y||^2 / (2N), one sample a column."""
    return (scores - targets).square().sum() / (2 * scores.shape[1])


@checked
def cross_entropy_loss(scores: Scores, targets: Scores) -> Tensor:
    """Return the mean cross-entropy in nats, one sample a column, soft targets allowed."""
    return -(targets * torch.log_softmax(scores, dim=0)).sum() / scores.shape[1]


@checked
def fit(
    model: FeatureModel,
    loss: Loss,
    *,
    width: int,
    generator: torch.Generator,
    starts: int = 1,
    scale: float = 1.0,
    rounds: int = 40,
) -> Fit:
    """Minimise the non-convex objective of ``models`` over all factors and every single feature.

    ``descent.minimise`` from ``starts`` Gaussian starts with entries of deviation
    scale/sqrt(width); the start with the lowest objective is returned. Deep models have local
    minima that are not global: give them several starts and compare losses.

    Raises
    ------
    ValueError
        If ``width`` is below the number of classes (the nuclear-norm argument then fails), or
        ``starts`` or ``rounds`` is below one, ``scale`` is not positive and finite, or no start has
        a finite objective.
    """
    checks.at_least(model.classes, width=width)
    checks.at_least(1, starts=starts, rounds=rounds)
    checks.positive_finite(scale=scale)
    problems = [
        _Problem(model, loss, _start(model, width, generator, scale=scale)) for _ in range(starts)
    ]
    losses = [minimise(one.objective, one.moving(), rounds=rounds) for one in problems]
    best = min(range(starts), key=lambda index: losses[index])
    if not math.isfinite(losses[best]):
        raise ValueError(f"the objective must be finite at a start, got none at scale {scale}")
    return problems[best].report(tuple(losses))


@checked
def best_scale(
    model: FeatureModel, loss: Loss, scores: Float64[Tensor, "class class"]
) -> tuple[float, float]:
    """Return the scale a > 0 at which a ``scores`` costs least, and the objective there.

    The scores are class-level, without a bias, and every factorisation of them is allowed, so that
    singular values s_i of the weighted scores cost (p/2) C^(1/p) sum_i (a s_i)^(2/p)
    (lem-many-factors). For several layers the objective has a minimum at zero as well, which is not
    looked for: compare with ``loss`` at zero scores.

    Raises ``ValueError`` if a score is not finite.
    """
    tensor_checks.finite(scores=scores)
    factors = model.layers + 1
    singular = torch.linalg.svdvals(scores * model.counts().sqrt())
    # A small power of what rounding leaves of a zero is not small.
    rounding = model.classes * torch.finfo(torch.float64).eps * singular.max()
    singular = torch.where(singular > rounding, singular, 0.0)
    cost = factors / 2 * model.pressure * float((singular ** (2 / factors)).sum())
    spread = scores[:, model.labels()]  # (class, sample)

    def objective(logarithm: float) -> float:
        scale = math.exp(logarithm)
        return float(loss(scale * spread, model.targets())) + cost * scale ** (2 / factors)

    low, high = SCALES
    grid = [low + (high - low) * index / 100 for index in range(101)]
    start = min(range(1, 100), key=lambda index: objective(grid[index]))
    best = minimize_scalar(
        objective,
        bounds=(grid[start - 1], grid[start + 1]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return math.exp(best.x), float(best.fun)


@dataclass(frozen=True)
class _Problem:
    """The objective of one start: ``parameters`` are W_M, ..., W_1, H and b."""

    model: FeatureModel
    loss: Loss
    parameters: list[Tensor]

    def moving(self) -> list[Tensor]:
        """Return the parameters without a bias that an infinite penalty holds at zero."""
        return self.parameters if math.isfinite(self.model.bias_penalty) else self.parameters[:-1]

    def objective(self) -> Tensor:
        *factors, bias = self.parameters
        value = self.loss(_product(factors) + bias[:, None], self.model.targets())
        penalties = (*self.model.layer_penalties, self.model.feature_penalty)
        for penalty, factor in zip(penalties, factors, strict=True):
            value = value + penalty / 2 * factor.square().sum()
        if math.isfinite(self.model.bias_penalty):
            value = value + self.model.bias_penalty / 2 * bias.square().sum()
        return value

    def report(self, losses: tuple[float, ...]) -> Fit:
        """Measure the end point: gradient, certificate, class-level values."""
        gradient = largest_slope(self.objective, self.moving())
        total = self.objective().detach()
        *factors, bias = [tensor.detach() for tensor in self.parameters]
        features = factors[-1]
        means = _class_means(self.model, features)
        head = _product(factors[:-1])
        residual = torch.linalg.norm(features - means[:, self.model.labels()])
        scale = max(float(torch.linalg.norm(features)), torch.finfo(torch.float64).tiny)
        return Fit(
            factors=tuple(factors),
            bias=bias,
            loss=total,
            losses=losses,
            gradient=gradient,
            certificate=self._certificate(_product(factors), bias),
            minimiser=Minimiser(head @ means, bias, head @ head.T, means.T @ means, total),
            within_class_spread=float(residual) / scale,
        )

    def _certificate(self, scores: Tensor, bias: Tensor) -> float:
        """Return the operator norm of the gradient in Z beside that of the penalty."""
        if self.model.layers > 1:
            return math.nan
        scores = scores.requires_grad_(True)  # (class, sample)
        (slope,) = torch.autograd.grad(
            self.loss(scores + bias[:, None], self.model.targets()), scores
        )
        return float(torch.linalg.matrix_norm(slope, 2)) / self.model.pressure


def _start(
    model: FeatureModel, width: int, generator: torch.Generator, *, scale: float
) -> list[Tensor]:
    """Return W_M, ..., W_1, H and b at a random start."""
    rows = [model.classes] + [width] * model.layers
    columns = [width] * model.layers + [model.samples]
    factors = [
        torch.randn(shape, generator=generator, dtype=torch.float64) * (scale / math.sqrt(width))
        for shape in zip(rows, columns, strict=True)
    ]
    return [*factors, torch.zeros(model.classes, dtype=torch.float64)]


def _product(factors: list[Tensor]) -> Tensor:
    return reduce(torch.matmul, factors)


def _class_means(model: FeatureModel, features: Tensor) -> Tensor:
    """Return the mean feature of each class, one class a column."""
    sums = torch.zeros(features.shape[0], model.classes, dtype=torch.float64)
    return sums.index_add_(1, model.labels(), features) / model.counts()
