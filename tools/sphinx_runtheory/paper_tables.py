"""Tables on paper: long ones run over pages, wide ones are turned, no cell spans a page break."""

from __future__ import annotations

import re

from docutils import nodes

WORDS_ACROSS = 90  # letters of code that fit across an upright page
LONG_NAME = 20  # letters that a narrow column may not hold
BREAKS = re.compile(r"(?<=[._])(?=[A-Za-z])")
UNBROKEN = re.compile(r"\s+|(?<=[-_./])(?=[A-Za-z])")  # between what cannot be broken
LETTERS_ON_A_PAGE = 2000  # of a table, whose columns are narrow
HEADING = (nodes.title, nodes.rubric, nodes.raw, nodes.target)  # what goes with a turned table
UPRIGHT = r"\end{landscape}"
ROWS_ON_A_PAGE = 30  # Sphinx spreads a table of more over several pages


def latex(command: str) -> nodes.raw:
    """Return a line of LaTeX as a node."""
    return nodes.raw("", f"\n{command}\n", format="latex")


def shape_table(table: nodes.table) -> None:
    """Let a long table run over pages, turn a wide one, and repeat what spans rows."""
    _without_spans(table)
    for word in list(table.findall(nodes.Text)):
        _let_break(word)
    claims = "claims" in table["classes"]
    if claims or len(list(table.findall(nodes.row))) > ROWS_ON_A_PAGE:
        # A table of many pages does not break its cells unless the columns have widths.
        table["classes"] += ["longtable", "colwidths-given"]
    if claims:
        for row in table.findall(nodes.row):
            _anchor(row)
    elif _longest_words(table) > WORDS_ACROSS:
        _turn(table)
    elif len(table.astext()) > LETTERS_ON_A_PAGE:
        table["classes"] += ["longtable", "colwidths-given"]


def _let_break(text: nodes.Text) -> None:
    """Let a long name break behind its dots and underscores."""
    parent = text.parent
    named = [word for word in text.split() if len(word) > LONG_NAME and BREAKS.search(word)]
    if not named or isinstance(parent, nodes.literal | nodes.math | nodes.raw):
        return
    pieces: list[nodes.Node] = []
    for piece in BREAKS.split(text):
        pieces += [nodes.raw("", r"\allowbreak{}", format="latex")] if pieces else []
        pieces.append(nodes.Text(piece))
    parent.replace(text, pieces)


def _without_spans(table: nodes.table) -> None:
    """Say in each row what stands beside it: a page may break between any two."""
    for body in table.findall(nodes.tbody):
        spanning: dict[int, tuple[int, nodes.entry]] = {}
        for row in body.children:
            cells, place = iter(list(row.children)), 0
            row.children = []
            while len(row) < table.next_node(nodes.tgroup)["cols"]:
                left, entry = spanning.get(place, (0, None))
                if not left:
                    entry = next(cells, None)
                    if entry is None:
                        break
                    left = entry.attributes.pop("morerows", 0) + 1
                assert entry is not None
                spanning[place] = (left - 1, entry)
                row += entry if entry.parent is None or left == 1 else entry.deepcopy()
                place += 1


def _longest_words(table: nodes.table) -> int:
    """Return the letters that the longest words of all columns, which cannot be broken, take."""
    columns: dict[int, int] = {}
    for row in table.findall(nodes.row):
        for place, entry in enumerate(row.children):
            longest = max(map(len, UNBROKEN.split(entry.astext())), default=0)
            columns[place] = max(columns.get(place, 0), longest)
    return sum(columns.values())


def _turn(table: nodes.table) -> None:
    """Give a wide table a wide page, with its heading, and its rows their anchors."""
    parent = table.parent
    start = place = parent.index(table)
    while start and isinstance(parent[start - 1], HEADING) and not _ends_turned(parent[start - 1]):
        start -= 1
    parent.insert(place + 1, latex(UPRIGHT))
    if start and _ends_turned(parent[start - 1]):
        del parent[start - 1]  # both tables on one turned page, if they fit
    else:
        parent.insert(start, latex(r"\begin{landscape}"))
    for row in table.findall(nodes.row):
        _anchor(row)


def _ends_turned(node: nodes.Node) -> bool:
    return isinstance(node, nodes.raw) and node.astext().strip() == UPRIGHT


def _anchor(row: nodes.row) -> None:
    first = next(row.findall(nodes.paragraph), None)
    if first is not None:
        first.insert(0, [nodes.target("", "", ids=[name]) for name in row["ids"]])
