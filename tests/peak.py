"""By how much code lets the memory of a process rise: in a child, by the kernel's own high mark.

Not ``ru_maxrss``: across ``exec`` Linux keeps there the peak of the process that made the child,
and a child of a large one seems never to grow.
"""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

PROGRAM = """
def _kibibytes(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(key + ":"))
def start():
    global _before
    try:
        with open("/proc/self/clear_refs", "w") as mark:
            mark.write("5")  # the high mark falls to what is held now
    except OSError:
        pass  # it stays, and the memory is counted that rises above it
    _before = _kibibytes("VmHWM")
"""


def peak_of(code: str, *arguments: str) -> tuple[float, str]:
    """Run code in a new process; return by how many MiB its peak rose after it called ``start()``.

    The second value is what the code printed. Without ``/proc`` the test is skipped.
    """
    if sys.platform != "linux":
        pytest.skip("the peak is read from the files of Linux")
    program = PROGRAM + dedent(code) + "\nprint(_kibibytes('VmHWM') - _before)"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *printed, grown = done.stdout.splitlines()
    return int(grown) / 1024, "\n".join(printed)


def peak_megabytes(code: str, *arguments: str) -> float:
    """Return the first value of :func:`peak_of`."""
    return peak_of(code, *arguments)[0]
