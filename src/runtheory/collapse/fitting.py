"""The optimiser that meets the closed forms: free features, random starts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.collapse.models import FeatureModel, Minimiser

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


def square_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Return ||Z - Y||^2 / (2N), one sample a column."""
    return (scores - targets).square().sum() / (2 * scores.shape[1])


def cross_entropy_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy in nats, one sample a column, soft targets allowed."""
    return -(targets * torch.log_softmax(scores, dim=0)).sum() / scores.shape[1]


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

    L-BFGS with a strong Wolfe line search in float64 from ``starts`` Gaussian starts with entries
    of deviation scale/sqrt(width), at most 100 ``rounds`` steps each; the start with the lowest
    objective is returned. Deep models have local minima that are not global: give them several
    starts and compare losses.

    Raises
    ------
    ValueError
        If ``width`` is below the number of classes (the nuclear-norm argument then fails), or
        ``starts`` or ``rounds`` is below one.
    """
    checks.at_least(model.classes, width=width)
    checks.at_least(1, starts=starts, rounds=rounds)
    runs = []
    for _ in range(starts):
        parameters = _draw(model, width, scale, generator)
        runs.append((_descend(model, loss, parameters, rounds), parameters))
    value, best = min(runs, key=lambda run: run[0])
    return _report(model, loss, best, value, tuple(run[0] for run in runs))


def _draw(
    model: FeatureModel, width: int, scale: float, generator: torch.Generator
) -> list[Tensor]:
    """Return W_M, ..., W_1, H and b at a random start."""
    rows = [model.classes] + [width] * model.layers
    columns = [width] * model.layers + [model.samples]
    factors = [
        torch.randn(shape, generator=generator, dtype=torch.float64) * (scale / math.sqrt(width))
        for shape in zip(rows, columns, strict=True)
    ]
    return [*factors, torch.zeros(model.classes, dtype=torch.float64)]


def _scores(factors: list[Tensor]) -> Tensor:
    product = factors[0]
    for factor in factors[1:]:
        product = product @ factor
    return product


def _objective(model: FeatureModel, loss: Loss, parameters: list[Tensor]) -> Tensor:
    *factors, bias = parameters
    value = loss(_scores(factors) + bias[:, None], model.targets())
    penalties = (*model.layer_penalties, model.feature_penalty)
    for penalty, factor in zip(penalties, factors, strict=True):
        value = value + penalty / 2 * factor.square().sum()
    if math.isfinite(model.bias_penalty):
        value = value + model.bias_penalty / 2 * bias.square().sum()
    return value


def _descend(model: FeatureModel, loss: Loss, parameters: list[Tensor], rounds: int) -> float:
    """Move the parameters to a stationary point and return the objective there."""
    moving = parameters if math.isfinite(model.bias_penalty) else parameters[:-1]
    for tensor in moving:
        tensor.requires_grad_(True)
    optimiser = torch.optim.LBFGS(
        moving,
        max_iter=100,
        history_size=30,
        tolerance_grad=1e-10,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = _objective(model, loss, parameters)
        value.backward()
        return value

    before = math.inf
    for _ in range(rounds):
        optimiser.step(closure)
        value = float(_objective(model, loss, parameters).detach())
        # Near the end the objective moves by rounding alone: more rounds would change nothing.
        slope = max(float(torch.linalg.norm(tensor.grad)) for tensor in moving)
        if slope < 1e-9 or before - value <= 4e-16 * abs(value):
            break
        before = value
    return value


def _report(
    model: FeatureModel,
    loss: Loss,
    parameters: list[Tensor],
    value: float,
    losses: tuple[float, ...],
) -> Fit:
    """Measure the end point: gradient, certificate, class-level values."""
    moving = parameters if math.isfinite(model.bias_penalty) else parameters[:-1]
    slopes = torch.autograd.grad(_objective(model, loss, parameters), moving)
    *factors, bias = [tensor.detach() for tensor in parameters]
    scores = _scores(factors).requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(scores + bias[:, None], model.targets()), scores)
    certificate = float(torch.linalg.matrix_norm(slope, 2)) / model.pressure
    features = factors[-1]
    means = _class_means(model, features)
    head = _scores(factors[:-1])
    total = torch.tensor(value, dtype=torch.float64)
    scale = max(float(torch.linalg.norm(features)), torch.finfo(torch.float64).tiny)
    return Fit(
        factors=tuple(factors),
        bias=bias,
        loss=total,
        losses=losses,
        gradient=max(float(slope.abs().max()) for slope in slopes),
        certificate=certificate if model.layers == 1 else math.nan,
        minimiser=Minimiser(head @ means, bias, head @ head.T, means.T @ means, total),
        within_class_spread=float(torch.linalg.norm(features - means[:, model.labels()])) / scale,
    )


def _class_means(model: FeatureModel, features: Tensor) -> Tensor:
    """Return the mean feature of each class, one class a column."""
    sums = torch.zeros(features.shape[0], model.classes, dtype=torch.float64)
    return sums.index_add_(1, model.labels(), features) / model.counts()
