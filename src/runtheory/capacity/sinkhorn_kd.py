r"""Distillation by optimal transport with entropy [cui2024sinkhorn].

Of all plans $P$ whose rows sum to one mass and columns to another, the entropic one has the least
$\langle P, C\rangle - \varepsilon H(P)$, with costs $C$, strength $\varepsilon$ (of one unit) and
entropy $H$ in nats. It is the kernel $e^{-C/\varepsilon}$, rows and columns scaled in turn.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Costs = Float[Tensor, "*case row column"]
Rows = Float[Tensor, "*case row"]
Columns = Float[Tensor, "*case column"]
Points = Float[Tensor, "replicate batch feature"]
Answers = Float[Tensor, "replicate batch class"]
Labels = Int64[Tensor, "replicate batch"]
Part = Literal["transport", "whole", "centred"]
Lesson = Literal["labels", "pairs", "batch", "all"]


@checked
def transport_plan(
    costs: Costs, rows: Rows, columns: Columns, *, strength: float, steps: int = 20
) -> Costs:
    """Return the kernel after ``steps`` turns of scaling; the columns are scaled last.

    Raises
    ------
    ValueError
        If a cost is not finite, a mass is not positive, rows and columns do not have the same
        sum, ``strength`` is not finite or less than a 500th of the largest difference of costs
        (an 80th in single precision), or ``steps`` is not positive.

    Examples
    --------
    >>> import torch
    >>> from runtheory.capacity.sinkhorn_kd import transport_plan
    >>> halves = torch.tensor([0.5, 0.5])
    >>> transport_plan(torch.zeros(2, 2), halves, halves, strength=1.0)
    tensor([[0.2500, 0.2500],
            [0.2500, 0.2500]])
    """
    _check(costs, rows, columns, strength)
    checks.at_least(1, steps=steps)
    return _scaled(costs, rows, columns, strength=strength, steps=steps)


@checked
def transport_loss(
    costs: Costs,
    rows: Rows,
    columns: Columns,
    *,
    strength: float,
    steps: int = 200,
    part: Part = "transport",
) -> Float[Tensor, "*case"]:
    r"""Return $\langle P, C\rangle$ of the entropic plan, or what it is a part of.

    The *whole* is $\langle P, C\rangle - \varepsilon H(P)$. *Centred* it is less half of what each
    mass has against itself, for costs among the same points.

    Raises
    ------
    ValueError
        As :func:`transport_plan`, for another ``part``, and if a centred loss has costs that
        are not square.
    """
    _one_of(part, Part, "part")
    plan = transport_plan(costs, rows, columns, strength=strength, steps=steps)
    if part == "transport":
        return (plan * costs).sum((-2, -1))
    whole = (plan * costs + strength * torch.xlogy(plan, plan)).sum((-2, -1))
    if part == "whole":
        return whole
    if costs.shape[-1] != costs.shape[-2]:
        raise ValueError(f"centred costs must be square, got {tuple(costs.shape)}")
    for mass in (rows, columns):
        own = _scaled(costs, mass, mass, strength=strength, steps=steps)
        whole = whole - (own * costs + strength * torch.xlogy(own, own)).sum((-2, -1)) / 2
    return whole


@checked
def batch_loss(
    students: Answers, teachers: Answers, *, strength: float = 0.1, steps: int = 20
) -> Float[Tensor, " replicate"]:
    """Return the transport between the answers of a batch: every example has the same mass.

    A cost is the sum of absolute differences of two answers: the authors' code, up to a factor.

    Raises
    ------
    ValueError
        If answers are no chances, ``strength`` is below 0.004 (0.025 in single precision) or
        infinite, or ``steps`` is not positive.
    """
    _check_chances(students, teachers)
    # No two answers are further apart than 2.
    checks.in_interval(2 / _range(students), math.inf, ends="[)", strength=strength)
    checks.at_least(1, steps=steps)
    return _batch(students, teachers, strength=strength, steps=steps)


@checked
def pair_loss(students: Answers, teachers: Answers) -> Float[Tensor, " replicate"]:
    """Return the mean divergence KL(teacher || student) of an example's two answers, in nats.

    Raises
    ------
    ValueError
        If answers are no chances.
    """
    _check_chances(students, teachers)
    return _pairs(students, teachers)


@checked
def ring_posteriors(
    points: Points, *, classes: int, deviation: float
) -> Float[Tensor, "replicate batch posterior"]:
    """Return the chances of classes whose points lie around places of a circle of radius one.

    The classes are equally frequent, each normal in every direction with the ``deviation`` times
    (1 + its number / their number); places stand in the first two coordinates.

    Raises
    ------
    ValueError
        If points are not finite or have one coordinate, or as :func:`draw_ring`.
    """
    tensor_checks.finite(points=points)
    checks.at_least(2, classes=classes, coordinates=points.shape[2])
    checks.positive_finite(deviation=deviation)
    places, wide = _ring(points, classes, deviation)
    squares = (points[:, :, None, :] - places).square().sum(3)
    return (-squares / (2 * wide**2) - points.shape[2] * wide.log()).softmax(2)


@checked
def draw_ring(
    labels: Labels, *, classes: int, features: int, deviation: float, generator: torch.Generator
) -> Float[Tensor, "replicate batch feature"]:
    """Return a point of each label's class (see :func:`ring_posteriors`).

    Raises
    ------
    ValueError
        If a label is no class, there are fewer than two classes or features, or ``deviation`` is
        not positive and finite.
    """
    checks.at_least(2, classes=classes, features=features)
    checks.positive_finite(deviation=deviation)
    checks.labels_below(labels.flatten(), classes)
    noise = torch.randn((*labels.shape, features), generator=generator)
    places, wide = _ring(noise, classes, deviation)
    return places[labels] + wide[labels][..., None] * noise


@checked
def taught(  # noqa: PLR0913 - what a lesson depends on
    points: Points,
    labels: Labels,
    teachers: Answers,
    *,
    lesson: Lesson,
    weights: Float[Tensor, " replicate"],
    labelled: bool,
    steps: int,
    generator: torch.Generator,
) -> list[Tensor]:
    """Return students (four tensors, by replicate) after Adam's steps on all their examples.

    A student has 16 hyperbolic tangents. Its loss is the labels' cross-entropy, if ``labelled``,
    and ``weights`` times the lesson's: none, of pairs, of the batch, or the sum of both.

    Raises
    ------
    ValueError
        If there is no such lesson, teachers are no chances, a label is no class, a weight is
        negative or not finite, or ``steps`` is not positive.
    """
    _one_of(lesson, Lesson, "lesson")
    checks.at_least(1, steps=steps)
    tensor_checks.finite(points=points, weights=weights)
    checks.not_negative(weights=weights.detach().cpu().numpy())
    _check_chances(teachers, teachers)
    checks.labels_below(labels.flatten(), teachers.shape[2])
    replicates, _, features = points.shape
    net = []
    for shape in ((features, 16), (1, 16), (16, teachers.shape[2]), (1, teachers.shape[2])):
        drawn = torch.randn((replicates, *shape), generator=generator) / shape[0] ** 0.5
        net.append(drawn.requires_grad_())
    adam = torch.optim.Adam(net, lr=0.03)
    for _ in range(steps):
        scores = _scores(net, points)
        loss = weights * _lesson(scores.softmax(2), teachers, lesson)
        if labelled:
            loss = loss + functional.cross_entropy(scores.mT, labels, reduction="none").mean(1)
        adam.zero_grad()
        loss.sum().backward()
        adam.step()
    return [part.detach() for part in net]


@checked
def student_answers(net: list[Tensor], points: Points) -> Float[Tensor, "replicate batch class"]:
    """Return the chances that students of :func:`taught` give.

    Raises
    ------
    ValueError
        If a point is not finite, or the students take points of other features.
    """
    tensor_checks.finite(points=points)
    if len(net) != 4 or net[0].shape[:2] != (points.shape[0], points.shape[2]):
        raise ValueError("net must be four tensors of students for points of this many features")
    return _scores(net, points).softmax(2)


def _scores(net: list[Tensor], points: Tensor) -> Tensor:
    first, bias, second, last = net
    return (points @ first + bias).tanh() @ second + last


def _lesson(answers: Tensor, teachers: Tensor, lesson: str) -> Tensor:
    if lesson == "labels":
        return answers.new_zeros(len(answers))
    pairs = _pairs(answers, teachers) if lesson != "batch" else 0
    batch = _batch(answers, teachers, strength=0.1, steps=20) if lesson != "pairs" else 0
    return torch.as_tensor(pairs + batch)


def _pairs(students: Tensor, teachers: Tensor) -> Tensor:
    return (torch.xlogy(teachers, teachers) - torch.xlogy(teachers, students)).sum(2).mean(1)


def _batch(students: Tensor, teachers: Tensor, *, strength: float, steps: int) -> Tensor:
    costs = torch.cdist(students, teachers, p=1)
    mass = students.new_full(students.shape[:2], 1 / students.shape[1])
    plan = _scaled(costs, mass, mass, strength=strength, steps=steps)
    return (plan * costs).sum((1, 2))


def _ring(like: Tensor, classes: int, deviation: float) -> tuple[Tensor, Tensor]:
    number = torch.arange(classes, device=like.device, dtype=like.dtype)
    angle = 2 * torch.pi * number / classes
    places = like.new_zeros((classes, like.shape[-1]))
    places[:, 0], places[:, 1] = angle.cos(), angle.sin()
    return places, deviation * (1 + number / classes)


def _scaled(costs: Tensor, rows: Tensor, columns: Tensor, *, strength: float, steps: int) -> Tensor:
    # Less the least cost: a constant changes no plan, and keeps the kernel above zero.
    kernel = (-(costs - costs.detach().amin((-2, -1), keepdim=True)) / strength).exp()
    left, right = rows, torch.ones_like(columns)
    for _ in range(steps):
        left = rows / (kernel @ right[..., None])[..., 0]
        right = columns / (left[..., None, :] @ kernel)[..., 0, :]
    return left[..., :, None] * kernel * right[..., None, :]


def _range(costs: Tensor) -> int:
    """Return how many strengths costs may differ by: the kernel's entries are still numbers."""
    return 500 if costs.dtype is torch.float64 else 80


