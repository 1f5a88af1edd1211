"""The error of data sets: it is one of running, not of a wrong argument or of the system."""

from __future__ import annotations

from runtheory.data import DataError


def test_a_data_error_is_neither_a_value_error_nor_one_of_the_system() -> None:
    assert issubclass(DataError, RuntimeError)
    assert not issubclass(DataError, ValueError | OSError)
