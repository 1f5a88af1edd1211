"""What a row may hold, and what becomes of a configuration."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runtheory.plain import check_row, plain


@pytest.mark.parametrize("value", [np.float64(0.5), np.int64(3), (1,), {"a": 1}, 1j])
def test_other_values_are_refused(value) -> None:
    with pytest.raises(TypeError, match="column 'x' must be text, a number"):
        check_row({"x": value})


@pytest.mark.parametrize("value", [["a"], [True], [[1], [None]], [np.float64(1)], [(1, 2)]])
def test_a_list_holds_numbers_alone(value) -> None:
    with pytest.raises(TypeError, match=r"column 'x'.* (must be|may list numbers)"):
        check_row({"x": value})


def test_numbers_in_a_list_must_be_finite() -> None:
    with pytest.raises(ValueError, match=r"column 'x'\[1\]\[0\] must be finite, got nan"):
        check_row({"x": [[1.0], [math.nan]]})


def test_plain_rows_pass() -> None:
    check_row({"a": 1, "b": 0.5, "c": "x", "d": None, "e": True, "f": [[1, 2.0], []]})


def test_a_configuration_becomes_what_json_gives_back() -> None:
    assert plain("config", {1: (2, (3,)), "a": {"b": [None]}}) == {
        "1": [2, [3]],
        "a": {"b": [None]},
    }
    with pytest.raises(TypeError, match=r"config\['a'\]\[0\] must be text, a number"):
        plain("config", {"a": (1j,)})
    with pytest.raises(ValueError, match=r"config\['a'\] must be finite"):
        plain("config", {"a": math.inf})
