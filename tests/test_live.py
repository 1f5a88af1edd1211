"""A live run beside a record: means, pooled spread and degrees of freedom by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from runtheory.live import live_evidence, live_family, pooled_degrees
from runtheory.records import Record
from tests.example_records import ARMS, EIGHT, RUNS, without


def test_a_family_differs_in_the_named_columns_alone() -> None:
    other = {"masks": 8, "rate": 0.8}
    assert live_family(RUNS, EIGHT, {"rate": 0.8}) == [EIGHT, other]
    assert live_family(RUNS, EIGHT, {"masks": 1}) == [{"rate": 0.5, "masks": 1}, EIGHT]
    both = [{"masks": masks, "rate": rate} for masks, rate in ARMS]
    assert live_family(without(RUNS, masks=0), EIGHT, {"masks": 1, "rate": 0.8}) == both
    assert live_family(RUNS, {"masks": 8, "rate": 0.1}, {"masks": 1}) == []


def test_a_family_with_an_arm_that_lacks_the_column_is_refused() -> None:
    with pytest.raises(KeyError, match="column 'rate' is not in every selected row"):
        live_family(RUNS, EIGHT, {"masks": 1, "rate": 0.8})
    with pytest.raises(KeyError, match="'mask'"):
        live_family(RUNS, EIGHT, {"mask": 1})


def evidence(record: Record = RUNS, columns=("loss",), steps=(20,), **given):
    arm: Mapping = given.pop("arm", EIGHT)
    family = given.pop("family", live_family(record, EIGHT, {"masks": 1}))
    change = given.pop("change", np.asarray)
    return live_evidence(record, columns, steps, arm=arm, family=family, change=change)


def test_evidence_of_a_live_run_by_hand() -> None:
    # Step 20: (9, 10, 14) has mean 11 and variance 7, (2, 2, 5) has variance 3: 5 pooled.
    # Step 10: (4, 4, 7) has mean 5 and variance 3, (1, 3, 5) has variance 4: 3.5 pooled.
    # A new run differs from the mean of three by the root of 4/3 of that.
    means, error, degrees = evidence(columns=("loss", "twice"), steps=(20, 10))
    np.testing.assert_array_equal(means, [[11.0, 22.0], [5.0, 10.0]])
    variances = np.array([[5.0, 20.0], [3.5, 14.0]])
    np.testing.assert_allclose(error, np.sqrt(variances * 4 / 3), rtol=1e-14)
    # Step 20: deviations (-2, -1, 3) and (-1, -1, 2) have the covariances 7, 3 and 4.5.
    assert degrees[0, 0] == pytest.approx(2 * (7 + 3) ** 2 / (7**2 + 3**2 + 2 * 4.5**2))
    assert degrees[0, 1] == pytest.approx(degrees[0, 0])  # whatever the unit


def test_the_arm_gives_the_means_and_the_family_the_spread() -> None:
    family = [EIGHT, {"masks": 8, "rate": 0.8}]  # variances 7 and 19
    for arm, mean in ((EIGHT, 11.0), ({"masks": 8, "rate": 0.8}, 3.0), ({"masks": 1}, 3.0)):
        means, error, degrees = evidence(arm=arm, family=family)
        np.testing.assert_allclose(means, [[mean]], rtol=1e-14)
        np.testing.assert_allclose(error, [[np.sqrt(13 * 4 / 3)]], rtol=1e-14)
        assert 2 <= degrees <= 4
    _, error, degrees = evidence(family=[EIGHT])
    np.testing.assert_allclose(error, [[np.sqrt(7 * 4 / 3)]], rtol=1e-14)
    assert degrees == 2


def test_a_step_of_none_is_the_last_row_of_a_run() -> None:
    for mine, last in zip(evidence(steps=(None, 10)), evidence(steps=(20, 10)), strict=True):
        np.testing.assert_array_equal(mine, last)


def test_the_change_comes_before_mean_and_variance() -> None:
    means, error, _ = evidence(change=np.log)
    logs = np.log([[9.0, 2.0], [10.0, 2.0], [14.0, 5.0]])
    np.testing.assert_allclose(means, [[logs[:, 0].mean()]], rtol=1e-14)
    variance = logs.var(axis=0, ddof=1).mean()
    np.testing.assert_allclose(error, [[np.sqrt(variance * 4 / 3)]], rtol=1e-14)


def test_arms_that_move_alike_have_the_degrees_of_one() -> None:
    alike = np.array([[1.0, 4.0, 2.0, 0.0], [3.0, 9.0, 5.0, 1.0]])
    alike[1] = 2 * alike[0] + 7
    apart = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0], [1.0, -1.0, -1.0, 1.0]])
    assert pooled_degrees(alike) == pytest.approx(3)
    assert pooled_degrees(apart) == pytest.approx(3 * 3)
    assert pooled_degrees(apart[:1]) == pytest.approx(3)
    assert pooled_degrees(np.ones((2, 4))) == 3
    both = np.stack([alike, apart[:2]], axis=-1)
    np.testing.assert_allclose(pooled_degrees(both), [3, 6])


@pytest.mark.parametrize("common", [0.0, 1.0, 5.0])
def test_a_new_run_is_no_further_off_than_the_degrees_allow(common: float) -> None:
    # Five seeds in three arms, many times over, and what a seed does to all; the sixth is new.
    generator, count = np.random.default_rng(0), 40_000
    draws = generator.normal(size=(3, 6, count)) + common * generator.normal(size=(6, count))
    table, new = draws[:, :5], draws[0, 5]
    variance = table.var(axis=1, ddof=1).mean(axis=0)
    score = np.abs(new - table[0].mean(axis=0)) / np.sqrt(variance * (1 + 1 / 5))
    for alarm in (0.1, 0.01):
        share = np.mean(score > stats.t.ppf(1 - alarm / 2, pooled_degrees(table)))
        naive = np.mean(score > stats.t.ppf(1 - alarm / 2, 3 * 4))  # as if seeds were fresh
        assert share <= alarm + 4 * np.sqrt(alarm / count)
        assert naive > alarm + 4 * np.sqrt(alarm / count) or common == 0


def test_an_arm_that_is_not_singled_out_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2 runs of each seed equal {'masks': 8}"):
        evidence(arm={"masks": 8})
    with pytest.raises(ValueError, match="2 runs of each seed"):
        evidence(family=[EIGHT, {"rate": 0.5}])


def test_evidence_needs_steps_a_family_and_a_second_seed() -> None:
    with pytest.raises(ValueError, match="grid: 0 steps, 2 arms, 3 seeds"):
        evidence(steps=())
    with pytest.raises(ValueError, match="grid: 1 steps, 0 arms, 3 seeds"):
        evidence(family=[])
    with pytest.raises(ValueError, match="grid: 1 steps, 2 arms, 1 seeds"):
        evidence(replace(RUNS, seeds=(2,)))
    with pytest.raises(ValueError, match="rows of each seed"):
        evidence(steps=(30,))
    with pytest.raises(KeyError, match="'losses'"):
        evidence(columns=("losses",))
