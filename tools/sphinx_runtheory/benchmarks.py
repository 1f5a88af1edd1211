"""The record of the benchmarks on a page: its table, the verdict on every target, its setting."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from benchmarks import table, targets
from runtheory import records
from runtheory.records import Record
from tools.sphinx_runtheory import growth

LOGGER = logging.getLogger(__name__)
DEFAULT, GROWTH = "benchmarks/peers", "benchmarks/scaling"
WIDTHS, TARGET_WIDTHS = (24, 9, 22, 16, 9, 20), (46, 12, 14, 28)
SCALING_WIDTHS = (26, 22, 11, 18, 11, 12)
# A word, a sign and a colour, as for claims.
LOOKS = {
    targets.MET: ("✓", "holds"),
    targets.NOT_MET: ("✗", "contradicted"),
    targets.UNDECIDED: ("~", "inconclusive"),
    targets.UNMEASURED: ("–", "inconclusive"),
}


class FromRecord(SphinxDirective):
    """What the directives share: an optional record's name, ``benchmarks/peers`` if left out."""

    has_content = False
    optional_arguments = 1
    record_name = DEFAULT

    def run(self) -> list[nodes.Node]:
        """Return what the record shows, or warn where there is none."""
        name = self.arguments[0] if self.arguments else self.record_name
        root = Path(self.env.srcdir) / "results"
        self.env.note_dependency(str(root / f"{name}.json"))
        try:
            record = records.read(name, root)
        except (FileNotFoundError, ValueError) as error:
            LOGGER.warning("%s", error, location=self.get_location())
            return []
        return self.shown(record)

    def shown(self, record: Record) -> list[nodes.Node]:
        """Return the nodes to insert."""
        return [self.show(record)]

    def show(self, record: Record) -> nodes.Node:
        """Return the node to insert, where it is one."""
        raise NotImplementedError


class Table(FromRecord):
    """``{benchmark-table}``: every peer of the record, grouped by what is computed."""

    def show(self, record: Record) -> nodes.Node:
        """Return the table."""
        rows: list[nodes.row] = []
        for _, group in groupby(record.rows, key=lambda row: row["comparison"]):
            rows += _grouped([table.cells(row) for row in group])
        return _table(table.HEAD, WIDTHS, rows)


class Targets(FromRecord):
    """``{benchmark-targets}``: the design's targets, judged by the record."""

    def show(self, record: Record) -> nodes.Node:
        """Return the table of targets."""
        rows = []
        for verdict in targets.verdicts(record.rows):
            statement, word, *rest = table.target_cells(verdict)
            sign, look = LOOKS[word]
            shown = nodes.inline("", f"{sign} {word}", classes=["verdict", look])
            row = nodes.row("", _entry(nodes.Text(statement)), _entry(shown))
            row += [_entry(nodes.Text(text)) for text in rest]
            rows.append(row)
        return _table(table.TARGET_HEAD, TARGET_WIDTHS, rows)


class Scaling(FromRecord):
    """``{benchmark-scaling}``: how times grow, as a drawing on the page and as a table."""

    record_name = GROWTH

    def shown(self, record: Record) -> list[nodes.Node]:
        """Return the drawing, which a page in print leaves out, and the table."""
        rows = []
        for _, group in groupby(record.rows, key=lambda row: row["question"]):
            lines = [table.scaling_cells(row) for row in group]
            rows += [
                nodes.row(
                    "",
                    *(_entry(nodes.Text(text)) for text in (line[0] if not i else "", *line[1:])),
                )
                for i, line in enumerate(lines)
            ]
        drawing = nodes.raw("", growth.draw(record.rows), format="html")
        return [drawing, _table(table.SCALING_HEAD, SCALING_WIDTHS, rows)]


class Setting(FromRecord):
    """``{benchmark-setting}``: hardware, versions, clock and date of the record in one sentence."""

    def show(self, record: Record) -> nodes.Node:
        """Return the paragraph."""
        versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
        text = (
            f"Recorded on {record.date} on {record.hardware} (device {record.config['device']}), "
            f"clock: {record.config['clock']}; freed memory: {record.config['memory']}, "
            f"unless a row says otherwise; commit {record.commit}; {versions}."
        )
        return nodes.paragraph("", text, classes=["benchmark-setting"])


def _grouped(lines: Sequence[tuple[str, ...]]) -> list[nodes.row]:
    """Return rows whose first two cells, the same in all, are one cell each."""
    rows = []
    for place, line in enumerate(lines):
        own = line if place == 0 else line[2:]
        entries = [_entry(nodes.Text(text)) for text in own]
        if place == 0:
            for entry in entries[:2]:
                entry["morerows"] = len(lines) - 1
        rows.append(nodes.row("", *entries))
    return rows


def _entry(content: nodes.Node) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", content))


def _table(head: Sequence[str], widths: Sequence[int], rows: list[nodes.row]) -> nodes.table:
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in widths]
    titles = nodes.row("", *(_entry(nodes.Text(name)) for name in head))
    group += [nodes.thead("", titles), nodes.tbody("", *rows)]
    # The rules of the claims' tables: dense, and wider than a telephone, where they scroll.
    return nodes.table("", group, classes=["claims", "benchmarks"])


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("benchmark-table", Table)
    app.add_directive("benchmark-targets", Targets)
    app.add_directive("benchmark-scaling", Scaling)
    app.add_directive("benchmark-setting", Setting)
