"""Quizzes: what ``quiz.toml`` beside a theory page asks, and what is wrong with it.

A question is of one of four kinds. ``choice`` has one right option and ``several`` any number;
``order`` lists its options in the right order, and the page shows them in another; ``number`` names
a function of ``quiz.py`` beside it, which computes the answer, and so do the slips that it knows.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

from tools import beside
from tools.cards import Card, CardError, Shelf, made, read_toml

KINDS = ("choice", "several", "order", "number")
LEVELS = ("first steps", "a little harder", "with some thought")
LETTERS = "abcdefgh"
LONG, SHORT = 8, 3  # questions at least, in the long and the short form
PLACES = 0.02  # of the answer: what a number may be off, where a question names no tolerance
LEAST = 1e-4  # the smallest number that Canvas takes for an answer; a share of 0 is 0
HEADING = "Check yourself"
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

Fault = tuple[str, str]


class QuizError(ValueError):
    """A number that cannot be computed; the message begins with its file."""


@dataclass(frozen=True)
class Option:
    """One option: what it says, whether it is right, and what the reader is told who took it."""

    text: str
    feedback: str = ""
    right: bool = False


@dataclass(frozen=True)
class Slip:
    """A wrong number that people get: the function that computes it, and what they are told."""

    answer: str
    feedback: str


@dataclass(frozen=True)
class Question:
    """One question of a quiz."""

    id: str
    kind: str
    text: str
    theorem: str
    level: str
    minutes: int
    misconception: bool = False
    options: tuple[Option, ...] = ()
    answer: str = ""
    tolerance: float = PLACES
    unit: str = ""
    feedback: str = ""
    slips: tuple[Slip, ...] = ()

    def accepts(self, value: float, answer: float) -> bool:
        """Tell whether a number passes for the answer: the page's script says the same."""
        return abs(value - answer) <= self.tolerance * abs(answer)

    @property
    def shown(self) -> list[tuple[str, Option]]:
        """Letters and options as the page shows them; an order is shown in another order."""
        options = list(self.options)
        if self.kind == "order":
            options.sort(key=lambda one: hashlib.sha256(one.text.encode()).hexdigest())
            options = [*options[1:], options[0]] if options == list(self.options) else options
        return list(zip(LETTERS, options, strict=False))

    @property
    def right(self) -> list[str]:
        """Letters of the right options; of an order all of them, first to last."""
        letters = {option.text: letter for letter, option in self.shown}
        taken = (one for one in self.options if one.right or self.kind == "order")
        return [letters[one.text] for one in taken]


@dataclass(frozen=True)
class Quiz:
    """The questions of one technique, and the folder that they lie in."""

    slug: str
    folder: Path
    questions: tuple[Question, ...]

    @cached_property
    def code(self) -> ModuleType:
        """The module ``quiz.py`` beside the questions."""
        return beside.load(self.folder / "quiz.py")

    def number(self, name: str) -> float:
        """Return what the function ``name`` of ``quiz.py`` computes.

        Raises
        ------
        QuizError
            If there is no such function, it raises, or it returns no finite number.
        """
        file = f"chapters/{self.slug}/quiz.py"
        try:
            value = float(getattr(self.code, name)())
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise QuizError(f"{file}: {name} raises {told}") from error
        if not math.isfinite(value):
            raise QuizError(f"{file}: {name} returns {value}")
        return value


def read_quiz(card: Card, root: Path) -> Quiz | None:
    """Return the quiz of a technique, or nothing where it has none.

    Raises
    ------
    CardError
        If the file is no TOML, or a key is missing, unknown or of another type.
    """
    path = root / card.folder / "quiz.toml"
    if not path.exists():
        return None
    told, file = read_toml(path, root), f"{card.folder}/quiz.toml"
    asked = tuple(_question(one, file) for one in told.pop("question", []))
    if told:
        raise CardError(f"{file}: unknown key {next(iter(told))!r}")
    return Quiz(card.slug, path.parent, asked)


