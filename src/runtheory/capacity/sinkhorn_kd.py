r"""Distillation by optimal transport with entropy [cui2024sinkhorn].

A plan $P$ moves the mass $a$ onto the mass $b$: its rows sum to $a$, its columns to $b$. Of all
plans the entropic one has the least $\langle P, C\rangle - \varepsilon H(P)$, with the costs $C$,
the strength $\varepsilon$ and the entropy $H$ in nats. It is the kernel $e^{-C/\varepsilon}$ with
rows and columns scaled in turn. Costs and strength have one unit.
"""

from __future__ import annotations

from typing import Literal

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
PARTS = ("transport", "whole", "centred")
LESSONS = ("labels", "pairs", "batch", "all")
RANGE = 500  # of costs in strengths: e^-500 is still a number


@checked
def transport_plan(
    costs: Costs, rows: Rows, columns: Columns, *, strength: float, steps: int = 20
) -> Costs:
    """Return the kernel after ``steps`` turns of scaling; the columns are scaled last.

    Raises
    ------
    ValueError
        If a cost is not finite, a mass is not positive, rows and columns do not have the same
        sum, ``strength`` is not positive and finite or less than a 500th of the largest
        difference of costs, or ``steps`` is not positive.

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
    _check_one_of(PARTS, part=part)
    plan = transport_plan(costs, rows, columns, strength=strength, steps=steps)
    if part == "transport":
        return (plan * costs).sum((-2, -1))
    whole = (plan * costs + strength * torch.xlogy(plan, plan)).sum((-2, -1))
    if part == "whole":
        return whole
    if costs.shape[-1] != costs.shape[-2]:
        raise ValueError(f"centred costs must be square, got {tuple(costs.shape)}")
    own = [
        transport_loss(costs, mass, mass, strength=strength, steps=steps, part="whole")
        for mass in (rows, columns)
    ]
    return whole - (own[0] + own[1]) / 2


@checked
def batch_loss(
    students: Answers, teachers: Answers, *, strength: float = 0.1, steps: int = 20
) -> Float[Tensor, " replicate"]:
    """Return the transport between the answers of a batch: every example has the same mass.

    An answer is a point, the chances of the classes; a cost is the sum of absolute differences of
    two answers. As in the authors' code, up to a factor.

    Raises
    ------
    ValueError
        If answers are no chances, or as :func:`transport_plan`.
    """
    _check_chances(students, teachers)
    costs = torch.cdist(students, teachers, p=1)
    mass = students.new_full(students.shape[:2], 1 / students.shape[1])
    plan = transport_plan(costs, mass, mass, strength=strength, steps=steps)
    return (plan * costs).sum((1, 2))


@checked
def pair_loss(students: Answers, teachers: Answers) -> Float[Tensor, " replicate"]:
    """Return the mean divergence KL(teacher || student) of an example's two answers, in nats.

    Raises
    ------
    ValueError
        If answers are no chances.
    """
    _check_chances(students, teachers)
    return (torch.xlogy(teachers, teachers) - torch.xlogy(teachers, students)).sum(2).mean(1)


@checked
def ring_posteriors(
    points: Points, *, classes: int, deviation: float
) -> Float[Tensor, "replicate batch posterior"]:
    """Return the chances of classes whose points lie around places of a circle of radius one.

    The classes are equally frequent. Each is normal with the ``deviation`` times (1 + its number /
    the number of classes) in every direction; places stand in the first two coordinates.

    Raises
    ------
    ValueError
        If points are not finite or have one coordinate, there are fewer than two classes, or the
        deviation is not positive and finite.
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
        If a label is no class, or as :func:`ring_posteriors`.
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

    A student has 16 hyperbolic tangents. Its loss is the cross-entropy of the labels, if
    ``labelled``, and ``weights`` times that of the lesson: none, of pairs, of the batch, or the
    sum of both.

    Raises
    ------
    ValueError
        If there is no such lesson, teachers are no chances, a label is no class, a weight is
        negative or not finite, or ``steps`` is not positive.
    """
    _check_one_of(LESSONS, lesson=lesson)
    checks.at_least(1, steps=steps)
    tensor_checks.finite(points=points, weights=weights)
    checks.not_negative(weights=weights.detach().cpu().numpy())
    _check_chances(teachers, teachers)
    checks.labels_below(labels.flatten(), teachers.shape[2])
    replicates, _, features = points.shape
    shapes = ((features, 16), (1, 16), (16, teachers.shape[2]), (1, teachers.shape[2]))
    net = [
        torch.randn((replicates, *shape), generator=generator) / max(shape[0], 1) ** 0.5
        for shape in shapes
    ]
    net = [part.requires_grad_() for part in net]
    adam = torch.optim.Adam(net, lr=0.03)
    for _ in range(steps):
        scores = _scores(net, points)
        answers = scores.softmax(2)
        loss = weights * _lesson(answers, teachers, lesson)
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
    losses = {
        "pairs": lambda: pair_loss(answers, teachers),
        "batch": lambda: batch_loss(answers, teachers),
        "all": lambda: pair_loss(answers, teachers) + batch_loss(answers, teachers),
    }
    return losses[lesson]()


def _ring(like: Tensor, classes: int, deviation: float) -> tuple[Tensor, Tensor]:
    """Return the places (class, feature) and deviations (class) of the classes."""
    number = torch.arange(classes, device=like.device, dtype=like.dtype)
    angle = 2 * torch.pi * number / classes
    places = like.new_zeros((classes, like.shape[-1]))
    places[:, 0], places[:, 1] = angle.cos(), angle.sin()
    return places, deviation * (1 + number / classes)


def _scaled(costs: Tensor, rows: Tensor, columns: Tensor, *, strength: float, steps: int) -> Tensor:
    # Less the least cost: a constant changes no plan, and keeps the kernel above zero.
    least = costs.detach().amin((-2, -1), keepdim=True)
    plan = (-(costs - least) / strength).exp()
    for _ in range(steps):
        plan = plan * (rows / plan.sum(-1))[..., :, None]
        plan = plan * (columns / plan.sum(-2))[..., None, :]
    return plan


def _check_one_of(known: tuple[str, ...], **values: object) -> None:
    for name, value in values.items():
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def _check(costs: Tensor, rows: Tensor, columns: Tensor, strength: float) -> None:
    checks.positive_finite(strength=strength)
    tensor_checks.finite(costs=costs, rows=rows, columns=columns)
    if not tensor_checks.readable(costs) or not costs.numel():
        return
    with torch.no_grad():
        spread = float((costs.amax((-2, -1)) - costs.amin((-2, -1))).max())
        checks.at_least(spread / RANGE, strength=strength)
        checks.positive(rows=rows.detach().numpy(), columns=columns.detach().numpy())
        if not torch.allclose(rows.sum(-1), columns.sum(-1), rtol=1e-4):
            raise ValueError("rows and columns must have the same sum")


def _check_chances(students: Tensor, teachers: Tensor) -> None:
    tensor_checks.finite(students=students, teachers=teachers)
    for name, chances in (("students", students), ("teachers", teachers)):
        if tensor_checks.readable(chances):
            total = chances.detach().sum(2)
            if bool((chances < 0).any()) or not torch.allclose(total, torch.ones_like(total)):
                raise ValueError(f"{name} must be chances that sum to one")
