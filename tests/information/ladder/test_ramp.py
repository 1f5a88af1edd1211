from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, stats

from runtheory.information.ladder import GaussianMeanModel, ramp
from runtheory.information.ladder import conditional_laws as cl

GRID = [
    (dimension, samples, mean)
    for dimension in (1, 2, 3, 10, 60, 400)
    for samples in (2, 3, 10, 50, 500)
    for mean in (0.0, 0.1, 1.0, 3.0)
]


def test_the_ramp_loss_beside_transport_and_divergence():
    near = ramp.solve_ramp(GaussianMeanModel(10, 20, 1.0), 0.5)
    assert near.gap == pytest.approx(0.0933, abs=6e-5)
    assert near.output_transport == pytest.approx(0.387, abs=6e-4)
    assert near.input_transport == pytest.approx(0.695, abs=6e-4)
    assert near.output == pytest.approx(0.216, abs=6e-4)
    tied = ramp.solve_ramp(GaussianMeanModel(50, 200, 1.0), 1.0)
    assert tied.output_transport == pytest.approx(0.110, abs=6e-4)
    assert tied.output == pytest.approx(0.115, abs=6e-4)
    for parameters in GRID[::3]:
        for margin in (0.1, 1.0):
            solved = ramp.solve_ramp(GaussianMeanModel(*parameters), margin)
            best = min(solved.output_transport, solved.output)
            assert best >= solved.gap - 1e-9, parameters
            assert solved.input_transport >= solved.output_transport - 1e-6, parameters


def test_the_mean_of_a_ramp_against_integration():
    for centre, spread, margin in ((0.3, 1.0, 0.5), (-2.0, 0.4, 1.5)):

        def integrand(m, centre=centre, spread=spread, margin=margin):
            ramp = np.clip((margin - m) / (2 * margin), 0, 1)
            return ramp * stats.norm.pdf(m, centre, spread)

        exact = integrate.quad(integrand, -12, 12, points=[-margin, margin], epsabs=1e-12)[0]
        assert float(cl.ramp_mean(np.array([centre]), spread, margin)[0]) == pytest.approx(
            exact, 1e-9
        )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ramp.solve_ramp(GaussianMeanModel(3, 5, 1.0), 0.0), "margin must be positive"),
    ],
)
def test_wrong_arguments_of_ramp_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
