"""How the rows of a comparison are printed, in a terminal and on a page (light: no torch)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.targets import NOT_MET, UNDECIDED, Row, Verdict

HEAD = ("What", "Ours, ms", "Peer", "Peer / ours", "Peer, ms", "Note")
SCALING_HEAD = ("Grows", "Size", "Ours, ms", "Peer", "Peer, ms", "Peer / ours")
TARGET_HEAD = ("Target", "Verdict", "Quantity", "Median [quartiles]")


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as text, one cell a column of ``HEAD``."""
    return (
        str(row["what"]),
        number(row["ours_ms"]),
        str(row["peer"]),
        spread(row["ratio_low"], row["ratio"], row["ratio_high"]),
        number(row["peer_ms"]),
        str(row["note"]),
    )


def scaling_cells(row: Row) -> tuple[str, ...]:
    """Return a row of a question of scaling as text, one cell a column of ``SCALING_HEAD``."""
    return (
        str(row["what"]),
        str(row["size"]),
        number(row["ours_ms"]),
        str(row["peer"]),
        number(row["peer_ms"]),
        number(row["ratio"]),
    )


def target_cells(verdict: Verdict) -> tuple[str, ...]:
    """Return a verdict as text, one cell a column of ``TARGET_HEAD``."""
    low, middle, high = verdict.quartiles or (None, None, None)
    target, told = verdict.target, verdict.target.reason and verdict.word in (NOT_MET, UNDECIDED)
    return (
        f"{target.statement} (why not: {target.reason})" if told else target.statement,
        verdict.word,
        verdict.target.quantity,
        spread(low, middle, high),
    )


def number(value: object) -> str:
    """Return three significant digits, whole from 100 on; a dash where nothing was measured."""
    if not isinstance(value, int | float):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:#.3g}"


def spread(low: object, middle: object, high: object) -> str:
    """Return the median with the quartiles in brackets."""
    return "–" if middle is None else f"{number(middle)} [{number(low)}, {number(high)}]"


def text(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return a table for a terminal; numbers stand on the right, a repeated first cell is empty."""
    lines = [tuple(head)]
    before = ""
    for line in body:
        lines.append(("" if line[0] == before else line[0], *line[1:]))
        before = line[0]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    numeric = [name.endswith((", ms", "ours", "[quartiles]")) for name in head]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )
