"""Exercises for credit: how cases are drawn, and every fault that the check names."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.book import tiny_book
from tools import credit, printed
from tools.cards import read_shelf
from tools.credit import read_tasks

FILE = "chapters/one/credit.py"
GOOD = '''from tools.credit import drawn, uniform, whole


def double(solved, x=uniform(1, 9)):
    """Give back **three times** the number."""
    return 3 * solved(x) / 2
'''


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_book.write(tmp_path_factory.mktemp("credit"))


def faults(root: Path, text: str) -> list[str]:
    (root / FILE).write_text(text, encoding="utf-8")
    return [said for file, said in credit.faults(read_shelf(root)) if file == FILE]


def test_a_book_without_fault_has_none(book: Path) -> None:
    assert faults(book, GOOD) == []
    assert faults(book, GOOD.replace("solved(x)", "(2 * x)")) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("def double", "def triple", "needs one function in credit.py for exercise 1"),
        ("    return 3", "    return solved(x)\n\n\ndef more(solved):\n    return 3", "['more']"),
        ("the number.", "the number", "whole sentences"),
        ("x=uniform(1, 9)", "x=2.5", "how it is drawn"),
        ("3 * solved(x) / 2", "solved(x)", "the printed answer passes"),
        ("3 * solved(x) / 2", "3.0 + 0 * x", "the shown number or"),
        ("3 * solved(x) / 2", "3e-6 * solved(x)", "too near 0"),
        ("3 * solved(x) / 2", "__import__('random').random()", "not the same twice"),
        ("3 * solved(x) / 2", "1 / 0", "ZeroDivisionError"),
        ("from tools.credit", "from tools.debit", "ModuleNotFoundError"),
    ],
)
def test_every_fault_is_named(book: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    assert told in "; ".join(faults(book, GOOD.replace(old, new)))


def test_an_exercise_says_its_level_and_minutes() -> None:
    silent = replace(task(six, lambda: 6), printed=replace(PLAIN, minutes=0))
    (said,) = credit._task_faults(silent)
    assert said == "the printed exercise does not say its level and its minutes"


def test_a_missing_file_is_named(book: Path) -> None:
    (book / FILE).unlink()
    said = [text for file, text in credit.faults(read_shelf(book)) if file == FILE]
    assert len(said) == 1
    assert "FileNotFoundError" in said[0]


PLAIN = printed.Exercise("1", "Fix", "*Level: first steps, 12 minutes.*", "def six():\n    ...", 12)


def task(changed, solved, **more) -> credit.Task:
    return credit.Task("six", PLAIN, changed, solved, **more)


COUNT, HALF = credit.whole(1, 99), credit.drawn(lambda _, given: given["count"] / 2)


def six(solved, count=COUNT, half=HALF):
    """Give the six for any number."""
    return 6 * count + half


def test_printed_values_have_to_give_the_printed_answer() -> None:
    at_print = {"count": 1, "half": 0.0}
    assert list(credit._task_faults(task(six, lambda: 6, at_print=at_print))) == []
    (said,) = credit._task_faults(task(six, lambda: 7, at_print=at_print))
    assert said == "with the printed values it does not give the printed answer"


def test_cases_follow_from_the_seed_and_the_name() -> None:
    one = task(six, lambda: 6)
    drawn = [dict(case.arguments) for case in one.cases("a")]
    assert drawn == [dict(case.arguments) for case in one.cases("a")]
    assert drawn != [dict(case.arguments) for case in one.cases("b")]
    assert len(drawn) == 1 + credit.HIDDEN
    assert all(given["half"] == given["count"] / 2 for given in drawn)
    assert one.printed.points == 2  # twelve minutes


def test_draws_stay_in_their_range() -> None:
    source = random.Random(0)
    for _ in range(200):
        assert 0.1 <= credit.uniform(0.1, 0.2).draw(source, {}) <= 0.2
        assert credit.whole(2, 4).draw(source, {}) in {2, 3, 4}
        assert credit.one_of("a", "b").draw(source, {}) in {"a", "b"}
    drawn = credit.numbers(2, 3, low=1.0, high=2.0).draw(source, {})
    assert drawn.shape == (2, 3)
    assert drawn.dtype == torch.float64
    assert bool(((drawn >= 1) & (drawn <= 2)).all())


def test_the_solution_stands_by_itself() -> None:
    shown = read_tasks(credit.notebooks.ROOT / "chapters" / "multi_sample_dropout")[0]
    scope: dict = {}
    exec(shown.solution(), scope)
    assert scope["mask_moments"](0.8) == shown.answer(kept=0.8)
    assert "solved = mask_moments" in shown.solution()
    assert "solved" not in task(six, lambda: 6).solution()
