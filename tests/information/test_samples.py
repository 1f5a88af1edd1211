from __future__ import annotations

import numpy as np
import pytest
import torch

from runtheory.information.samples import equal_columns, sample
from tests.information.shared import unchecked

take = unchecked(sample)


def test_arrays_and_whole_numbers_become_float_rows() -> None:
    rows = torch.ones(3, 2)
    assert take(rows, "points") is rows
    for given in (np.ones((3, 2)), torch.ones(3, 2, dtype=torch.int32), np.ones((3, 2), np.uint8)):
        found = take(given, "points")
        assert found.dtype == torch.float64
        assert torch.equal(found, rows.double())


def test_what_is_no_sample_is_named() -> None:
    for given, text in [
        (torch.ones(3), r"points must have shape \(sample, feature\), at least 1 by 1, got \(3,\)"),
        (torch.ones(1, 3, 1, 1), r"got \(1, 3, 1, 1\)"),
        (torch.ones(0, 3), r"got \(0, 3\)"),
        (torch.ones(3, 0), r"got \(3, 0\)"),
        (torch.tensor([[1.0, torch.nan]]), "points must be finite"),
        (torch.tensor([[1.0, -torch.inf]]), "points must be finite"),
    ]:
        with pytest.raises(ValueError, match=text):
            take(given, "points")
    with pytest.raises(ValueError, match="at least 2 by 1"):
        take(torch.ones(1, 3), "points", least=2)
    with pytest.raises(TypeError, match="points must be real numbers"):
        take(torch.ones(3, 2) * 1j, "points")
    nothing: tuple[object, ...] = ([[1.0, 2.0]], None, np.array([["a"]]))
    for thing in nothing:
        with pytest.raises(TypeError, match="points must be a tensor or a NumPy array"):
            take(thing, "points")
    with pytest.raises(ValueError, match="same dimension, got 2 and 3"):
        equal_columns(torch.ones(3, 2), torch.ones(3, 3))
