"""Faults that are planted: which, where, and that a test that looks notices them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import mutants as planting
from tools.mutants import fate, is_killed, mutants, sample

SOURCE = '''"""A module."""

LIMIT: int = 7


def grown(value: float, by: float = 2) -> float:
    if value <= 0 and by != 3:
        raise ValueError(f"{value - 1} is too small")
    return value + by
'''
LOOKS = "from runtheory.one import grown\n\ndef test_it():\n    assert grown(1.0) == 3.0\n"


def test_every_operator_number_and_default_is_changed_once() -> None:
    made = mutants(Path("one.py"), SOURCE)
    assert sorted(one.what for one in made) == sorted(
        ["2 -> 3", "LtE -> Lt", "0 -> 1", "And -> Or", "NotEq -> Eq", "3 -> 4", "Add -> Sub"]
    )
    assert len({one.source for one in made}) == len(made)
    for one in made:
        ast.parse(one.source)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {
        "src/runtheory/__init__.py": "",
        "src/runtheory/one.py": SOURCE,
        "src/runtheory/untested.py": "X = 1 + 2\n",
        "tests/test_one.py": LOOKS,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_sample_repeats_and_takes_modules_that_have_a_test(tree: Path) -> None:
    drawn = sample(tree, 4, seed=1)
    assert [one.what for one in drawn] == [one.what for one in sample(tree, 4, seed=1)]
    assert {str(one.file) for one in sample(tree, 99, seed=1)} == {"src/runtheory/one.py"}


def test_what_a_test_looks_at_is_killed_and_the_rest_survives(tree: Path) -> None:
    found = {
        one.what: is_killed(tree, one)
        for one in mutants(Path("src/runtheory/one.py"), SOURCE)
        if one.what in ("Add -> Sub", "3 -> 4")
    }
    assert found == {"Add -> Sub": True, "3 -> 4": False}
    assert (tree / "src/runtheory/one.py").read_text() == SOURCE
    assert planting.test_of(tree, tree / "src/runtheory/one.py") == tree / "tests/test_one.py"


def test_a_test_that_fails_without_the_fault_kills_nothing(tree: Path) -> None:
    source = (tree / "src/runtheory/one.py").read_text()
    (seen,) = (one for one in mutants(Path("src/runtheory/one.py"), source) if "Add" in one.what)
    assert fate(tree, seen, {}) == "killed"
    (tree / "tests/test_one.py").write_text("def test_it():\n    assert False\n")
    assert fate(tree, seen, {}) == "untested"


def test_a_fault_that_never_ends_is_killed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planting, "SECONDS", 2)
    (tree / "tests/test_one.py").write_text("def test_it():\n    while True:\n        pass\n")
    assert planting.fails(tree, tree / "tests/test_one.py")
