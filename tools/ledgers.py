"""Claims on both sides: what the ledgers list, and what the notebooks' stored outputs found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtheory.claims import MIME, SYMBOLS, Claim, read_ledger
from tools.notebooks import ROOT, code_cells, notebook_paths, read

FIELDS = ("measured", "text", "expected", "tolerance", "verdict", "interval")


@dataclass(frozen=True)
class Entry:
    """One claim of a ledger, with the folder of the chapter that makes it."""

    claim: Claim
    chapter: str


@dataclass(frozen=True)
class Finding:
    """One verdict in the stored outputs: of the notebook at ``path``, in its cell ``position``."""

    id: str
    path: Path
    position: int
    record: dict[str, Any]

    def field(self, name: str) -> str:
        """Return one field as a page prints it.

        Raises
        ------
        KeyError
            If ``name`` is no field that pages print.
        """
        if name == "measured":
            return f"{self.record['measured']:.3g}".replace("-", "−")
        if name == "interval":
            interval = self.record.get("interval")
            return "none" if interval is None else "[{:.3g}, {:.3g}]".format(*interval)
        if name == "verdict":
            return f"{SYMBOLS[self.record['verdict']]} {self.record['verdict']}"
        if name in FIELDS:
            return str(self.record["measured_text" if name == "text" else f"{name}_text"])
        raise KeyError(name)


def ledger_paths(root: Path = ROOT) -> list[Path]:
    """Return the ledgers of all chapters, in order of the chapters."""
    return sorted((root / "chapters").glob("*/claims.toml"))


def entries(root: Path = ROOT) -> list[Entry]:
    """Return every claim that the book makes, in order."""
    return [
        Entry(claim, path.parent.name) for path in ledger_paths(root) for claim in read_ledger(path)
    ]


def findings(root: Path = ROOT) -> Iterator[Finding]:
    """Yield every verdict stored in a notebook, in order of the notebooks and their cells."""
    for path in notebook_paths(root):
        for position, cell in code_cells(read(path)):
            for output in cell.outputs:
                record = output.get("data", {}).get(MIME)
                if record is not None:
                    yield Finding(record["id"], path, position, dict(record))


def found(root: Path = ROOT) -> dict[str, Finding]:
    """Return for each claim the verdict of the lab that its ledger names, or the first stored."""
    labs = {entry.claim.id: (entry.chapter, entry.claim.lab) for entry in entries(root)}
    stored = list(findings(root))
    named = [one for one in stored if _place(one) == labs.get(one.id)]
    # The last one written wins: first those of the labs that the ledgers name, in reverse order.
    return {one.id: one for one in reversed([*named, *stored])}


def _place(finding: Finding) -> tuple[str, str]:
    return finding.path.parent.name, finding.path.stem
