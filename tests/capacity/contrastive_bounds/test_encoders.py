"""Encoders: a step by hand, replicates and temperatures apart, scores with retrieval, measures."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from runtheory.capacity.contrastive_bounds import encoders, losses, views
from runtheory.randomness import stream


def problem(replicates: int = 2) -> tuple[encoders.Encoders, views.World]:
    world = views.draw_world(
        5, amplitudes=(2.0, 1.0), noise=0.2, replicates=replicates, generator=stream(0, "w")
    )
    start = encoders.draw_encoders(
        5, hidden=6, coordinates=3, replicates=replicates, generator=stream(0, "e")
    )
    return start, world


def course(**changes) -> encoders.Course:
    return replace(encoders.Course(losses.info_nce, 0.01, 3, 8), **changes)


def run(start, world, *, temperatures=(0.1,), **changes) -> encoders.Trained:
    return encoders.trained(
        start,
        world,
        course=course(**changes),
        temperatures=temperatures,
        generator=stream(0, "t"),
    )


def unit(*shape: int) -> torch.Tensor:
    normal = torch.randn(shape, generator=stream(3, "unit"), dtype=torch.float64)
    return torch.nn.functional.normalize(normal, dim=-1)


@pytest.mark.parametrize("sharpness", [None, 4.0])
def test_the_first_step_of_adam_goes_by_the_sign_of_the_gradient(sharpness) -> None:
    start, world = problem()
    found = run(start, world, steps=1, sharpness=sharpness)
    drawn = views.draw_views(world, examples=8, generator=stream(0, "t"))[1]
    parts = [part.clone().requires_grad_() for part in (start.inward, start.biases, start.outward)]
    embeddings = encoders.embedded(encoders.Encoders(*parts), drawn)
    scores = encoders.pair_scores(embeddings, sharpness=sharpness) / 0.1
    loss = 0.1 * losses.info_nce(scores).mean((0, 2)).sum()
    slopes = torch.autograd.grad(loss, parts)
    squares = sum(slope.square().sum((0, 2, 3)) for slope in slopes)
    torch.testing.assert_close(found.norms[0, 0], squares.sqrt().double(), rtol=1e-4, atol=1e-6)
    for before, after, slope in zip(
        parts, (found.net.inward, found.net.biases, found.net.outward), slopes, strict=True
    ):
        clear = slope.abs() > 1e-5
        expected = (before - 0.01 * slope.sign())[clear]
        torch.testing.assert_close(after[0][clear], expected, rtol=0, atol=1e-4)


def test_temperatures_and_replicates_do_not_see_each_other() -> None:
    start, world = problem()
    before = start.inward.clone()
    both = run(start, world, temperatures=(0.1, 0.5))
    for place, temperature in enumerate((0.1, 0.5)):
        alone = run(start, world, temperatures=(temperature,))
        torch.testing.assert_close(both.net.outward[place], alone.net.outward[0])
        torch.testing.assert_close(both.norms[:, place], alone.norms[:, 0])
    assert torch.equal(before, start.inward)
    views_drawn = views.draw_views(world, examples=6, generator=stream(1, "t"))[1]
    scores = encoders.pair_scores(encoders.embedded(both.net, views_drawn))
    changed = replace(start, inward=start.inward.clone())
    changed.inward[:, 1] += 1.0
    other = run(changed, world, temperatures=(0.1, 0.5))
    torch.testing.assert_close(other.net.outward[:, :, 0], both.net.outward[:, :, 0])
    assert not torch.allclose(other.net.outward[:, :, 1], both.net.outward[:, :, 1])
    assert scores.shape == (2, 2, 2, 6, 6)


def test_training_brings_partners_together() -> None:
    start, world = problem()
    drawn = views.draw_views(world, examples=64, generator=stream(2, "t"))[1]
    trained = run(start, world, steps=150, examples=16, rate=0.03, temperatures=(0.3,))
    before = encoders.alignment(encoders.embedded(start, drawn))
    after = encoders.alignment(encoders.embedded(trained.net, drawn))[0]
    assert float((after - before).mean()) > 0.2


def test_scores_of_pairs_by_loops() -> None:
    embeddings = unit(2, 1, 4, 3)
    first, second = embeddings[:, 0]
    scores = encoders.pair_scores(embeddings)
    torch.testing.assert_close(scores[0, 0], first @ second.T)
    torch.testing.assert_close(scores[1, 0], second @ first.T)
    found = encoders.pair_scores(embeddings, sharpness=3.0)
    for side, (store, other) in enumerate(((first, second), (second, first))):
        own = losses.retrieved(store, store, sharpness=3.0)
        cross = losses.retrieved(other, store, sharpness=3.0)
        torch.testing.assert_close(found[side, 0], own @ cross.T)


def test_embeddings_by_a_loop() -> None:
    start, world = problem()
    drawn = views.draw_views(world, examples=3, generator=stream(3, "t"))[1]
    found = encoders.embedded(start, drawn)
    units = (drawn[1, 0, 2] @ start.inward[1, 0] + start.biases[1, 0, 0]).clamp(min=0)
    output = units @ start.outward[1, 0]
    torch.testing.assert_close(found[1, 0, 2], output / output.norm())


def test_measures_by_hand() -> None:
    corners = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    assert float(encoders.effective_rank(corners)) == pytest.approx(2)
    line = torch.tensor([[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]])
    assert float(encoders.effective_rank(line)) == pytest.approx(1, abs=1e-5)
    three = torch.tensor([[2.0, 0], [-2, 0], [0, 1], [0, -1]])  # shares 4/5 and 1/5
    expected = math.exp(-0.8 * math.log(0.8) - 0.2 * math.log(0.2))
    assert float(encoders.effective_rank(three)) == pytest.approx(expected)
    even = math.log((2 * math.exp(-4) + math.exp(-8)) / 3)
    assert float(encoders.uniformity(corners)) == pytest.approx(even)
    assert float(encoders.uniformity(torch.ones(5, 2))) == pytest.approx(0)
    both = torch.stack([corners, corners.flip(0)])[:, None]
    assert encoders.alignment(both).tolist() == [0]
    assert encoders.alignment(torch.stack([corners, corners])[:, None]).tolist() == [1]


def test_wrong_arguments_are_named() -> None:
    start, world = problem()
    for call, text in [
        (lambda: run(start, world, temperatures=()), "temperatures"),
        (lambda: run(start, world, temperatures=(0.0,)), "temperatures"),
        (lambda: run(start, world, rate=0.0), "rate"),
        (lambda: run(start, world, steps=0), "steps"),
        (lambda: run(start, world, examples=0), "examples"),
        (lambda: run(start, world, sharpness=-1.0), "sharpness"),
        (
            lambda: encoders.draw_encoders(
                0, hidden=1, coordinates=1, replicates=1, generator=stream(0, "e")
            ),
            "features",
        ),
        (lambda: encoders.embedded(start, torch.full((2, 2, 3, 5), torch.nan)), "finite"),
        (lambda: encoders.effective_rank(torch.ones(3, 2)), "variance"),
        (lambda: encoders.effective_rank(torch.ones(1, 2)), "examples"),
        (lambda: encoders.uniformity(torch.ones(1, 2)), "examples"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
