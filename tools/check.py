"""Everything that can be said of the book without running it: ``python -m tools.check``."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import ledgers, notebooks, rules
from tools.ledgers import Entry

COMMANDS = (
    ("ruff", "check", "--quiet", "."),
    ("ruff", "format", "--check", "--quiet", "."),
    ("lint-imports", "--no-logo"),
    ("mypy",),
)
# What a ledger says and a stored output repeats; a difference means that the output is stale.
REPEATED = ("statement", "source", "kind")


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


def claim_problems(root: Path) -> Iterator[Problem]:
    """Yield claims that no notebook checks, checks that no ledger lists, and wrong verdicts."""
    try:
        claims = ledgers.entries(root)
    except (TypeError, ValueError) as error:
        yield Problem("chapters", None, f"a ledger cannot be read: {error}")
        return
    stored = list(ledgers.findings(root))
    for identifier, count in Counter(entry.claim.id for entry in claims).items():
        if count > 1:
            yield Problem("chapters", None, f"the claim id {identifier} is used {count} times")
    for entry in claims:
        yield from _ledger_problems(entry, root, {finding.id for finding in stored})
    listed = {entry.claim.id: entry for entry in claims}
    for finding in stored:
        for text in _finding_problems(finding.record, listed.get(finding.id)):
            yield Problem(str(finding.path.relative_to(root)), finding.position, text)


def _ledger_problems(entry: Entry, root: Path, checked: set[str]) -> Iterator[Problem]:
    claim, folder = entry.claim, root / "chapters" / entry.chapter
    file = f"chapters/{entry.chapter}/claims.toml"
    if claim.id not in checked:
        yield Problem(file, None, f"no notebook checks the claim {claim.id}")
    if not (folder / f"{claim.lab}.ipynb").exists():
        yield Problem(
            file, None, f"the claim {claim.id} names a lab that is not there: {claim.lab}"
        )
    if not _source_exists(claim.source, root):
        yield Problem(file, None, f"the claim {claim.id} has no such source: {claim.source}")


def _source_exists(source: str, root: Path) -> bool:
    if " " in source and not source.startswith("cite:"):
        return True  # plain words: a claim of our own
    if source.startswith("cite:"):
        key = source.removeprefix("cite:").split()[0]
        bibliography = (root / "book" / "references.bib").read_text(encoding="utf-8")
        return f"{{{key}," in bibliography
    pages = (root / "chapters").glob("*/theory.md")
    return any(f":label: {source}\n" in page.read_text(encoding="utf-8") for page in pages)


def _finding_problems(record: dict[str, object], entry: Entry | None) -> Iterator[str]:
    if entry is None:
        yield f"no ledger lists the claim {record['id']} that this cell checks"
        return
    if record["verdict"] != entry.claim.verdict:
        yield (
            f"the claim {entry.claim.id} is stored as {record['verdict']}, "
            f"its ledger expects {entry.claim.verdict}"
        )
    for name in REPEATED:
        if record.get(name) != getattr(entry.claim, name):
            yield f"the claim {entry.claim.id} has another {name} in its ledger: run `make execute`"


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
    """Return all problems of the book at ``root``, those of its notebooks and claims first."""
    return [*notebook_problems(root), *claim_problems(root), *command_problems(root)]


def main() -> int:
    """Print all problems; the exit status tells whether there are any."""
    found = problems(notebooks.ROOT)
    for problem in found:
        print(problem)
    count = len(notebooks.notebook_paths()), len(ledgers.entries() if not found else [])
    print(
        f"{len(found)} problems"
        if found
        else f"{count[0]} notebooks, {count[1]} claims: no problem"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
