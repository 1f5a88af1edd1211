import math

import numpy as np
import pytest

from runtheory.information.ladder.binary_gaussian import solve
from runtheory.information.ladder.conditional_laws import GaussianMeanModel
from runtheory.information.ladder.masked_inputs import (
    dropped_errors,
    expected_rank,
    masked_information,
)


def test_errors_are_those_of_drawn_masks() -> None:
    model, rate, draws = GaussianMeanModel(6, 5, 1.2), 0.4, 60_000
    generator = np.random.default_rng(0)
    mean = np.full(6, 1.2 / math.sqrt(6))
    examples = mean + generator.standard_normal((draws, 5, 6))
    weights = examples.mean(1)
    new = mean + generator.standard_normal((draws, 6))
    found = dropped_errors(model, rate)
    for expected, shown in zip(found, (examples[:, 0], new), strict=True):
        kept = generator.random((draws, 6)) >= rate
        margins = (weights * kept * shown).sum(1)
        wrong = np.where(kept.any(1), margins < 0, 0.5)
        assert abs(wrong.mean() - expected) < 4 * wrong.std() / math.sqrt(draws)


def test_no_dropout_is_the_model_and_all_dropped_is_a_guess() -> None:
    model = GaussianMeanModel(4, 7, 0.8)
    whole = solve(model, order=64)
    assert dropped_errors(model, 0.0) == pytest.approx((whole.train_error, whole.test_error))
    assert dropped_errors(model, 1.0) == pytest.approx((0.5, 0.5))
    for rate in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="rate"):
            dropped_errors(model, rate)


def test_information_is_the_rank_times_the_logarithm() -> None:
    generator = np.random.default_rng(1)
    weights = generator.standard_normal((4, 3))
    kept = generator.random((40, 4, 3)) >= 0.6
    kept[0], kept[1] = True, False
    found = masked_information(weights, kept, samples=9)
    ranks = np.linalg.matrix_rank(kept * weights)
    np.testing.assert_allclose(found, ranks / 2 * math.log(9 / 8), rtol=1e-9, atol=1e-12)
    assert ranks.min() == 0
    assert ranks.max() == 3


def test_information_is_that_of_simulated_pairs() -> None:
    generator, samples, draws = np.random.default_rng(2), 3, 400_000
    masked = np.array([[1.0, 0.0], [0.5, -2.0]])
    examples = generator.standard_normal((draws, samples, 2))
    shown, mean = examples[:, 0] @ masked.T, examples.mean(1)
    joint = np.cov(np.hstack([shown, mean]).T)
    parts = [np.linalg.slogdet(block)[1] for block in (joint[:2, :2], joint[2:, 2:], joint)]
    drawn = (parts[0] + parts[1] - parts[2]) / 2
    found = masked_information(masked, np.ones((1, 2, 2), dtype=bool), samples=samples)[0]
    assert found == pytest.approx(drawn, rel=0.02)


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.8, 1.0])
def test_expected_ranks_by_hand(rate: float) -> None:
    keep = 1 - rate
    assert expected_rank(inputs=1, outputs=3, rate=rate) == pytest.approx(1 - rate**3)
    both = 1 - (1 - keep**2) ** 2  # a diagonal is kept
    expected = (1 - rate**4) + both
    assert expected_rank(inputs=2, outputs=2, rate=rate) == pytest.approx(expected, abs=1e-12)


def test_what_cannot_be_masked_is_refused() -> None:
    weights, kept = np.ones((2, 3)), np.ones((1, 2, 3), dtype=bool)
    with pytest.raises(ValueError, match="shape"):
        masked_information(weights, kept[:, :, :2], samples=3)
    with pytest.raises(ValueError, match="finite"):
        masked_information(weights * math.nan, kept, samples=3)
    with pytest.raises(ValueError, match="samples"):
        masked_information(weights, kept, samples=1)
    with pytest.raises(ValueError, match="12 weights"):
        expected_rank(inputs=4, outputs=4, rate=0.5)
    for rate in (-0.1, math.nan):
        with pytest.raises(ValueError, match="rate"):
            expected_rank(inputs=2, outputs=2, rate=rate)
