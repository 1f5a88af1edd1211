"""What a row may hold, and what becomes of a configuration."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runtheory.plain import check_row, plain, plain_row


@pytest.mark.parametrize("value", [np.float64(0.5), np.int64(3), (1,), {"a": 1}, 1j])
def test_other_values_are_refused(value) -> None:
    with pytest.raises(TypeError, match="column 'x' must be text, a number"):
        check_row({"x": value})


@pytest.mark.parametrize("value", [["a"], [True], [[1], ["b"]], [np.float64(1)], [(1, 2)]])
def test_a_list_holds_numbers_alone(value) -> None:
    with pytest.raises(TypeError, match=r"column 'x'.* (must be|may list numbers)"):
        check_row({"x": value})


def test_numbers_in_a_list_must_be_finite() -> None:
    with pytest.raises(ValueError, match=r"column 'x'\[1\]\[0\] must be finite, got nan"):
        check_row({"x": [[1.0], [math.nan]]})


def test_plain_rows_pass() -> None:
    check_row({"a": 1, "b": 0.5, "c": "x", "d": None, "e": True, "f": [[1, None], []]})


def test_a_measured_row_becomes_plain_and_what_is_not_finite_none() -> None:
    array = np.array([[1.0, math.nan], [-math.inf, 2.0]])
    row = {"a": np.float64(0.5), "b": np.int64(3), "c": np.bool_(True), "d": math.nan, "e": array}
    found = plain_row({**row, "f": (1, math.inf), "g": "nan", "h": np.float32("nan")})
    assert found == {
        "a": 0.5, "b": 3, "c": True, "d": None, "e": [[1.0, None], [None, 2.0]],
        "f": [1, None], "g": "nan", "h": None,
    }  # fmt: skip
    check_row(found)
    assert [type(found[name]) for name in "abc"] == [float, int, bool]
    assert row["e"] is array
    with pytest.raises(TypeError, match="must be text, a number"):
        check_row(plain_row({"x": object()}))


def test_a_configuration_becomes_what_json_gives_back() -> None:
    assert plain("config", {1: (2, (3,)), "a": {"b": [None]}}) == {
        "1": [2, [3]],
        "a": {"b": [None]},
    }
    with pytest.raises(TypeError, match=r"config\['a'\]\[0\] must be text, a number"):
        plain("config", {"a": (1j,)})
    with pytest.raises(ValueError, match=r"config\['a'\] must be finite"):
        plain("config", {"a": math.inf})
