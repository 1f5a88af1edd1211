"""Claims on both sides: what the ledgers list, and what the notebooks' stored outputs found.

Everything is read once: :func:`read_ledgers` returns it, and whoever needs it is handed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtheory.ledger import Claim, by_id, ledger_paths, read_ledger
from runtheory.outcome import MIME, SYMBOLS
from tools.notebooks import ROOT, code_cells, notebook_paths, read
from tools.statements import theory_pages

FIELDS = ("measured", "text", "expected", "tolerance", "verdict", "interval")
MORE = ("levels", "seen from", "twin")
KEY = re.compile(r"^@\w+\{([^,\s]+),", re.M)
LABEL = re.compile(r"^:label: (\S+)$", re.M)


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
        if name == "name":
            return self.id.split("/")[1]
        if name == "measured":
            return f"{self.record['measured']:.3g}".replace("-", "−")
        if name == "interval":
            interval = self.record.get("interval")
            return "none" if interval is None else "[{:.3g}, {:.3g}]".format(*interval)
        if name == "verdict":
            return f"{SYMBOLS[self.record['verdict']]} {self.record['verdict']}"
        if name in MORE:
            return str(self.record.get("more", {}).get(name, "none"))
        if name in FIELDS:
            return str(self.record["measured_text" if name == "text" else f"{name}_text"])
        raise KeyError(name)


@dataclass(frozen=True)
class Ledgers:
    """The claims by id, in order of the ledgers, and every stored verdict, in order of the cells.

    ``keys`` are those of the bibliography, ``labels`` those of all numbered statements.
    """

    claims: Mapping[str, Claim]
    findings: tuple[Finding, ...]
    found: Mapping[str, Finding]
    keys: frozenset[str]
    labels: frozenset[str]

    def of(self, slug: str) -> list[Claim]:
        """Return the claims of one technique or demo, in order."""
        return [claim for claim in self.claims.values() if claim.slug == slug]


def read_ledgers(root: Path = ROOT) -> Ledgers:
    """Return what the ledgers, notebooks, theory pages and bibliography at ``root`` hold.

    Raises
    ------
    ValueError
        If a ledger cannot be read, or a claim is listed twice.
    """
    claims = by_id(claim for path in ledger_paths(root) for claim in read_ledger(path))
    stored = tuple(findings(root))
    bibliography = (root / "book" / "references.bib").read_text(encoding="utf-8")
    pages = theory_pages(root)
    labels = (label for page in pages for label in LABEL.findall(page.read_text(encoding="utf-8")))
    return Ledgers(
        claims,
        stored,
        {one.id: one for one in reversed(stored)},  # the first one counts
        frozenset(KEY.findall(bibliography)),
        frozenset(labels),
    )


def findings(root: Path = ROOT) -> Iterator[Finding]:
    """Yield every verdict stored in a notebook, in order of the notebooks and their cells."""
    for path in notebook_paths(root):
        for position, cell in code_cells(read(path)):
            for output in cell.outputs:
                record = output.get("data", {}).get(MIME)
                if record is not None:
                    yield Finding(record["id"], path, position, dict(record))
