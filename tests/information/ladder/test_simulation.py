from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats

from runtheory.information.ladder import GaussianMeanModel, ramp, simulation
from runtheory.information.ladder import binary_gaussian as bg


@pytest.mark.parametrize("parameters", [(1, 3, 0.5), (2, 20, 0.3), (10, 20, 1.0), (60, 10, 2.0)])
def test_errors_and_divergences_agree_with_a_simulation_from_the_definition(parameters):
    model = GaussianMeanModel(*parameters, deviation=1.7)
    generator = torch.Generator().manual_seed(3)
    draws = simulation.simulate(model, 20_000, generator=generator)
    ladder = bg.solve(model)
    count = len(draws.train)
    difference = (draws.test < 0).double() - (draws.train < 0).double()
    error = float(difference.std()) / math.sqrt(count)
    assert abs(float(difference.mean()) - ladder.gap) < 4 * error
    for margins, expected in ((draws.train, ladder.train_error), (draws.test, ladder.test_error)):
        wrong = float((margins < 0).double().mean())
        assert abs(wrong - expected) < 4 * math.sqrt(expected * (1 - expected) / count) + 1e-12
    both = float(((draws.test < 0) & (draws.train >= 0)).double().mean())
    expected = float(ladder.losses.table[0, 1])
    assert abs(both - expected) < 4 * math.sqrt(expected / count)
    clipped = [((0.5 - part) / 1.0).clamp(0, 1) for part in (draws.test, draws.train)]
    gap = clipped[0] - clipped[1]
    exact = ramp.solve_ramp(model, 0.5).gap
    assert abs(float(gap.mean()) - exact) < 4 * float(gap.std()) / math.sqrt(count)


def test_a_training_example_is_normal_around_the_weights():
    model = GaussianMeanModel(4, 5, 0.8)
    draws = simulation.simulate(model, 20_000, generator=torch.Generator().manual_seed(1))
    rest = (draws.train - draws.weight_norm) / model.shrinkage
    assert stats.kstest(rest.numpy(), "norm").pvalue > 1e-3
    assert abs(float(torch.corrcoef(torch.stack([rest, draws.weight_norm]))[0, 1])) < 0.03


def test_a_simulation_does_not_depend_on_how_many_are_drawn_at_a_time_in_law():
    model = GaussianMeanModel(3, 4, 0.5)
    small = simulation.simulate(model, 1001, generator=torch.Generator().manual_seed(0), chunk=64)
    assert len(small.train) == len(small.test) == len(small.weight_norm) == 1001
    large = simulation.simulate(model, 1000, generator=torch.Generator().manual_seed(0))
    again = simulation.simulate(model, 1000, generator=torch.Generator().manual_seed(0))
    assert torch.equal(large.train, again.train)
    assert stats.ks_2samp(small.train.numpy(), large.train.numpy()).pvalue > 1e-3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: simulation.simulate(
                GaussianMeanModel(3, 5, 1.0), 0, generator=torch.Generator()
            ),
            "draws must be at least 1, got 0",
        ),
    ],
)
def test_wrong_arguments_of_simulation_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