def _question(told: Mapping[str, Any], file: str) -> Question:
    given = dict(told)
    place = f"{file}: question {given.get('id', '?')}"
    options = tuple(made(Option, place, one) for one in given.pop("option", []))
    slips = tuple(made(Slip, place, one) for one in given.pop("slip", []))
    return made(Question, place, given, options=options, slips=slips)


def faults(shelf: Shelf, labels: frozenset[str]) -> Iterator[Fault]:
    """Yield what is wrong with the quizzes, the numbers computed: the file and one sentence.

    ``labels`` are those of all numbered statements.
    """
    for card in shelf.cards:
        quiz, file = read_quiz(card, shelf.root), f"{card.folder}/quiz.toml"
        if quiz is None:
            yield file, "a quiz is missing"
            continue
        yield from ((file, text) for text in _quiz_faults(quiz, LONG if not card.short else SHORT))
        for one in quiz.questions:
            for text in _question_faults(one, quiz, labels):
                yield file, f"question {one.id}: {text}"
        yield from _page_faults(card, shelf.root)


def _page_faults(card: Card, root: Path) -> Iterator[Fault]:
    file = f"{card.folder}/theory.md"
    text = (root / file).read_text(encoding="utf-8") if (root / file).exists() else ""
    if not text.rstrip().endswith(f"## {HEADING}\n\n```{{quiz}}\n```"):
        yield file, f"the page does not end with the section {HEADING!r} and its quiz"


def _quiz_faults(quiz: Quiz, least: int) -> Iterator[str]:
    asked = quiz.questions
    if len(asked) < least:
        yield f"{len(asked)} questions, fewer than {least}"
    if 2 * sum(one.misconception for one in asked) < len(asked):
        yield "fewer than half of the questions are about what people get wrong (misconception)"
    names = [one.id for one in asked]
    yield from (f"two questions are called {name}" for name in {*names} if names.count(name) > 1)


def _question_faults(one: Question, quiz: Quiz, labels: frozenset[str]) -> Iterator[str]:
    for name, word, known in (("kind", one.kind, KINDS), ("level", one.level, LEVELS)):
        if word not in known:
            yield f"{name} must be one of {known}, got {word!r}"
    if one.theorem not in labels:
        yield f"there is no statement {one.theorem!r}"
    if not NAME.fullmatch(one.id):
        yield "an id has small letters, digits and hyphens"
    yield from _number_faults(one, quiz) if one.kind == "number" else _option_faults(one)


def _option_faults(one: Question) -> Iterator[str]:
    right = sum(option.right for option in one.options)
    if not 2 <= len(one.options) <= len(LETTERS):
        yield f"{len(one.options)} options, outside 2 to {len(LETTERS)}"
    if len({option.text for option in one.options}) < len(one.options):
        yield "two options say the same"
    if one.answer or one.slips:
        yield "only a number has an answer and slips"
    if one.kind == "order":
        if right or not one.feedback:
            yield "an order has feedback of its own, and no option that is right"
        return
    if (right != 1) if one.kind == "choice" else not right:
        yield f"{right} right options"
    if one.feedback or not all(option.feedback for option in one.options):
        yield "each option has its feedback, and the question has none"


def _number_faults(one: Question, quiz: Quiz) -> Iterator[str]:
    if one.options or not one.answer or not one.feedback:
        yield "a number names the function of its answer, has feedback, and no options"
        return
    try:
        answer = quiz.number(one.answer)
        wrong = {slip.answer: quiz.number(slip.answer) for slip in one.slips}
    except QuizError as error:
        yield str(error)
        return
    if not 0 < one.tolerance < 1:
        yield f"the tolerance is a share of the answer, got {one.tolerance}"
    elif abs(answer) * (1 - one.tolerance) < LEAST:
        yield f"the answer {answer:.3g} is too near 0 for a tolerance: ask in another unit"
    for name, value in wrong.items():
        if one.accepts(value, answer):
            yield f"the slip {name} is taken for the answer"
    for (name, value), (other, near) in combinations(wrong.items(), 2):
        if abs(value - near) <= one.tolerance * abs(answer):
            yield f"the slips {name} and {other} are taken for each other"
