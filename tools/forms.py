"""The short form: what every technique's pages must hold, and within which bounds.

A technique of the short form has one ``lab.ipynb``; those with several labs are of the long form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runtheory.ledger import TWINNED, Claim
from tools.cards import Card, Demo, Shelf
from tools.ledgers import Ledgers
from tools.notebooks import INSTALL, code_cells, read, tags
from tools.quizzes import HEADING

SECTIONS = (
    "The question",
    "By hand",
    "The method",
    "What can be proved",
    "What the paper claims, and what we can show",
    "What could be wrong",
    "Take-away",
    HEADING,
)
WORDS = (600, 1300)
CLAIMS = 4
TO_WRITE = re.compile(r"TO WRITE: *(.*?)[\"'`]*,?$", re.M)
CHAPTER_NUMBER = re.compile(
    r"\b[Cc]hapters?\s(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b"
)
APART = re.compile(r"^\$\$.*?^\$\$|^```.*?^```|<!--.*?-->|\$[^$]*\$", re.M | re.S)
WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
TEXTS = {".md", ".toml", ".ipynb", ".py"}

Fault = tuple[str, str]


@dataclass(frozen=True)
class Budget:
    """What one notebook may hold and cost; processor seconds on one thread."""

    cells: int
    seconds: float
    size: int


LAB = Budget(cells=20, seconds=25, size=400_000)
DEMO = Budget(cells=8, seconds=5, size=200_000)
FOLDERS = ("chapters", "demos", "book/parts", "src/runtheory", "tests")


def faults(shelf: Shelf, ledgers: Ledgers) -> Iterator[Fault]:
    """Yield what short forms lack and what nobody has written yet: the file and one sentence."""
    for card in shelf.cards:
        yield from _claim_faults(f"{card.folder}/claims.toml", ledgers.of(card.slug))
        refuted = str(card.teach.get("refuted_by", ""))
        verdicts = {claim.id: claim.verdict for claim in ledgers.of(card.slug)}
        if refuted and refuted not in verdicts:
            yield card.file, f"teach: refuted_by names no claim: {refuted!r}"
        if verdicts.get(refuted) == "inconclusive":
            yield card.file, f"teach: an inconclusive claim refutes nothing: {refuted!r}"
        if card.short:
            yield from _chapter_faults(card, shelf.root, ledgers)
    for demo in shelf.demos:
        yield from _demo_faults(demo, shelf.root, ledgers.of(demo.slug))
    yield from text_faults(shelf.root)


def _demo_faults(demo: Demo, root: Path, claims: list[Claim]) -> Iterator[Fault]:
    yield from _notebook_faults(f"{demo.page}.ipynb", DEMO, root)
    if not claims:
        yield demo.file, "a demo makes at least one claim"
    yield from _claim_faults(demo.file, claims)
    yield from _twin_faults(demo.file, claims)


def _claim_faults(file: str, claims: list[Claim]) -> Iterator[Fault]:
    for claim in claims:
        if claim.verdict != "holds":
            for name in ("why", "would_take"):
                if not getattr(claim, name):
                    yield file, f"claim {claim.id} is {claim.verdict} and has no {name}"


def _twin_faults(file: str, claims: list[Claim]) -> Iterator[Fault]:
    for claim in claims:
        if claim.kind in TWINNED and not claim.twin:
            yield file, f"claim {claim.id}: a {claim.kind.replace('_', ' ')} names its twin"


def _chapter_faults(card: Card, root: Path, ledgers: Ledgers) -> Iterator[Fault]:
    claims = ledgers.of(card.slug)
    file = f"{card.folder}/claims.toml"
    if len(claims) < CLAIMS:
        yield file, f"a technique makes at least {CLAIMS} claims, here are {len(claims)}"
    yield from _twin_faults(file, claims)
    if not card.papers and not card.sources:
        yield card.file, "papers: neither papers nor sources are named"
    if not (root / card.folder / "solutions.ipynb").exists():
        yield f"{card.folder}/solutions.ipynb", "an exercise is missing"
    yield from _notebook_faults(f"{card.folder}/lab.ipynb", LAB, root)
    yield from _theory_faults(f"{card.folder}/theory.md", root)


def _theory_faults(file: str, root: Path) -> Iterator[Fault]:
    path = root / file
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"^## (.+?)\s*$", text, re.M)
    if found != list(SECTIONS):
        missing = [name for name in SECTIONS if name not in found] or ["the order is another"]
        yield file, f"sections: {', '.join(missing)}"
    words = count_words(text)
    if not WORDS[0] <= words <= WORDS[1]:
        yield file, f"{words} words, outside {WORDS[0]} to {WORDS[1]}"


def count_words(text: str) -> int:
    """Return the words of a page's prose; formulas and code are left out."""
    return len(WORD.findall(APART.sub(" ", text)))


def _notebook_faults(file: str, budget: Budget, root: Path) -> Iterator[Fault]:
    path = root / file
    if not path.exists():
        return
    notebook = read(path)
    cells = sum(INSTALL not in tags(cell) for _, cell in code_cells(notebook))
    if cells > budget.cells:
        yield file, f"{cells} code cells, more than {budget.cells}"
    seconds = notebook.metadata.get("runtheory", {}).get("processor_seconds", 0)
    if seconds > budget.seconds:
        yield file, f"{seconds} processor seconds, more than {budget.seconds}"
    if path.stat().st_size > budget.size:
        yield file, f"{path.stat().st_size} bytes, more than {budget.size}"


def text_faults(root: Path) -> Iterator[Fault]:
    """Yield what a skeleton asks for and nobody has written, and chapters called by a number."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if (
                path.suffix in TEXTS
                and "_build" not in path.parts
                and path.name != "exercises.ipynb"
            ):
                yield from _of_text(path, root)


def _of_text(path: Path, root: Path) -> Iterator[Fault]:
    file, text = str(path.relative_to(root)), _source(path)
    for wanted in TO_WRITE.findall(text):
        yield file, f"to write: {wanted}"
    if not file.startswith("tests/") and (number := CHAPTER_NUMBER.search(text)):
        yield file, f"a chapter is named by its link, not by a number: {number[0]!r}"


def _source(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join(cell.source for cell in read(path).cells)