def _one_of(value: object, kind: Any, name: str) -> None:
    if value not in get_args(kind):
        raise ValueError(f"{name} must be one of {', '.join(get_args(kind))}, got {value!r}")


def _check(costs: Tensor, rows: Tensor, columns: Tensor, strength: float) -> None:
    checks.positive_finite(strength=strength)
    tensor_checks.finite(costs=costs, rows=rows, columns=columns)
    if tensor_checks.readable(costs) and costs.numel():
        spread = float((costs.amax((-2, -1)) - costs.amin((-2, -1))).detach().max())
        checks.at_least(spread / _range(costs), strength=strength)
        checks.positive(rows=rows.detach().numpy(), columns=columns.detach().numpy())
        if not torch.allclose(rows.sum(-1), columns.sum(-1), rtol=1e-4):
            raise ValueError("rows and columns must have the same sum")


def _check_chances(students: Tensor, teachers: Tensor) -> None:
    tensor_checks.finite(students=students, teachers=teachers)
    for name, chances in (("students", students.detach()), ("teachers", teachers.detach())):
        if tensor_checks.readable(chances):
            apart = (chances.sum(2) - 1).abs()
            if bool((chances < 0).any()) or bool((apart > 1e-5).any()):
                raise ValueError(f"{name} must be chances that sum to one")
