"""The instructor's pages: courses session by session, and beliefs with what refutes them.

A course is a list of sessions in ``book/teach/courses.toml``. What a session holds stands on the
cards of its techniques: objectives, board, prediction, lab, questions, and the belief to refute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from tools.card_faults import exercises_of
from tools.cards import Card, CardError, made, read_toml
from tools.lists import lab_title
from tools.notebooks import read
from tools.printed import exercises
from tools.sphinx_runtheory.cards import link_of
from tools.sphinx_runtheory.claims import linked, statements_at
from tools.sphinx_runtheory.shelf import FromCards

COURSES = "book/teach/courses.toml"


@dataclass(frozen=True)
class Session:
    """One session: its technique, its minutes, the labs to open and the exercises for next time."""

    slug: str
    minutes: int
    labs: tuple[str, ...]
    homework: tuple[str, ...]
    note: str = ""
    board: str = ""  # of a later session of a technique; that of the first stands on the card


@dataclass(frozen=True)
class Course:
    """A course: its title, and its sessions in order."""

    title: str
    sessions: tuple[Session, ...]


def read_courses(root: Path) -> dict[str, Course]:
    """Return the courses by their keys.

    Raises
    ------
    CardError
        If the file cannot be read, or a key is missing, unknown or of another type.
    """
    found = {}
    for key, told in read_toml(root / COURSES, root).items():
        place = f"{COURSES}: {key}"
        listed = told.pop("session", [])
        named = ((f"{place}, session {at}", one) for at, one in enumerate(listed, start=1))
        sessions = tuple(made(Session, where, one) for where, one in named)
        found[key] = made(Course, place, told, sessions=sessions)
    return found


def faults(root: Path, cards: dict[str, Card]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the sessions: file and one sentence."""
    if not (root / COURSES).exists():
        return
    for key, course in read_courses(root).items():
        slugs = [one.slug for one in course.sessions]
        for at, one in enumerate(course.sessions, start=1):
            place = f"{key}, session {at}"
            if one.slug not in cards:
                yield COURSES, f"{place}: there is no technique {one.slug!r}"
                continue
            for text in _session_faults(one, cards[one.slug], root):
                yield COURSES, f"{place}: {text}"
            if bool(one.board) != (one.slug in slugs[: at - 1]):
                yield COURSES, f"{place}: a later session of a technique, and no other, has a board"
            for slug in {*cards[one.slug].builds_on} & {*slugs[at:]} - {*slugs[:at]}:
                yield COURSES, f"{place}: {one.slug} builds on {slug}, which comes later"


def _session_faults(one: Session, card: Card, root: Path) -> Iterator[str]:
    """Yield the labs and the homework that are not there, or are listed twice."""
    labs, known = {lab.name for lab in card.labs}, exercises_of(card, root)
    yield from (f"{card.slug} has no {lab}" for lab in one.labs if lab not in labs)
    yield from (f"{card.slug} has no exercise {at}" for at in one.homework if at not in known)
    listed = [*one.labs, *one.homework]
    yield from (f"{name} is listed twice" for name in {*listed} if listed.count(name) > 1)
    if not objectives_of(card, one):
        yield "no objective is met by its homework"


def objectives_of(card: Card, session: Session) -> list[str]:
    """Return the objectives that the session's homework meets."""
    listed = card.teach.get("objectives", [])
    return [text for text, exercise in listed if str(exercise) in session.homework]


class CourseOfBook(FromCards):
    """``{course} key``: a course, session by session."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a table of the sessions, and what each holds."""
        root = self.book.shelf.root
        self.env.note_dependency(str(root / COURSES))
        try:
            course = read_courses(root)[self.arguments[0]]
        except (CardError, KeyError) as error:
            raise self.error(str(error)) from error
        key, stop = self.arguments[0], "" if course.title.endswith("?") else "."
        told = self.paragraphs(
            f"*{course.title}{stop}* Handed out for credit, the homework is worth "
            f"{self._points(course)} points: `make course COURSE={key}` "
            "([Hand out and mark](marking.md))."
        )
        plan = self.table(
            ("Session", "Technique", "Minutes", "Labs", "Homework"),
            (10, 30, 10, 32, 18),
            (self._row(at, one) for at, one in enumerate(course.sessions, start=1)),
        )
        before: dict[str, int] = {}
        held: list[nodes.Node] = []
        for at, one in enumerate(course.sessions, start=1):
            held += self._session(at, one, before.setdefault(one.slug, at))
        return [*told, plan, *held]

    def _points(self, course: Course) -> int:
        shelf = self.book.shelf
        return sum(
            part.points
            for one in course.sessions
            for part in exercises(
                read(shelf.root / shelf.card(one.slug).folder / "solutions.ipynb")
            )
            if part.number in one.homework
        )

    def _row(self, at: int, one: Session) -> tuple[str, ...]:
        card = self.book.shelf.card(one.slug)
        return str(at), link_of(card), str(one.minutes), self._labs(card, one), self._homework(one)

    def _labs(self, card: Card, one: Session) -> str:
        pages = (f"{card.folder}/{name}" for name in one.labs)
        return ", ".join(f"[{lab_title(self.book.shelf.root, at)}](/{at}.ipynb)" for at in pages)

    def _homework(self, one: Session) -> str:
        page = f"/{self.book.shelf.card(one.slug).folder}/exercises.ipynb"
        word = "exercise" if len(one.homework) == 1 else "exercises"
        return f"[{word} {', '.join(one.homework)}]({page})"

    def _session(self, at: int, one: Session, first: int) -> list[nodes.Node]:
        """Return what a session holds; ``first`` is the technique's first session."""
        card = self.book.shelf.card(one.slug)
        teach = card.teach
        refuted = f"{{measured}}`{teach['refuted_by']}:name`"
        heading = nodes.rubric("", "", *self.inline(f"Session {at}: {link_of(card)}"))
        shared = [
            f"- *Before the lab, everybody writes down:* {teach['prediction']}",
            f"- *At the board:* {teach['board']}.",
            f"- *Ask:* {' '.join(teach['probe'])}",
            f"- *A belief to refute:* {teach['misconception']} Against it speaks {refuted}.",
        ]
        again = [
            "- *Before the lab, everybody writes down* the guesses that it asks for.",
            f"- *At the board:* {one.board}.",
            f"- *Ask* what is left from session {first}.",
        ]
        lines = [
            f"- *Afterwards students can* {'; '.join(objectives_of(card, one))}.",
            *(shared if at == first else again),
            f"- *On the projector:* {self._labs(card, one)}.",
            f"- *Homework:* {self._homework(one)}; the quiz at the end of the page.",
        ]
        note = [f"- {one.note}"] if one.note else []
        return [heading, *self.paragraphs("\n".join([*lines, *note]))]


class Misconceptions(FromCards):
    """``{misconceptions}``: what people believe, and the claim of the book that refutes it."""

    def run(self) -> list[nodes.Node]:
        """Return the table, one row a technique."""
        places = statements_at(self.book.shelf.root)
        rows = []
        for card in self.book.shelf.cards:
            claim = self.book.ledgers.claims[card.teach["refuted_by"]]
            told = linked(claim.statement, places)
            found = f"{told} {{measured}}`{claim.id}:verdict`"
            rows.append((link_of(card), card.teach["misconception"], found))
        return [self.table(("Technique", "A belief", "What the book finds"), (20, 32, 48), rows)]


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("course", CourseOfBook)
    app.add_directive("misconceptions", Misconceptions)
