from __future__ import annotations

import math

import pytest
import torch

from runtheory.collapse.fitting import best_scale, cross_entropy_loss, fit, square_loss
from runtheory.collapse.frames import cross_polytope, simplex_frame
from runtheory.collapse.layers import block_penalty, block_scores, layer_grams, pairs_of
from runtheory.collapse.models import FeatureModel
from runtheory.randomness import stream


@pytest.mark.parametrize("loss", [cross_entropy_loss, square_loss])
@pytest.mark.parametrize("penalties", [(4e-3,), (2e-3, 8e-3), (2e-3, 4e-3, 1e-3)])
def test_grams_behind_every_layer_are_powers_of_that_of_the_scores(
    loss: object, penalties: tuple[float, ...]
) -> None:
    model = FeatureModel((4, 3, 2), penalties, 3e-3, bias_penalty=0.0)
    end = fit(model, loss, width=4, generator=stream(1, "layers"))  # type: ignore[arg-type]
    behind = scores = end.factors[-1]
    for matrix in end.factors[-2::-1]:
        scores = matrix @ scores
    assert float(scores.abs().max()) > 0.5
    for layer, expected in enumerate(layer_grams(model, scores)):
        torch.testing.assert_close(behind.T @ behind, expected, rtol=1e-4, atol=1e-5)
        if layer < model.layers - 1:
            behind = end.factors[-2 - layer] @ behind


def test_grams_by_a_loop_over_the_eigenvectors() -> None:
    model = FeatureModel((2, 2), (0.3, 0.7), 0.2)
    scores = torch.randn(2, 4, generator=stream(0, "scores"), dtype=torch.float64)
    values, vectors = torch.linalg.eigh(scores @ scores.T)
    found = layer_grams(model, scores)
    product = 0.3 * 0.7 * 0.2
    for layer, below in enumerate((0.2, 0.2 * 0.7)):
        power = (layer + 1) / 3
        inner = (vectors * values ** (power - 1)) @ vectors.T
        expected = product**power / below * scores.T @ inner @ scores
        torch.testing.assert_close(found[layer], expected)


def test_one_group_is_the_simplex_frame_and_pairs_are_the_cross_polytope() -> None:
    frame, polytope = simplex_frame(5), cross_polytope(6)
    torch.testing.assert_close(block_scores((5,)), frame @ frame.T)
    torch.testing.assert_close(block_scores((2, 2, 2)), polytope @ polytope.T)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_the_penalty_is_that_of_the_singular_values(layers: int) -> None:
    for sizes in ((2, 3), (4,), (2, 2, 5)):
        values = torch.linalg.svdvals(block_scores(sizes))
        values = values[values > 1e-9]
        expected = float((values ** (2 / (layers + 1))).sum())
        assert block_penalty(sizes, layers=layers) == pytest.approx(expected)


def test_pairs_cost_less_than_the_simplex_from_six_classes_and_from_four() -> None:
    for classes in range(2, 40):
        for layers in range(1, 8):
            sizes = pairs_of(classes)
            assert sum(sizes) == classes
            cheaper = block_penalty(sizes, layers=layers) < classes - 1
            first = {1: math.inf, 2: 6}.get(layers, 4)
            assert cheaper == (classes >= first), (classes, layers)


def test_where_the_penalty_is_lower_the_best_scale_is_as_well() -> None:
    for classes, layers in ((6, 2), (7, 2), (4, 3), (5, 3)):
        model = FeatureModel((1,) * classes, (1e-3,) * layers, 1e-3)
        costs = [
            best_scale(model, cross_entropy_loss, block_scores(sizes))[1]
            for sizes in (pairs_of(classes), (classes,))
        ]
        assert costs[0] < costs[1]


def test_what_is_refused() -> None:
    for sizes in ((), (1, 2)):
        with pytest.raises(ValueError, match="two classes or more"):
            block_scores(sizes)
    with pytest.raises(ValueError, match="layers"):
        block_penalty((2,), layers=0)
    with pytest.raises(ValueError, match="classes"):
        pairs_of(1)
    model = FeatureModel((1, 1), (0.1,), 0.1)
    with pytest.raises(ValueError, match="shape"):
        layer_grams(model, torch.zeros(2, 3, dtype=torch.float64))
    with pytest.raises(ValueError, match="scores"):
        layer_grams(model, torch.full((2, 2), math.nan, dtype=torch.float64))
