from __future__ import annotations

import torch
from torch import Tensor

from runtheory.collapse.descent import largest_slope, minimise
from runtheory.randomness import stream


def test_rosenbrock_is_minimised_to_rounding() -> None:
    point = torch.tensor([-1.2, 1.0], dtype=torch.float64)

    def objective() -> Tensor:
        return (1 - point[0]) ** 2 + 100 * (point[1] - point[0] ** 2) ** 2

    assert minimise(objective, [point]) < 1e-18
    torch.testing.assert_close(point.detach(), torch.ones(2, dtype=torch.float64))


def test_several_parameters_move_at_once_and_the_objective_is_returned() -> None:
    generator = stream(0, "descent")
    left, right = torch.randn(2, 3, 3, generator=generator, dtype=torch.float64)
    target = torch.randn(3, 3, generator=generator, dtype=torch.float64)

    def objective() -> Tensor:
        decay = 0.05 * (left.square().sum() + right.square().sum())
        return (left @ right - target).square().sum() / 2 + decay

    value = minimise(objective, [left, right])
    # Two squared norms are a nuclear norm: soft threshold of the singular values by 2 * 0.05.
    lengths = torch.linalg.svdvals(target)
    rest = (lengths - 0.1).clamp(min=0)
    torch.testing.assert_close(
        torch.tensor(value, dtype=torch.float64),
        ((lengths - rest).square() / 2 + 0.1 * rest).sum(),
    )
    assert largest_slope(objective, [left, right]) < 1e-8


def test_one_round_leaves_a_hard_problem_unfinished() -> None:
    point = torch.linspace(-2, 2, 40, dtype=torch.float64)

    def objective() -> Tensor:
        head, tail = point[:-1], point[1:]
        return ((1 - head) ** 2 + 100 * (tail - head**2) ** 2).sum()

    first = minimise(objective, [point], rounds=1)
    assert first > 1e-12
    assert minimise(objective, [point]) < first
