"""Every public function, sent its bad inputs in a process without the tests' import hook.

A call must end in a clear error of the package or in a result that is documented. The counts are
printed (``pytest -s``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract import documented, outcome, variants

ROOT = Path(__file__).parents[2]
KINDS = ("raw", "silent", "broken", "missing")


@dataclass
class Answers:
    """The counts by package, the lines of failures, and what is documented."""

    counts: dict[str, dict[str, int]]
    failures: list[str]
    documented: set[tuple[str, str, str, str]]


@pytest.fixture(scope="module")
def answers() -> Answers:
    command = [sys.executable, "-m", "tests.contract.send"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = Answers({}, [], set())
    for line in done.stdout.splitlines():
        told = json.loads(line)
        if "counts" in told:
            found.counts = told["counts"]
        elif told["became"] == "documented":
            place = (told[key] for key in ("function", "argument", "variant", "came"))
            found.documented.add(tuple(place))
        else:
            found.failures.append(line)
    return found


def test_no_call_ends_raw_or_in_a_silent_wrong_result(answers: Answers) -> None:
    total = Counter[str]()
    for package, count in answers.counts.items():
        print(f"{package}: {json.dumps(count)}")
        total.update(count)
    print(f"together: {json.dumps(total)}")
    assert not answers.failures, "\n".join(answers.failures)
    assert not any(total[kind] for kind in KINDS)
    assert total["calls"] > 10_000


def test_every_excuse_is_needed_and_none_says_more_than_it_excuses(answers: Answers) -> None:
    listed = [place for excuse in documented.DOCUMENTED for place in excuse.each()]
    assert len(listed) == len(set(listed))
    assert set(listed) == answers.documented


def test_what_once_gave_a_wrong_number_is_refused_in_words() -> None:
    command = [sys.executable, "-m", "tests.contract.known"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    *answered, cases = done.stdout.splitlines()
    assert not answered, "\n".join(answered)
    assert int(cases) > 70


def test_an_error_of_python_or_of_a_library_is_raw() -> None:
    with pytest.raises(TypeError) as raised:
        outcome.has_nan()  # type: ignore[call-arg]
    assert outcome.of_error(raised.value) == "raw"


@pytest.mark.parametrize(
    ("must", "result", "became"),
    [
        ("any", 1.0, "fine"),
        ("refused", 1.0, "silent"),
        ("spread", 1.0, "silent"),
        ("spread", {"a": [float("nan")]}, "fine"),
        ("rank", 1.0, "silent"),
    ],
)
def test_what_a_result_counts_as(must: str, result: object, became: str) -> None:
    variant = variants.Variant("nan", float("nan"), must)
    assert outcome.of_result(result, variant, {"x": 1.0}, "x", '"batch"') == became
