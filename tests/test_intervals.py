import numpy as np
import pytest
from scipy import stats

from runtheory.intervals import mean_interval, prediction_error


def test_interval_is_the_t_interval_of_scipy() -> None:
    values = np.random.default_rng(0).normal(2.0, 3.0, size=7)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    interval = mean_interval(values)
    np.testing.assert_allclose((interval.low, interval.high), expected, rtol=1e-12)
    assert interval.count == 7


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(size=(4000, 4))
    covered = [mean_interval(row).low <= 0 <= mean_interval(row).high for row in draws]
    # binomial standard error of a share of 0.95 in 4000 trials
    assert abs(np.mean(covered) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 4000)


def test_a_new_value_has_the_prediction_error() -> None:
    draws = np.random.default_rng(2).normal(size=(20000, 6))
    past, new = draws[:, :5], draws[:, 5]
    score = (new - past.mean(1)) / np.array([prediction_error(row) for row in past])
    assert stats.kstest(score, stats.t(4).cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("values", "confidence", "message"),
    [
        ([1.0], 0.95, "at least two"),
        ([[1.0, 2.0]], 0.95, "one axis"),
        ([1.0, np.nan], 0.95, "finite"),
        ([1.0, 2.0], 1.0, "confidence"),
    ],
)
def test_wrong_input_is_named(values: list, confidence: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_interval(values, confidence=confidence)
