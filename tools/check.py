"""Everything that can be said of the book without running it: ``python -m tools.check``."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pybtex.database
import pybtex.errors

from runtheory.ledger import TWINNED
from runtheory.outcome import STATED
from tools import (
    card_faults,
    credit,
    forms,
    lists,
    notebooks,
    pictures,
    quizzes,
    recipe_faults,
    rules,
    shown,
)
from tools.cards import Shelf, read_shelf
from tools.ledgers import Finding, Ledgers, read_ledgers
from tools.sphinx_runtheory import teach

ADDRESS = re.compile(r"""\burl\s*=\s*[{"]\s*([^}"]*)""", re.IGNORECASE)
COMMANDS = (
    ("ruff", "check", "--quiet", "."),
    ("ruff", "format", "--check", "--quiet", "."),
    ("lint-imports", "--no-logo"),
    ("mypy",),
)


@dataclass(frozen=True)
class Problem:
    """Something wrong, and where."""

    file: str
    cell: int | None
    text: str

    def __str__(self) -> str:
        return f"{self.file}{f', cell {self.cell}' if self.cell else ''}: {self.text}"


def notebook_problems(root: Path) -> Iterator[Problem]:
    """Yield every rule that a notebook of the book breaks."""
    repository = notebooks.address(root)
    for path in notebooks.notebook_paths(root):
        for cell, text in rules.faults(path, repository):
            yield Problem(str(path.relative_to(root)), cell, text)


def card_problems(shelf: Shelf, book: Ledgers) -> Iterator[Problem]:
    """Yield what is wrong with the cards, the lists made from them, and what is still to write."""
    for faults in (
        card_faults.faults(shelf, book.keys),
        lists.faults(shelf),
        forms.faults(shelf, book),
        pictures.faults(shelf.root),
        quizzes.faults(shelf, book.labels),
        credit.faults(shelf),
        teach.faults(shelf.root, {card.slug: card for card in shelf.cards}),
    ):
        yield from (Problem(file, None, text) for file, text in faults)


def package_problems(root: Path) -> Iterator[Problem]:
    """Yield what the package offers and nothing but its tests uses, and recipes nobody finds."""
    for faults in (shown.definitions_without_caller(root), recipe_faults.faults(root)):
        yield from (Problem(file, None, text) for file, text in faults)


def claim_problems(root: Path, book: Ledgers) -> Iterator[Problem]:
    """Yield claims that no notebook checks, checks that no ledger lists, and wrong verdicts."""
    for claim in book.claims.values():
        file = _ledger_file(claim.slug, root)
        if claim.id not in book.found:
            yield Problem(file, None, f"no notebook checks the claim {claim.id}")
        if not _source_exists(claim.source, book):
            yield Problem(file, None, f"the claim {claim.id} has no such source: {claim.source}")
    for finding in book.findings:
        for text in _finding_problems(finding, book):
            yield Problem(str(finding.path.relative_to(root)), finding.position, text)


def _ledger_file(slug: str, root: Path) -> str:
    demo = f"demos/{slug}.toml"
    return demo if (root / demo).exists() else f"chapters/{slug}/claims.toml"


def _source_exists(source: str, book: Ledgers) -> bool:
    if source.startswith("cite:"):
        return source.removeprefix("cite:").split()[0] in book.keys
    return " " in source or source in book.labels  # several words: a claim of our own


def _finding_problems(finding: Finding, book: Ledgers) -> Iterator[str]:
    claim, record = book.claims.get(finding.id), finding.record
    if claim is None:
        yield f"no ledger lists the claim {finding.id} that this cell checks"
        return
    if finding.path.stem != claim.slug and finding.path.parent.name != claim.slug:
        yield f"the claim {claim.id} belongs to another technique"
    first = book.found[claim.id]
    if first.path != finding.path:
        yield f"the claim {claim.id} is checked in {first.path.name} as well"
    if record["verdict"] != claim.verdict:
        yield (
            f"the claim {claim.id} is stored as {record['verdict']}, "
            f"its ledger expects {claim.verdict}"
        )
    for name in STATED:
        if record.get(name) != getattr(claim, name):
            yield f"the claim {claim.id} has another {name} in its ledger: run `make execute`"


def bibliography_problems(root: Path) -> Iterator[Problem]:
    """Yield what cannot be read, and addresses that are no links to pages: a browser runs them."""
    file = "book/references.bib"
    with pybtex.errors.capture() as captured:
        pybtex.database.parse_file(str(root / file))
    yield from (Problem(file, None, str(error)) for error in captured)
    for number, line in enumerate((root / file).read_text(encoding="utf-8").splitlines(), start=1):
        for address in ADDRESS.findall(line):
            if not address.lower().startswith(("http://", "https://")):
                yield Problem(f"{file}, line {number}", None, f"no http address: {address}")


def command_problems(root: Path) -> Iterator[Problem]:
    """Yield what the linters and the type checker say."""
    for command in COMMANDS:
        program = Path(sys.executable).parent / command[0]
        done = subprocess.run(
            [str(program), *command[1:]], cwd=root, capture_output=True, text=True, check=False
        )
        if done.returncode:
            yield Problem(command[0], None, f"\n{done.stdout}{done.stderr}".rstrip())


def problems(root: Path) -> list[Problem]:
    """Return all problems of the book at ``root``, those of its cards and claims first."""
    try:
        shelf, book = read_shelf(root), read_ledgers(root)
    except ValueError as error:
        file, _, text = str(error).partition(": ")
        return [Problem(file, None, text)]
    return [
        *card_problems(shelf, book),
        *notebook_problems(root),
        *claim_problems(root, book),
        *bibliography_problems(root),
        *package_problems(root),
        *command_problems(root),
    ]


def summary(root: Path) -> str:
    """Return the book's sums: notebooks, their processor seconds and bytes, claims and twins."""
    paths, claims = notebooks.notebook_paths(root), read_ledgers(root).claims.values()
    runs = [notebooks.read(path).metadata.get("runtheory", {}) for path in paths]
    seconds = sum(run.get("processor_seconds", run.get("seconds", 0)) for run in runs)
    size = sum(path.stat().st_size for path in paths)
    arithmetic = sum(claim.arithmetic for claim in claims)
    wanted = [claim for claim in claims if claim.kind in TWINNED]
    return (
        f"{len(paths)} notebooks, {seconds:.0f} processor seconds, {size / 1e6:.1f} MB; "
        f"{len(claims) - arithmetic} claims and {arithmetic} checks of the arithmetic, "
        f"{sum(bool(claim.twin) for claim in claims)} twins "
        f"({sum(not claim.twin for claim in wanted)} bounds, laws and slices without)"
    )


def main() -> int:
    """Print all problems, or the book's sums; the exit status tells whether there are any."""
    found = problems(notebooks.ROOT)
    for problem in found:
        print(problem)
    print(f"{len(found)} problems" if found else f"{summary(notebooks.ROOT)}: no problem")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
