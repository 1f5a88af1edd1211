"""Ranges are refused in one wording, for numbers, arrays and sequences; NaN always is."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory import checks

REFUSED = {
    "rate must lie in [0, 1), got 1.0": lambda: checks.in_interval(0, 1, ends="[)", rate=1.0),
    "rate must lie in [0, 1), got 1.2": lambda: checks.in_interval(0, 1, ends="[)", rate=1.2),
    "delta must lie in (0, 1), got 0": lambda: checks.in_interval(0, 1, ends="()", delta=0),
    "share must lie in [0, 1], got nan": lambda: checks.in_interval(0, 1, share=math.nan),
    "power must lie in (0.05, 1], got 0.01": lambda: checks.in_interval(
        1 - 0.95, 1, ends="(]", power=0.01
    ),
    "risk must lie in [0, 1], got 1.5": lambda: checks.in_interval(
        0, 1, risk=np.array([[0.5, 1.0], [1.5, -1.0]])
    ),
    "samples must be at least 1, got 0": lambda: checks.at_least(1, batch=2, samples=0),
    "counts must be at least 1, got 0": lambda: checks.at_least(1, counts=(3, 0, 1)),
    "variances must not be negative, got -1.0": lambda: checks.not_negative(variances=[1.0, -1.0]),
    "noise must be positive, got 0.0": lambda: checks.positive(noise=0.0),
    "times must be positive, got nan": lambda: checks.positive(times=np.array([1.0, np.nan])),
    "alpha must be positive and finite, got inf": lambda: checks.positive_finite(alpha=math.inf),
    "labels must lie in 0 to 9, got 11": lambda: checks.labels_below(torch.tensor([3, 11]), 10),
    "test labels must lie in 0 to 2, got -1": lambda: checks.labels_below(
        np.array([-1, 7]), 3, name="test labels"
    ),
    "ends must be one of": lambda: checks.in_interval(0, 1, ends="][", rate=0.5),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_value_out_of_range_is_named_with_what_was_asked(message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        REFUSED[message]()


@given(value=st.floats(), low=st.floats(-5, 5), width=st.floats(0, 5))
def test_an_interval_holds_what_its_inequalities_say(value, low, width) -> None:
    high = low + width
    inside = {
        "[]": low <= value <= high,
        "[)": low <= value < high,
        "(]": low < value <= high,
        "()": low < value < high,
    }
    for ends, expected in inside.items():
        for form in (value, [value], np.array([value]), np.float64(value)):
            try:
                checks.in_interval(low, high, ends=ends, value=form)
                complied = True
            except ValueError:
                complied = False
            assert complied == expected


def test_what_complies_or_is_empty_passes() -> None:
    checks.at_least(1, samples=1, widths=[], counts=np.array([], dtype=int))
    checks.positive(rate=math.inf)
    checks.positive_finite(rate=5e-324)
    checks.labels_below(torch.tensor([0, 2]), 3)
    checks.labels_below(torch.tensor([], dtype=torch.int64), 0)


# In a process of its own: the shape checks of the test session are no part of what is compiled.
COMPILED = """
import torch
from runtheory import checks
@torch.compile(fullgraph=True, backend="eager")
def scaled(values, rate):
    checks.in_interval(0, 1, ends="[)", rate=rate)
    checks.at_least(1, samples=2)
    checks.positive(rate=rate)
    return values / (1 - rate)
assert scaled(torch.ones(2), 0.5).tolist() == [2.0, 2.0]
"""


def test_numbers_are_checked_inside_a_compiled_function() -> None:
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
