"""The penalty on tails: its proximal map, what one column keeps, and columns that end as zero."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from runtheory.capacity.ordered_dropout import linear, tails
from runtheory.capacity.ordered_dropout.linear import Factors, LinearTask
from runtheory.randomness import stream


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=stream(seed, "normal"), dtype=torch.float64)


def objective(candidate: Tensor, matrix: Tensor, amount: float) -> float:
    """The problem that shrinking solves, in a loop over the tails."""
    norms = sum(float(candidate[:, first:].norm()) for first in range(matrix.shape[1]))
    return amount * norms + float((candidate - matrix).square().sum()) / 2


@given(
    seed=st.integers(0, 100), amount=st.floats(0, 3), rows=st.integers(1, 4), rank=st.integers(1, 4)
)
def test_nothing_near_beats_the_shrunk_matrix(seed, amount, rows, rank) -> None:
    """The problem is convex, so that no direction may lead down from its minimum."""
    matrix = normal(rows, rank, seed=seed)
    shrunk = tails.shrunk_tails(matrix, torch.tensor(amount, dtype=torch.float64))
    least = objective(shrunk, matrix, amount)
    for step in (1e-3, 0.1):
        for trial in range(10):
            other = shrunk + step * normal(rows, rank, seed=1000 + trial)
            assert objective(other, matrix, amount) >= least - 1e-12
    assert objective(matrix, matrix, amount) >= least - 1e-12
    assert objective(torch.zeros_like(matrix), matrix, amount) >= least - 1e-12


def test_one_column_is_shrunk_by_its_norm() -> None:
    matrix = torch.tensor([[3.0], [4.0]], dtype=torch.float64)
    shrunk = tails.shrunk_tails(matrix, torch.tensor(1.0, dtype=torch.float64))
    assert torch.allclose(shrunk, 0.8 * matrix)
    gone = tails.shrunk_tails(matrix, torch.tensor(5.0, dtype=torch.float64))
    assert (gone == 0).all()


def test_a_stack_has_one_amount_for_each_matrix() -> None:
    stack, amounts = normal(3, 4, 2), torch.tensor([0.0, 0.5, 9.0], dtype=torch.float64)
    together = tails.shrunk_tails(stack, amounts)
    for one, amount, alone in zip(stack, amounts, together, strict=True):
        assert torch.allclose(tails.shrunk_tails(one, amount), alone)
    assert torch.equal(together[0], stack[0])
    assert (together[2] == 0).all()


def test_tail_norms_match_a_loop() -> None:
    matrix = normal(4, 3)
    looped = [float(matrix[:, first:].norm()) for first in range(3)]
    assert tails.tail_norms(matrix).tolist() == pytest.approx(looped)


@given(value=st.floats(0, 5), strength=st.floats(0, 3), weight=st.floats(0.1, 2))
def test_the_kept_size_is_the_least_on_a_grid(value, strength, weight) -> None:
    def cost(size: Tensor) -> Tensor:
        return weight * (value - size.square()) ** 2 + 2 * strength * size

    kept = tails.kept_size(value, strength=strength, weight=weight)
    grid = torch.linspace(0, 2.5, 20_001, dtype=torch.float64)
    mine = float(cost(torch.tensor(kept, dtype=torch.float64).sqrt()))
    assert mine <= float(cost(grid).min()) + 1e-9
    assert kept == 0 or kept >= 2 / 3 * value - 1e-9


def test_the_edge_of_the_kept_size() -> None:
    edge = 1.5 * 0.5 ** (2 / 3)
    assert tails.kept_size(edge - 1e-9, strength=0.5) == 0
    assert tails.kept_size(edge + 1e-9, strength=0.5) == pytest.approx(2 / 3 * edge, rel=1e-6)
    assert tails.kept_size(edge, strength=1.0, weight=2.0) == 0
    assert tails.kept_size(2.0, strength=0.0) == pytest.approx(2.0)


def test_descent_leaves_one_column_at_the_kept_size() -> None:
    value, strength = 2.0, 0.6
    target = value * torch.outer(normal(3), normal(4, seed=1))
    target = target * value / torch.linalg.matrix_norm(target, 2)
    task = LinearTask(target, torch.eye(4, dtype=torch.float64))
    best = linear.ordered_factors(target, task.moments, rank=1)
    start = Factors(best.left[None], best.right[None])
    found = tails.penalised(
        start,
        task,
        chances=torch.ones(1, dtype=torch.float64),
        strengths=torch.tensor([strength], dtype=torch.float64),
        rate=0.05,
        steps=900,
    )
    size = float(torch.linalg.matrix_norm(found.product[0], 2))
    assert size == pytest.approx(tails.kept_size(value, strength=strength), rel=1e-5)
    assert float(found.left.norm()) == pytest.approx(float(found.right.norm()), rel=5e-3)


def test_without_strength_descent_is_that_of_the_mean_error() -> None:
    task = LinearTask(normal(3, 3), torch.eye(3, dtype=torch.float64))
    chances = torch.tensor([0.5, 0.5], dtype=torch.float64)
    start = linear.draw_factors(task, rank=2, scale=0.5, replicates=1, generator=stream(0, "start"))
    none = torch.zeros(1, dtype=torch.float64)
    moved = tails.penalised(start, task, chances=chances, strengths=none, rate=0.01, steps=1)
    left = start.left.clone().requires_grad_()
    linear.mean_error(Factors(left, start.right), task, chances=chances).sum().backward()
    assert left.grad is not None
    assert torch.allclose(moved.left, start.left - 0.01 * left.grad)


def test_columns_end_as_zero_from_behind_and_stay_so() -> None:
    task = LinearTask(
        torch.diag(torch.tensor([2.0, 1.0, 0.0], dtype=torch.float64)),
        torch.eye(3, dtype=torch.float64),
    )
    chances = torch.full((3,), 1 / 3, dtype=torch.float64)
    start = linear.draw_factors(task, rank=3, scale=0.5, replicates=2, generator=stream(0, "start"))
    strengths = torch.tensor([0.05, 5.0], dtype=torch.float64)
    found = tails.penalised(start, task, chances=chances, strengths=strengths, rate=0.05, steps=900)
    assert tails.columns_left(found).tolist() == [2, 0]
    assert (found.left[0, :, 2] == 0).all()
    later = tails.penalised(
        found, task, chances=chances, strengths=torch.zeros(2).double(), rate=0.05, steps=50
    )
    assert tails.columns_left(later).tolist() == [2, 0]


def test_one_start_serves_every_strength() -> None:
    task = LinearTask(normal(3, 3), torch.eye(3, dtype=torch.float64))
    chances = torch.tensor([0.5, 0.5], dtype=torch.float64)
    start = linear.draw_factors(task, rank=2, scale=0.5, replicates=1, generator=stream(0, "start"))
    strengths = torch.tensor([0.0, 0.3], dtype=torch.float64)
    repeated = Factors(start.left.repeat(2, 1, 1), start.right.repeat(2, 1, 1))
    once, twice = (
        tails.penalised(one, task, chances=chances, strengths=strengths, rate=0.05, steps=5)
        for one in (start, repeated)
    )
    assert torch.allclose(once.left, twice.left)
    assert torch.allclose(once.right, twice.right)


def test_errors_say_what_came() -> None:
    matrix = normal(2, 2)
    with pytest.raises(ValueError, match="amounts must not be negative, got -1"):
        tails.shrunk_tails(matrix, torch.tensor(-1.0, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"weight must be positive and finite, got 0"):
        tails.kept_size(1.0, strength=1.0, weight=0.0)
    with pytest.raises(ValueError, match="value must lie in"):
        tails.kept_size(-1.0, strength=1.0)
    task = LinearTask(normal(2, 2), torch.eye(2, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"a stack of 1 or 1 replicates, got \(\)"):
        tails.penalised(
            Factors(matrix, matrix),
            task,
            chances=torch.tensor([0.5, 0.5], dtype=torch.float64),
            strengths=torch.ones(1, dtype=torch.float64),
            rate=0.1,
            steps=1,
        )
