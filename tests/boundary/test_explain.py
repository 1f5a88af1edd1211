"""Errors of libraries are told by the values that caused them; others are left alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from runtheory.boundary import checked
from runtheory.boundary.explain import explained


@checked
def root(matrix: Float[Tensor, "row row"], *, power: float = 1.0) -> Tensor:
    return torch.linalg.cholesky(matrix) * (1 / power)


@checked
def largest(values: Float[np.ndarray, "value"]) -> float:
    return float(values[0])


def test_the_value_at_fault_is_named() -> None:
    with pytest.raises(ValueError, match="matrix must be finite, got NaN or infinity") as raised:
        root(torch.full((2, 2), math.nan))
    assert isinstance(raised.value.__cause__, torch.linalg.LinAlgError)
    with pytest.raises(ValueError, match=r"values must not be empty, got shape \(0,\)"):
        largest(np.zeros(0))
    with pytest.raises(ValueError, match="root has no finite value at power = 0"):
        root(torch.eye(2), power=0.0)


def test_an_error_that_the_values_do_not_explain_is_left_alone() -> None:
    with pytest.raises(torch.linalg.LinAlgError):
        root(-torch.eye(2))
    named = {"matrix": torch.full((2, 2), math.nan)}
    assert explained(ValueError("said already"), "root", named) is None


def test_an_exception_that_no_value_causes_passes() -> None:
    class Pruned(Exception):
        """Ends a search from inside."""

    @checked
    def called(values: Float[Tensor, "value"], function: Callable[[Tensor], Tensor]) -> Tensor:
        return function(values)

    def prune(values: Tensor) -> Tensor:
        raise Pruned

    with pytest.raises(Pruned):
        called(torch.full((2,), math.nan), prune)


def test_values_that_cannot_be_read_are_not_looked_at() -> None:
    error = RuntimeError("something")
    for value in (torch.empty(2, device="meta"), torch.tensor([1, 2]), "text", None):
        assert explained(error, "root", {"value": value}) is None
    assert explained(error, "root", {"value": torch.zeros(2).to(torch.float8_e4m3fn)}) is None
    assert explained(error, "root", {"value": math.inf}) is not None
