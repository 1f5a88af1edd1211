"""Sliders in words, and texts of numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory.explore import Smooth, settings
from tests.explore.pictures import stored


@given(st.floats(-1e300, 1e300))
def test_a_number_in_words_has_three_digits(value: float) -> None:
    assert float(settings.number(value)) == pytest.approx(value, rel=5.01e-3, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (3.5555, "3.56"), (12.0, "12"), (1234.5, "1234"), (0.25, "0.25"),
     (1 / 3, "0.333"), (2e-5, "2.00e-5"), (1e7, "1.00e7"), (-12.34, "-12.3")],
)  # fmt: skip
def test_numbers_in_words(value: float, text: str) -> None:
    assert settings.number(value) == text


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False)))
def test_a_packed_row_comes_back(row: list) -> None:
    back = settings.unpacked(settings.packed(row))
    assert [None if math.isnan(one) else one for one in back] == row


def test_middles() -> None:
    assert Smooth([1, 2, 4]).middles == [1.5, 3]
    assert Smooth([1, 4, 100], log=True).middles == [2, 20]


@pytest.mark.parametrize(("values", "log"), [([1], False), ([2, 1], False), ([0, 1], True)])
def test_values_that_are_not_smooth(values: list, log: bool) -> None:
    with pytest.raises(ValueError, match="smooth values must rise"):
        Smooth(values, log=log)


def test_the_last_slider_varies_fastest() -> None:
    grid = settings.settings({"a": (1, 2), "b": Smooth([0.5, 1.5, 2.5])})
    assert grid[:3] == [(1, 0.5), (1, 1.5), (1, 2.5)]
    told = {"controls": settings.described({"a": (1, 2), "b": Smooth([0.5, 1.5, 2.5])}, None)}
    assert [settings.index_of(told, (i, j)) for i in (0, 1) for j in (0, 1, 2)] == list(range(6))


@pytest.mark.parametrize(
    ("controls", "start", "words"),
    [
        ({}, None, "one to three sliders, got 0"),
        (dict.fromkeys("abcd", (1, 2)), None, "one to three sliders, got 4"),
        ({"a": (1,)}, None, "two places"),
        ({"a": (1, 2)}, (0, 0), "one place for each"),
        ({"a": (1, 2)}, (2,), "one place for each"),
    ],
)
def test_sliders_that_are_refused(controls: dict, start: tuple | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings.described(controls, start)


def test_three_settings_in_words() -> None:
    told = stored()
    assert settings.start_of(told) == [1, 0]
    assert settings.three(told) == [[0, 0], [1, 0], [2, 1]]
    assert settings.said(told, (2, 1)) == "height: 2, kind: double"


def test_two_settings_are_not_three() -> None:
    told = {"controls": settings.described({"a": (1, 2)}, None)}
    assert settings.three(told) == [[0], [1]]
