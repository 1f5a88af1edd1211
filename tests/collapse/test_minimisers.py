from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from runtheory.collapse.minimisers import (
    class_pressures,
    collapse_threshold,
    cross_entropy_minimiser,
    factor_lengths,
    square_minimiser,
    surviving_share,
)
from runtheory.collapse.models import FeatureModel
from tests.collapse.examples import FOUR, UNEVEN


def test_norms_of_the_one_layer_frames() -> None:
    model, minimiser = UNEVEN, square_minimiser(UNEVEN)
    total, weight, feature = 21, 8e-3, 1e-2
    for k, count in enumerate(model.class_counts):
        row = math.sqrt(count * feature / weight) - total * feature
        column = math.sqrt(weight / (count * feature)) - total * weight / count
        assert float(minimiser.classifier_norms[k]) ** 2 == pytest.approx(row)
        assert float(minimiser.feature_norms[k]) ** 2 == pytest.approx(column)
    off = minimiser.classifier_gram - torch.diag(minimiser.classifier_gram.diagonal())
    assert float(off.abs().max()) == 0


@pytest.mark.parametrize("wrong", [-0.1, math.nan])
def test_a_pressure_that_is_none_is_refused(wrong: float) -> None:
    pressures = torch.tensor([0.2, wrong, math.inf], dtype=torch.float64)
    with pytest.raises(ValueError, match="pressure must not be negative"):
        surviving_share(pressures, layers=2)
    pressures[1] = 0.1
    assert float(surviving_share(pressures, layers=2)[2]) == 0


def test_class_pressures_of_one_layer() -> None:
    expected = [21 * math.sqrt(8e-3 * 1e-2 / n) for n in (12, 6, 3)]
    assert class_pressures(UNEVEN).tolist() == pytest.approx(expected)


def test_classes_below_the_threshold_die() -> None:
    dying = FeatureModel((400, 4, 3), (1e-2,), 3.5 / 407**2 / 1e-2)  # N^2 l_W l_H = 3.5
    assert (square_minimiser(dying).classifier_norms > 0).tolist() == [True, True, False]


def test_bias_path_cosine_and_bias() -> None:
    count, classes = 5, 4
    constant = math.sqrt(5e-3 * 3e-3)
    samples = count * classes
    edge = samples * constant / (math.sqrt(count) - samples * constant)
    for penalty in (edge / 3, edge * 0.99, edge * 1.01, 5.0, 1e6):
        minimiser = square_minimiser(replace(FOUR, bias_penalty=penalty))
        plain = math.sqrt(count) - samples * constant
        ones = max(math.sqrt(count) - samples * constant * (1 + 1 / penalty), 0)
        cosine = (ones - plain) / (plain * (classes - 1) + ones)
        assert float(minimiser.classifier_cosines[0, 1]) == pytest.approx(cosine, abs=1e-12)
        alive = math.sqrt(count) * constant / penalty
        bias = alive if ones > 0 else 1 / (classes * (1 + penalty))
        assert float(minimiser.bias[0]) == pytest.approx(bias)


def test_cross_entropy_vanishes_at_its_threshold() -> None:
    for factor, alive in ((0.999, True), (1.001, False)):
        penalty = factor / (4 * math.sqrt(5))
        model = FeatureModel((5,) * 4, (penalty,), penalty)
        minimiser = cross_entropy_minimiser(model)
        assert bool((minimiser.classifier_norms > 0).all()) is alive
        if not alive:
            assert float(minimiser.loss) == pytest.approx(math.log(4))


@pytest.mark.parametrize("layers", [1, 2, 3, 6])
def test_the_share_solves_its_equation_and_jumps_at_the_threshold(layers: int) -> None:
    edge = collapse_threshold(layers)
    pressure = edge * torch.tensor([0.01, 0.3, 0.9, 1 - 1e-12, 1.0, 1.5], dtype=torch.float64)
    share = surviving_share(pressure, layers=layers)
    exponent = (layers - 1) / (layers + 1)
    residual = (1 - share[:4]) * share[:4] ** exponent - pressure[:4]
    assert float(residual.abs().max()) < 1e-15
    assert share[4:].tolist() == [0, 0]
    assert float(share[3]) == pytest.approx((layers - 1) / layers, abs=1e-10)
    # The loss of the surviving root meets that of the null solution exactly there.
    u, p = (layers - 1) / layers, layers + 1
    if layers > 1:
        difference = ((1 - u) ** 2 - 1) / 2 + p / 2 * edge * u ** (2 / p)
        assert abs(difference) < 1e-15


def test_deep_null_solution_wins_beyond_the_threshold() -> None:
    model = FeatureModel((5,) * 4, (0.1, 0.1), 0.1)
    scale = collapse_threshold(2) / float(class_pressures(model)[0])
    for factor, alive in ((0.97, True), (1.03, False)):
        penalty = 0.1 * scale * factor
        minimiser = square_minimiser(FeatureModel((5,) * 4, (penalty, penalty), penalty))
        assert bool(minimiser.classifier_norms[0] > 0) is alive
        assert (float(minimiser.loss) < 0.5 - 1e-3) is alive


def test_factor_lengths_multiply_to_the_singular_value_and_share_the_penalty() -> None:
    model = replace(FOUR, layer_penalties=(2e-2, 1e-2))
    singular = torch.tensor([3.0, 0.2], dtype=torch.float64)
    lengths = factor_lengths(model, singular)  # (factor, mode)
    torch.testing.assert_close(lengths.prod(0), singular)
    penalties = torch.tensor([2e-2, 1e-2, 3e-3], dtype=torch.float64)
    costs = penalties[:, None] * lengths.square()
    torch.testing.assert_close(costs, costs[:1].expand(3, 2))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: square_minimiser(replace(FOUR, smoothing=0.1)), "smoothing 0"),
        (lambda: square_minimiser(replace(UNEVEN, bias_penalty=1.0)), "0 or infinity"),
        (lambda: cross_entropy_minimiser(UNEVEN), "one size"),
        (lambda: collapse_threshold(0), "got 0"),
    ],
)
def test_models_without_a_closed_form_are_refused(call: Callable[[], object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
