"""Products of two factors on a linear task: every cut, its least error, and how it is reached."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from runtheory.capacity.ordered_dropout import linear
from runtheory.capacity.ordered_dropout.linear import Factors, LinearTask
from runtheory.dropout.ordered import draw_lengths, keep_chances, prefix_masks
from runtheory.randomness import stream

UNEVEN = torch.tensor([0.4, 0.1, 0.3, 0.2], dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=stream(seed, "normal"), dtype=torch.float64)


def drawn_task(outputs: int = 6, inputs: int = 5, seed: int = 0) -> LinearTask:
    mixing = normal(inputs, inputs, seed=seed + 1)
    return LinearTask(normal(outputs, inputs, seed=seed), mixing @ mixing.mT / inputs)


def drawn(task: LinearTask, *, rank: int = 4, replicates: int = 3, scale: float = 0.5) -> Factors:
    return linear.draw_factors(
        task, rank=rank, scale=scale, replicates=replicates, generator=stream(0, "start")
    )


@given(seed=st.integers(0, 50), rank=st.integers(1, 4))
def test_no_cut_beats_its_least_error_and_the_ordered_factors_reach_all(seed, rank) -> None:
    task = drawn_task(seed=seed)
    least = linear.least_errors(task, rank)
    errors = linear.prefix_errors(drawn(task, rank=rank), task)
    assert (errors >= least - 1e-9).all()
    best = linear.ordered_factors(task.target, task.moments, rank=rank)
    assert torch.allclose(linear.prefix_errors(best, task), least, atol=1e-9)
    if rank > 1:  # A reversed order is no solution.
        turned = Factors(best.left.flip(-1), best.right.flip(-1))
        assert linear.prefix_errors(turned, task)[0] > least[0] + 1e-6


def test_errors_are_means_over_inputs() -> None:
    """From the definition: the squared error of every cut on every input, in loops."""
    inputs, target = normal(40, 5), normal(6, 5, seed=3)
    task = LinearTask(target, inputs.mT @ inputs / 40)
    factors = drawn(task, replicates=2)
    errors = linear.prefix_errors(factors, task)
    for replicate in range(2):
        for kept in range(1, 5):
            left = factors.left[replicate, :, :kept]
            right = factors.right[replicate, :, :kept]
            apart = [(target @ x - left @ (right.mT @ x)).square().sum() for x in inputs]
            assert float(errors[replicate, kept - 1]) == pytest.approx(
                float(sum(apart)) / 40, rel=1e-12
            )


def test_least_errors_are_discarded_eigenvalues() -> None:
    task = LinearTask(torch.eye(3, dtype=torch.float64), torch.diag(torch.tensor([4.0, 1.0, 9.0])))
    task = LinearTask(task.target, task.moments.double())
    assert linear.least_errors(task, 3).tolist() == pytest.approx([5.0, 1.0, 0.0])


def test_the_mean_over_lengths_is_the_weighted_sum_of_the_cuts() -> None:
    task = drawn_task()
    factors = drawn(task)
    listed = linear.prefix_errors(factors, task) @ UNEVEN
    assert torch.allclose(linear.mean_error(factors, task, chances=UNEVEN), listed, rtol=1e-12)


def test_both_of_two_columns_are_kept_as_often_as_masks_keep_them() -> None:
    masks = prefix_masks(torch.arange(1, 5), 4).double()
    looped = sum(p * torch.outer(m, m) for p, m in zip(UNEVEN, masks, strict=True))
    assert torch.allclose(linear.joint_chances(UNEVEN), looped, rtol=1e-12)


def test_the_solution_orders_the_columns() -> None:
    """With correlated inputs, from three starts: the same columns, up to their scale."""
    task = drawn_task(seed=4)
    found = linear.minimised(drawn(task), task, chances=UNEVEN, rounds=3000)
    least = linear.least_errors(task, 4).expand(3, -1)
    assert torch.allclose(linear.prefix_errors(found, task), least, atol=1e-8)
    best = linear.ordered_factors(task.target, task.moments, rank=4)
    cosines = torch.nn.functional.cosine_similarity(found.left, best.left, dim=-2).abs()
    assert torch.allclose(cosines, torch.ones_like(cosines), atol=1e-6)


def test_plain_fitting_finds_the_map_and_no_order() -> None:
    task = drawn_task(seed=4)
    whole = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64)
    found = linear.minimised(drawn(task), task, chances=whole, rounds=500)
    errors, least = linear.prefix_errors(found, task), linear.least_errors(task, 4)
    assert torch.allclose(errors[:, 3], least[3].expand(3), atol=1e-8)
    assert (errors[:, :3] > least[:3] + 1e-3).all()


def test_solving_never_raises_the_mean_error() -> None:
    task = drawn_task(seed=7)
    factors = drawn(task)
    before = linear.mean_error(factors, task, chances=UNEVEN)
    for _ in range(20):
        factors = linear.minimised(factors, task, chances=UNEVEN, rounds=1)
        after = linear.mean_error(factors, task, chances=UNEVEN)
        assert (after <= before + 1e-12).all()
        before = after


def test_a_step_is_the_gradient_of_the_drawn_cut() -> None:
    task = drawn_task(seed=2)
    start = drawn(task, replicates=2)
    masks = prefix_masks(torch.tensor([[2, 4]]), 4)
    moved = linear.descended(start, task, masks=masks, rate=0.01)
    left, right = (part.clone().requires_grad_() for part in (start.left, start.right))
    errors = linear.prefix_errors(Factors(left, right), task)
    (errors[0, 1] + errors[1, 3]).backward()
    assert left.grad is not None
    assert right.grad is not None
    assert torch.allclose(moved.left, start.left - 0.01 * left.grad, rtol=1e-12)
    assert torch.allclose(moved.right, start.right - 0.01 * right.grad, rtol=1e-12)


def test_no_drawn_step_moves_the_solution() -> None:
    """Each cut is at its own minimum, so that drawing lengths makes no noise there."""
    task = drawn_task(seed=5)
    best = linear.ordered_factors(task.target, task.moments, rank=4)
    stacked = Factors(best.left[None], best.right[None])
    for length in range(1, 5):
        masks = prefix_masks(torch.tensor([[length]]), 4)
        moved = linear.descended(stacked, task, masks=masks, rate=0.1)
        assert torch.allclose(moved.left, stacked.left, atol=1e-12)
        assert torch.allclose(moved.right, stacked.right, atol=1e-12)


def test_descent_with_drawn_lengths_reaches_every_least_error() -> None:
    target = torch.diag(torch.tensor([2.0, 1.4, 0.8], dtype=torch.float64))
    task = LinearTask(target, torch.eye(3, dtype=torch.float64))
    even = torch.full((3,), 1 / 3, dtype=torch.float64)
    lengths = draw_lengths((3000, 2), chances=even, generator=stream(0, "lengths"))
    start = drawn(task, rank=3, replicates=2)
    found = linear.descended(start, task, masks=prefix_masks(lengths, 3), rate=0.05)
    least = linear.least_errors(task, 3)
    assert torch.allclose(linear.prefix_errors(found, task), least.expand(2, -1), atol=1e-7)


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_rotated_cuts_err_by_their_mean(rank) -> None:
    """Balanced factors under Haar rotations, within 5 standard errors; all and none exactly."""
    values = torch.tensor([3.0, 2.0, 1.5, 1.0, 0.2], dtype=torch.float64)[:rank]
    turns = torch.linalg.qr(normal(4000, rank, rank)).Q
    signs = normal(4000, 1, rank, seed=9).sign()
    half = values.sqrt().diag() @ (turns * signs)
    task = LinearTask(values.diag(), torch.eye(rank, dtype=torch.float64))
    errors = linear.prefix_errors(Factors(half, half), task)
    for kept in range(1, rank):
        stated = linear.rotated_cut_error(values, kept=kept)
        seen = errors[:, kept - 1]
        assert abs(seen.mean() - stated) < 5 * seen.std() / math.sqrt(4000)
    assert float(linear.rotated_cut_error(values, kept=rank)) == 0
    whole = float(values.square().sum())
    assert float(linear.rotated_cut_error(values, kept=0)) == pytest.approx(whole)


def test_the_worked_example_of_the_page() -> None:
    target = torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64))
    task = LinearTask(target, torch.eye(2, dtype=torch.float64))
    first = torch.tensor([[1.5**0.5], [0.5**0.5]], dtype=torch.float64)
    assert float(linear.prefix_errors(Factors(first, first), task)) == pytest.approx(4)
    assert float(linear.rotated_cut_error(torch.tensor([3.0, 1.0]), kept=1)) == pytest.approx(4.5)
    assert linear.least_errors(task, 2).tolist() == pytest.approx([1, 0])
    other = LinearTask(target, torch.diag(torch.tensor([1 / 36, 1.0], dtype=torch.float64)))
    leading = linear.ordered_factors(target, other.moments, rank=1).left[:, 0]
    assert leading.abs().tolist() == pytest.approx([0, 1])


def test_singular_moments_and_single_precision() -> None:
    task = LinearTask(torch.eye(3), torch.diag(torch.tensor([2.0, 1.0, 0.0])))
    best = linear.ordered_factors(task.target, task.moments, rank=3)
    assert best.left.dtype == torch.float32
    assert torch.allclose(
        linear.prefix_errors(best, task), torch.tensor([1.0, 0.0, 0.0]), atol=1e-6
    )
    assert keep_chances(UNEVEN.float()).dtype == torch.float32


def test_errors_say_what_came() -> None:
    task = drawn_task()
    start = drawn(task)
    with pytest.raises(ValueError, match=r"chances must have one entry a column, 4, got 2"):
        linear.mean_error(start, task, chances=torch.tensor([0.5, 0.5], dtype=torch.float64))
    zero = Factors(start.left, torch.zeros_like(start.right))
    with pytest.raises(ValueError, match="columns of a factor must be independent"):
        linear.minimised(zero, task, chances=UNEVEN, rounds=1)
    with pytest.raises(ValueError, match=r"factors must be of a map \(6, 5\)"):
        linear.prefix_errors(Factors(start.right, start.left), task)
    with pytest.raises(ValueError, match=r"a stack of 2 replicates of rank 4, got \(3,\) and 4"):
        linear.descended(start, task, masks=torch.ones(1, 2, 4, dtype=torch.bool), rate=0.1)
    with pytest.raises(ValueError, match=r"rank must lie in \[1, 6\], got 7"):
        linear.least_errors(task, 7)
