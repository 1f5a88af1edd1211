"""The measure of memory sees what a child takes, also where the process that made it is larger."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.peak import peak_megabytes, peak_of
from tools import notebooks

TAKEN = """
early = bytearray(80 << 20)
del early
start()
late = bytearray(40 << 20)
print("taken")
"""
LARGE = """
import sys
taken = bytearray(b"1") * (2 << 30)
from tests.test_peak import TAKEN
from tests.peak import peak_megabytes
print(peak_megabytes(TAKEN))
"""


def test_what_is_taken_after_the_start_is_counted_and_no_earlier_peak() -> None:
    grown, printed = peak_of(TAKEN)
    assert 40 <= grown < 45
    assert printed == "taken"
    assert peak_megabytes("start()") < 5


@pytest.mark.skipif(sys.platform != "linux", reason="reads the files of Linux")
def test_a_child_of_a_large_process_is_measured_alike() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE], cwd=notebooks.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert 40 <= float(done.stdout) < 45


def test_a_child_that_fails_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        peak_of("start()\n1 / 0")
