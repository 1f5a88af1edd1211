"""Crossed factors over blocks: sums of squares by hand, contrasts by hand, Holm by hand."""

import numpy as np
import pytest
from scipy.stats import f, t

from runtheory.factorial import contrasts, holm, variance_table

FIRST, SECOND, BLOCKS = ("a", "b", "c"), ("x", "y"), 4


def rows(seed: int = 0) -> tuple[list[dict], np.ndarray]:
    values = np.random.default_rng(seed).normal(size=(BLOCKS, len(FIRST), len(SECOND)))
    values[:, 1] += 2.0
    listed = [
        {"seed": k, "one": one, "two": two, "value": float(values[k, i, j])}
        for k in range(BLOCKS)
        for i, one in enumerate(FIRST)
        for j, two in enumerate(SECOND)
    ]
    return listed, values


def test_the_table_is_the_balanced_decomposition() -> None:
    listed, values = rows()
    grand = values.mean()
    cells, first, second = values.mean(0), values.mean((0, 2)), values.mean((0, 1))
    expected = {
        "seed": 6 * ((values.mean((1, 2)) - grand) ** 2).sum(),
        "one": 8 * ((first - grand) ** 2).sum(),
        "two": 12 * ((second - grand) ** 2).sum(),
        "one × two": 4 * ((cells - first[:, None] - second + grand) ** 2).sum(),
    }
    total = ((values - grand) ** 2).sum()
    expected["rest"] = total - sum(expected.values())
    found = {
        source.name: source for source in variance_table(listed, "value", factors=("one", "two"))
    }
    for name, square in expected.items():
        assert found[name].share == pytest.approx(square / total, rel=1e-9)
    ratio = (expected["one"] / 2) / (expected["rest"] / 15)
    assert found["one"].statistic == pytest.approx(ratio, rel=1e-9)
    assert found["one"].p_value == pytest.approx(float(f.sf(ratio, 2, 15)), rel=1e-6)


def test_an_interaction_is_a_difference_of_differences() -> None:
    listed, values = rows()
    weights = {("b", "y"): 1.0, ("b", "x"): -1.0, ("a", "y"): -1.0, ("a", "x"): 1.0}
    (found,) = contrasts(listed, "value", {"interaction": weights}, factors=("one", "two"))
    differences = values[:, 1, 1] - values[:, 1, 0] - values[:, 0, 1] + values[:, 0, 0]
    assert found.interval.mean == pytest.approx(differences.mean())
    statistic = differences.mean() / (differences.std(ddof=1) / np.sqrt(BLOCKS))
    assert found.p_value == pytest.approx(float(2 * t.sf(abs(statistic), BLOCKS - 1)))
    assert found.holm_p_value == pytest.approx(found.p_value)


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


@pytest.mark.parametrize("wrong", [-1.0, 2.0, np.nan])
def test_what_is_no_p_value_is_not_corrected(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"p_values.* must (lie in \[0, 1\]|be a number), got"):
        holm([0.04, wrong])


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_measure_that_is_not_finite_is_refused(wrong: float) -> None:
    listed, _ = rows()
    listed[0]["value"] = wrong
    with pytest.raises(ValueError, match=r"value must be finite, got .* in seed 0"):
        variance_table(listed, "value", factors=("one", "two"))
    with pytest.raises(ValueError, match="value must be finite"):
        contrasts(listed, "value", {"odd": {("a", "x"): 1.0}}, factors=("one", "two"))


@pytest.mark.parametrize("lost", ["value", "seed", "one", "two"])
def test_a_row_without_a_column_is_refused(lost: str) -> None:
    listed, _ = rows()
    del listed[-1][lost]
    with pytest.raises(ValueError, match=f"every row must have '{lost}', got one with"):
        variance_table(listed, "value", factors=("one", "two"))


def test_a_contrast_without_spread_is_not_tested() -> None:
    listed, _ = rows()
    for row in listed:
        row["value"] = float(row["one"] == "a")
    weights = {("a", "x"): 1.0, ("b", "x"): -1.0}
    with pytest.raises(ValueError, match=r"step is 1.0 in every seed: no spread"):
        contrasts(listed, "value", {"step": weights}, factors=("one", "two"))


def test_incomplete_blocks_and_unknown_cells_are_refused() -> None:
    listed, _ = rows()
    with pytest.raises(ValueError, match="another has"):
        variance_table(listed[:-1], "value", factors=("one", "two"))
    with pytest.raises(ValueError, match="occurs twice"):
        variance_table([*listed, listed[0]], "value", factors=("one", "two"))
    with pytest.raises(ValueError, match="asks for"):
        contrasts(listed, "value", {"odd": {("a", "z"): 1.0}}, factors=("one", "two"))


def test_a_level_none_is_a_level_like_others() -> None:
    listed, _ = rows()
    named = [{**row, "one": None if row["one"] == "a" else row["one"]} for row in listed]
    found, expected = (
        variance_table(some, "value", factors=("one", "two")) for some in (named, listed)
    )
    shares = [source.share for source in expected]
    assert [source.share for source in found] == pytest.approx(shares, rel=1e-9)


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        (lambda row: row["seed"] == 0, r"two blocks .*got 1 and \[3, 2\]"),
        (lambda row: row["two"] == "x", r"two levels .*got 4 and \[3, 1\]"),
        (lambda row: (row["one"], row["two"]) != ("a", "x"), "3 by 2 of .*got 5"),
    ],
)
def test_what_has_no_table_is_refused(keep, told: str) -> None:
    listed = list(filter(keep, rows()[0]))
    with pytest.raises(ValueError, match=told):
        variance_table(listed, "value", factors=("one", "two"))


def test_a_measure_that_does_not_vary_has_no_table() -> None:
    listed = [{**row, "value": 1.0} for row in rows()[0]]
    with pytest.raises(ValueError, match=r"1\.0 in all rows"):
        variance_table(listed, "value", factors=("one", "two"))
