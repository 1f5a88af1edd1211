"""What a draw promises: one generator, independent gates, plans of their own memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from runtheory.mixing import CLIPPED, Placement, draw_cutmix, draw_cutout, draw_mixup
from runtheory.mixing.draw import _draw_edges
from tests.mixing.batches import generator

SHAPE = (4, 1, 8, 8)
COUNT = 20_000


def test_the_generator_alone_decides_and_the_global_one_is_left_alone() -> None:
    state = torch.get_rng_state()
    first, second, third = (
        draw_cutmix((32, 1, 28, 28), generator=generator(seed)) for seed in (5, 5, 6)
    )
    assert torch.equal(first.boxes.edges, second.boxes.edges)
    assert torch.equal(first.partner, second.partner)
    assert not torch.equal(first.boxes.edges, third.boxes.edges)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_probability_does_not_move_the_other_numbers() -> None:
    always = draw_cutmix((200, 1, 8, 8), generator=generator(5))
    half = draw_cutmix((200, 1, 8, 8), probability=0.5, generator=generator(5))
    drawn = half.boxes.edges.any(dim=1)
    assert torch.equal(always.partner, half.partner)
    assert torch.equal(always.boxes.edges[drawn], half.boxes.edges[drawn])


# Arguments with which a box that is drawn is sure to hold a pixel.
DRAWS: dict[str, Callable[..., Any]] = {
    "cutmix": partial(draw_cutmix, alpha=8.0),
    "mixup": draw_mixup,
    "cutout": partial(draw_cutout, size=32),
}


def opened(method: str, *, per_image: bool, seed: int, count: int) -> torch.Tensor:
    """Return which of ``count`` images were mixed, at probability 0.3."""
    given = {"per_image": per_image, "probability": 0.3, "generator": generator(seed)}
    mixed: torch.Tensor = DRAWS[method]((count, 1, 64, 64), **given).share > 0
    return mixed


@pytest.mark.parametrize("method", ["cutmix", "mixup", "cutout"])
def test_a_gate_for_each_image_opens_with_its_probability(method: str) -> None:
    mixed = opened(method, per_image=True, seed=0, count=COUNT).double()
    assert abs(mixed.mean() - 0.3) < 5 * math.sqrt(0.3 * 0.7 / COUNT)


@pytest.mark.parametrize("method", ["cutmix", "mixup", "cutout"])
def test_a_gate_for_the_batch_opens_for_all_or_none(method: str) -> None:
    batches = 400
    states = [opened(method, per_image=False, seed=seed, count=3) for seed in range(batches)]
    assert all(state.all() or not state.any() for state in states)
    share = sum(float(state[0]) for state in states) / batches
    assert abs(share - 0.3) < 5 * math.sqrt(0.3 * 0.7 / batches)


@pytest.mark.parametrize("method", ["cutmix", "mixup"])
def test_one_lambda_for_the_batch_is_one_for_all(method: str) -> None:
    share = DRAWS[method]((9, 1, 32, 32), per_image=False, generator=generator()).share
    assert (share == share[0]).all()


def test_every_row_of_a_shared_draw_has_memory_of_its_own() -> None:
    plan = draw_cutmix(SHAPE, per_image=False, generator=generator())
    plan.boxes.edges[0] = 0
    assert plan.boxes.edges[1:].any()
    blended = draw_mixup(SHAPE, per_image=False, generator=generator())
    blended.share[0] = 0
    assert (blended.share[1:] > 0).all()


def test_cutout_squares_have_their_side_in_pixels_on_any_image() -> None:
    plan = draw_cutout((200, 1, 9, 13), size=4, placement=Placement(0.0), generator=generator())
    top, bottom, left, right = plan.boxes.edges.unbind(1)
    assert (bottom - top == 4).all()
    assert (right - left == 4).all()


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan"), float("inf")])
def test_an_alpha_that_is_no_parameter_is_refused(alpha: float) -> None:
    for draw in (draw_cutmix, draw_mixup):
        with pytest.raises(ValueError, match=r"alpha must be (positive and finite|a number)"):
            draw(SHAPE, alpha=alpha, generator=generator())


def test_other_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match=r"probability must lie in \[0, 1\]"):
        draw_cutmix(SHAPE, probability=1.2, generator=generator())
    with pytest.raises(ValueError, match="must have shape"):
        draw_cutmix((4, 8, 8), generator=generator())
    with pytest.raises(ValueError, match="at least 2 images"):
        draw_cutmix((1, 1, 8, 8), derangement=True, generator=generator())
    with pytest.raises(ValueError, match=r"size must lie in \[1, 8\]"):
        draw_cutout(SHAPE, size=9, generator=generator())


def test_a_name_in_the_place_of_a_placement_is_refused() -> None:
    side = torch.full((2,), 0.5, dtype=torch.float64)
    edges = _draw_edges((side, side), (8, 8), CLIPPED, generator=generator())
    assert edges.shape == (2, 4)
    # Called within, because at the boundary the suite's own type checks speak first.
    unchecked = _draw_edges.__wrapped__ if hasattr(_draw_edges, "__wrapped__") else _draw_edges
    with pytest.raises(TypeError, match="placement must be a rule such as CLIPPED, got 'inside'"):
        unchecked((side, side), (8, 8), "inside", generator=generator())  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(9, 9), (7, 12)])
@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_boxes_are_those_of_the_rule_number_by_number(size: tuple[int, int], alpha: float) -> None:
    plan = draw_cutmix((50, 1, *size), alpha=alpha, probability=0.5, generator=generator(3))
    source = generator(3)
    assert plan.partner.tolist() == torch.randperm(50, generator=source).tolist()
    gamma = torch._standard_gamma(
        torch.full((2, 50), alpha + 1, dtype=torch.float64), generator=source
    )
    uniform = torch.rand(2, 50, dtype=torch.float64, generator=source)
    logarithms = gamma.log() + torch.log1p(-uniform) / alpha
    sides = torch.sigmoid(logarithms[0] - logarithms[1]).sqrt().tolist()
    positions = torch.rand(2, 50, dtype=torch.float64, generator=source).tolist()
    opens = (torch.rand(50, dtype=torch.float64, generator=source) < 0.5).tolist()
    for i in range(50):
        edges = []
        for axis, pixels in enumerate(size):
            first = (positions[axis][i] - 0.5 * sides[i]) * pixels
            for end in (first, first + sides[i] * pixels):
                edges.append(min(max(math.ceil(end - 0.5), 0), pixels) * opens[i])
        assert plan.boxes.edges[i].tolist() == edges
