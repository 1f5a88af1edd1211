"""Plans against assignments and loops, places of least loss, students of pairs and batches."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from runtheory.capacity import sinkhorn_kd as sinkhorn
from runtheory.randomness import stream


def masses(seed: int, *shape: int) -> torch.Tensor:
    drawn = torch.rand(shape, generator=stream(seed, "masses"), dtype=torch.float64) + 0.1
    return drawn / drawn.sum(-1, keepdim=True)


def costs_of(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=stream(seed, "costs"), dtype=torch.float64)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), strength=st.sampled_from((0.1, 0.5, 3.0)))
def test_plans_have_their_margins_and_the_form_of_a_scaled_kernel(seed, strength) -> None:
    costs, rows, columns = costs_of(seed, 2, 4, 3), masses(seed, 2, 4), masses(seed + 1, 2, 3)
    plan = sinkhorn.transport_plan(costs, rows, columns, strength=strength, steps=500)
    torch.testing.assert_close(plan.sum(2), rows, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(plan.sum(1), columns)
    rest = plan.log() + costs / strength  # a sum of a term of the row and one of the column
    mixed = rest[:, 1:, 1:] - rest[:, :1, 1:] - rest[:, 1:, :1] + rest[:, :1, :1]
    assert float(mixed.abs().max()) < 1e-9


def test_scaling_in_a_loop() -> None:
    costs, rows, columns = costs_of(0, 3, 3), masses(0, 3), masses(1, 3)
    plan = [[math.exp(-float(costs[i, j]) / 0.3) for j in range(3)] for i in range(3)]
    for _ in range(4):
        for i in range(3):
            total = sum(plan[i])
            plan[i] = [float(rows[i]) * entry / total for entry in plan[i]]
        for j in range(3):
            total = sum(plan[i][j] for i in range(3))
            for i in range(3):
                plan[i][j] *= float(columns[j]) / total
    found = sinkhorn.transport_plan(costs, rows, columns, strength=0.3, steps=4)
    np.testing.assert_allclose(found.numpy(), plan, rtol=1e-12)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_between_the_best_plan_and_independence(seed: int) -> None:
    costs = costs_of(seed, 6, 6)
    equal = torch.full((6,), 1 / 6, dtype=torch.float64)
    best = float(costs.numpy()[linear_sum_assignment(costs.numpy())].sum()) / 6
    found = [
        float(sinkhorn.transport_loss(costs, equal, equal, strength=strength, steps=3000))
        for strength in (0.01, 0.1, 1.0, 1000.0)
    ]
    assert all(loss >= best - 1e-6 for loss in found)
    assert all(low <= high + 1e-9 for low, high in itertools.pairwise(found))
    assert found[0] - best <= 0.01 * math.log(6)
    assert found[-1] == pytest.approx(float(costs.mean()), rel=1e-3)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000))
def test_places_of_least_loss_have_no_gradient(seed: int) -> None:
    chance, strength = 0.3 + 0.3 * (seed % 7) / 7, 0.4 + 0.8 * (seed % 5) / 5
    costs = 1 - torch.eye(2, dtype=torch.float64)
    teacher = torch.tensor([chance, 1 - chance], dtype=torch.float64)
    factors: dict[sinkhorn.Part, float] = {
        "transport": 1 / math.tanh(1 / strength),
        "whole": math.tanh(0.5 / strength),
        "centred": 1.0,
    }
    for part, factor in factors.items():
        place = torch.tensor(0.5 + (chance - 0.5) * factor, dtype=torch.float64).requires_grad_()
        student = torch.stack([place, 1 - place])
        loss = sinkhorn.transport_loss(costs, teacher, student, strength=strength, part=part)
        (slope,) = torch.autograd.grad(loss, place)
        assert abs(float(slope)) < 1e-8


def test_centred_loss_of_equal_masses_is_zero() -> None:
    points = costs_of(0, 5, 1)
    costs, mass = (points - points.T).abs(), masses(0, 5)
    found = sinkhorn.transport_loss(costs, mass, mass, strength=0.2, part="centred")
    assert abs(float(found)) < 1e-12


def test_a_batch_forgets_its_order_and_pairs_do_not() -> None:
    students, teachers = masses(0, 2, 7, 3), masses(1, 2, 7, 3)
    shuffled = students[:, torch.randperm(7, generator=stream(0, "order"))]
    kept = sinkhorn.batch_loss(students, teachers)
    torch.testing.assert_close(sinkhorn.batch_loss(shuffled, teachers), kept)
    pairs = sinkhorn.pair_loss(students, teachers)
    assert float((sinkhorn.pair_loss(shuffled, teachers) - pairs).abs().min()) > 1e-3
    by_hand = (teachers * (teachers / students).log()).sum(2).mean(1)
    torch.testing.assert_close(pairs, by_hand)


def test_posteriors_by_the_density() -> None:
    labels = torch.tensor([[0, 1, 2]])
    points = sinkhorn.draw_ring(
        labels, classes=3, features=2, deviation=0.4, generator=stream(0, "points")
    )
    found = sinkhorn.ring_posteriors(points, classes=3, deviation=0.4)
    for place in range(3):
        densities = []
        for number in range(3):
            angle, wide = 2 * math.pi * number / 3, 0.4 * (1 + number / 3)
            x, y = (float(value) for value in points[0, place])
            square = (x - math.cos(angle)) ** 2 + (y - math.sin(angle)) ** 2
            densities.append(math.exp(-square / (2 * wide**2)) / wide**2)
        expected = torch.tensor(densities) / sum(densities)
        torch.testing.assert_close(found[0, place], expected, rtol=1e-4, atol=1e-6)


def test_students_of_pairs_learn_and_see_only_their_own_replicate() -> None:
    labels = torch.arange(18).reshape(2, 9) % 3
    points = sinkhorn.draw_ring(
        labels, classes=3, features=2, deviation=0.1, generator=stream(0, "points")
    )
    teachers = sinkhorn.ring_posteriors(points, classes=3, deviation=0.1)

    def learnt(second: torch.Tensor) -> list[torch.Tensor]:
        both = torch.stack([points[0], second])
        return sinkhorn.taught(
            both,
            labels,
            teachers,
            lesson="all",
            weights=torch.ones(2),
            labelled=False,
            steps=60,
            generator=stream(0, "net"),
        )

    net, other = learnt(points[1]), learnt(points[1] + 1)
    assert bool((sinkhorn.student_answers(net, points).argmax(2) == labels).all())
    for part, changed in zip(net, other, strict=True):
        torch.testing.assert_close(part[0], changed[0])


def test_what_cannot_be_is_refused() -> None:
    costs, mass = costs_of(0, 3, 3), masses(0, 3)
    with pytest.raises(ValueError, match="strength must be at least"):
        sinkhorn.transport_plan(costs, mass, mass, strength=1e-4)
    with pytest.raises(ValueError, match="rows must be positive"):
        sinkhorn.transport_plan(costs, mass - mass, mass, strength=1.0)
    with pytest.raises(ValueError, match="rows and columns must have the same sum"):
        sinkhorn.transport_plan(costs, 2 * mass, mass, strength=1.0)
    with pytest.raises(ValueError, match="centred costs must be square"):
        sinkhorn.transport_loss(costs[:, :2], mass, masses(1, 2), strength=1.0, part="centred")
    with pytest.raises(ValueError, match="students must be chances"):
        sinkhorn.batch_loss(torch.ones(1, 2, 2), torch.full((1, 2, 2), 0.5))
