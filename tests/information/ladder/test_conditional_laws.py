from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from runtheory.information.ladder import GaussianMeanModel
from runtheory.information.ladder import conditional_laws as cl


def test_the_divergences_agree_with_an_average_over_drawn_weights():
    model = GaussianMeanModel(6, 8, 0.7)
    random = np.random.default_rng(0)
    mean = np.zeros(6)
    mean[0] = 0.7
    weights = mean + random.standard_normal((50_000, 6)) / math.sqrt(8)
    norm = np.linalg.norm(weights, axis=1)
    other = weights @ mean / norm
    variance = 7 / 8
    kl = 0.5 * (variance - 1 - math.log(variance) + (norm - other) ** 2)
    train, test = stats.norm.sf(norm / math.sqrt(variance)), stats.norm.sf(other)
    binary = train * np.log(train / test) + (1 - train) * np.log((1 - train) / (1 - test))
    spread = 1 - math.sqrt(variance)
    line = stats.foldnorm.mean(np.abs(norm - other) / spread, scale=spread)
    deep = np.sqrt(((weights - mean) ** 2).sum(1) + 6 * spread**2)
    laws = cl.conditional_laws(model)
    exact = (cl.output_kl(laws), cl.decision_kl(laws))
    exact += (cl.output_wasserstein(laws), cl.input_wasserstein(laws))
    for sample, value in zip((kl, binary, line, deep), exact, strict=True):
        assert abs(sample.mean() - value) < 4 * sample.std() / math.sqrt(len(sample))


def test_the_transport_given_the_weights_is_the_mean_of_a_folded_normal():
    """Two samples: the spreads differ by 0.29, so that both terms of the closed form count."""
    laws = cl.conditional_laws(GaussianMeanModel(2, 2, 0.4), order=40)
    spread = 1 - math.sqrt(0.5)
    folded = stats.foldnorm.mean(np.abs(laws.discrepancy) / spread, scale=spread)
    assert cl.output_wasserstein(laws) == pytest.approx(laws.law.expect(folded), rel=1e-12)


def test_margins_are_in_units_of_the_deviation():
    laws, scaled = (
        cl.conditional_laws(GaussianMeanModel(3, 5, 0.7 * unit, unit)) for unit in (1.0, 2.5)
    )
    for name in ("train_centre", "test_centre", "train_error", "test_error"):
        np.testing.assert_allclose(getattr(scaled, name), getattr(laws, name), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GaussianMeanModel(0, 5, 1.0), "dimension must be at least 1, got 0"),
        (lambda: GaussianMeanModel(3, 1, 1.0), "samples must be at least 2, got 1"),
        (lambda: GaussianMeanModel(3, 5, -1.0), "mean must be finite and not negative"),
        (lambda: GaussianMeanModel(3, 5, math.nan), "mean must be finite and not negative"),
        (lambda: GaussianMeanModel(3, 5, 1.0, 0.0), "deviation must be positive"),
    ],
)
def test_wrong_arguments_of_conditional_laws_are_named(
    call: Callable[[], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call()
