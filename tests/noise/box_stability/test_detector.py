"""Boxes under dropout, their overlap with the box without, and lines that leave one out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout.masks import draw_masks
from runtheory.evaluation import intersection_over_union
from runtheory.noise.box_stability import detector, movement, scenes
from runtheory.randomness import Streams, stream


def small(seed: int = 0) -> torch.nn.Sequential:
    return detector.box_detector(generator=stream(seed, "net"), width=2, hidden=6)


def images(count: int = 3) -> torch.Tensor:
    return scenes.draw_scenes(count, generator=stream(0, "scenes"))[0]


@pytest.mark.parametrize(("place", "features"), [(detector.MAPS, 256), (detector.UNITS, 6)])
@torch.no_grad()
def test_boxes_under_dropout_in_a_loop(place, features) -> None:
    net = small()
    masks = draw_masks(4, (3, features), rate=0.3, generator=stream(1, "masks"))
    lower = net[:place](images())
    assert lower.shape == (3, features)
    found = detector.boxes_under(net, lower, masks, place=place, rate=0.3)
    for sample in range(4):
        values = lower * masks[sample] / 0.7
        for layer in net[place:]:
            values = layer(values)
        torch.testing.assert_close(found[sample], values)


@torch.no_grad()
def test_all_kept_at_rate_zero_is_the_network() -> None:
    net = small()
    lower, kept = net[: detector.UNITS](images()), torch.ones(1, 3, 6, dtype=torch.bool)
    found = detector.boxes_under(net, lower, kept, place=detector.UNITS, rate=0.0)
    torch.testing.assert_close(found[0], net(images()))
    assert bool((detector.self_overlap(found[0], found) == 1).all())


@torch.no_grad()
def test_edges_move_by_their_deviation() -> None:
    net = small()
    lower = net[: detector.UNITS](images())
    masks = draw_masks(20_000, (3, 6), rate=0.4, generator=stream(2, "masks"))
    under = detector.boxes_under(net, lower, masks, place=detector.UNITS, rate=0.4)
    weight = net.get_parameter(f"{len(net) - 1}.weight")
    expected = movement.edge_deviations(lower, weight, rate=0.4)
    torch.testing.assert_close(under.double().std(0), expected, rtol=0.05, atol=0)


@given(seed=st.integers(0, 1000))
def test_one_minus_the_overlap_is_a_distance(seed) -> None:
    drawn = torch.rand((3, 50, 4), generator=stream(seed, "boxes"), dtype=torch.float64)
    low, size = drawn[..., :2], 0.1 + drawn[..., 2:]
    boxes = torch.stack([low, low + size], 3).flatten(2)  # (box, trial, edge)
    ab, bc, ac = (
        1 - intersection_over_union(boxes[i], boxes[j]) for i, j in ((0, 1), (1, 2), (0, 2))
    )
    assert bool((ac <= ab + bc + 1e-12).all())


def test_self_overlap_in_a_loop() -> None:
    drawn = torch.rand((5, 4, 4), generator=stream(3, "boxes")).sort(-1).values[..., [0, 2, 1, 3]]
    found = detector.self_overlap(drawn[0], drawn[1:])
    assert found.shape == (4, 4)
    for sample in range(4):
        expected = intersection_over_union(drawn[0], drawn[1 + sample])
        torch.testing.assert_close(found[sample], expected)


def test_measured_is_the_mean_over_images() -> None:
    net, known = small(), scenes.environments(4, seed=1)[3:5]
    options: dict[str, Any] = {"place": detector.MAPS, "rate": 0.3}
    found = detector.measured(net, known, samples=2, generator=stream(4, "masks"), **options)
    generator = stream(4, "masks")
    for index, one in enumerate(known):
        with torch.no_grad():
            lower, clean = net[: detector.MAPS](one.images), net(one.images)
            masks = draw_masks(2, lower.shape, rate=0.3, generator=generator)
            under = detector.boxes_under(net, lower, masks, **options)
        assert float(found.stability[index]) == pytest.approx(
            float(detector.self_overlap(clean, under).mean()), abs=1e-6
        )
        assert float(found.overlap[index]) == pytest.approx(
            float(intersection_over_union(clean, one.boxes).mean()), abs=1e-6
        )
        area = (clean[:, 1] - clean[:, 0]).clamp(min=0) * (clean[:, 3] - clean[:, 2]).clamp(min=0)
        assert float(found.side[index]) == pytest.approx(float(area.sqrt().mean()), abs=1e-6)


@torch.no_grad()
def test_the_objective_is_the_mean_distance_of_edges() -> None:
    net, (shown, boxes) = small(), scenes.draw_scenes(5, generator=stream(5, "scenes"))
    plain = detector.edge_error(net, shown, boxes, Streams(0))
    assert float(plain) == pytest.approx(float((net(shown) - boxes).abs().mean()))
    masks = draw_masks(1, (5, 256), rate=0.3, generator=Streams(0)["masks"])
    lower = net[: detector.MAPS](shown)
    under = detector.boxes_under(net, lower, masks, place=detector.MAPS, rate=0.3)
    dropped = detector.edge_error(net, shown, boxes, Streams(0), drop=0.3)
    assert float(dropped) == pytest.approx(float((under[0] - boxes).abs().mean()))
    assert float(dropped) != pytest.approx(float(plain))


@given(seed=st.integers(0, 1000))
def test_left_out_errors_are_those_of_lines_fitted_without(seed) -> None:
    predictor, target = torch.rand((2, 7), generator=stream(seed, "points"), dtype=torch.float64)
    found = detector.left_out_errors(predictor, target)
    for out in range(7):
        others = np.arange(7) != out
        line = np.polyfit(predictor.numpy()[others], target.numpy()[others], 1)
        expected = abs(np.polyval(line, predictor[out].item()) - target[out].item())
        assert float(found[out]) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_constant_predicts_the_mean_of_the_others() -> None:
    target = torch.tensor([1.0, 2.0, 6.0])
    found = detector.left_out_errors(torch.ones(3), target)
    torch.testing.assert_close(found, torch.tensor([3.0, 1.5, 4.5]).double())


def test_what_is_refused() -> None:
    net, lower = small(), torch.ones(3, 6)
    masks = torch.ones(1, 3, 6, dtype=torch.bool)
    for place in (0, len(net)):
        with pytest.raises(ValueError, match="place must lie in"):
            detector.boxes_under(net, lower, masks, place=place, rate=0.3)
    with pytest.raises(ValueError, match="features must fit"):
        detector.boxes_under(net, lower, masks, place=detector.MAPS, rate=0.3)
    with pytest.raises(ValueError, match="images must be"):
        detector.edge_error(net, images()[..., :16], torch.ones(3, 4), Streams(0))
    with pytest.raises(ValueError, match="one environment alone"):
        detector.left_out_errors(torch.tensor([0.0, 0.0, 1.0]), torch.tensor([1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match="at least 3"):
        detector.left_out_errors(torch.ones(2), torch.ones(2))
    options: dict[str, Any] = {"samples": 1, "generator": stream(0, "refused")}
    with pytest.raises(ValueError, match="environments must be at least 1"):
        detector.measured(net, [], place=detector.MAPS, rate=0.3, **options)
