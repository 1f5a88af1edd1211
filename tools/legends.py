"""What a figure of a notebook says: no raw underscore, no title twice, no legend entry twice.

Only what stands in the source can be seen: a text that is put together from data passes.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from tools.notebooks import code_cells
from tools.shown import parsed

TITLES, AXES = {"title", "set_title"}, {"x", "y", "set_xlabel", "set_ylabel"}
ENTRIES = {"label", "name"}
FORMULA = re.compile(r"\$[^$]*\$")
UNDERSCORE = re.compile(r"[^\W\d_]_[^\W_]")


@dataclass(frozen=True)
class Said:
    """One text of a figure: what it is for, on which axes, and which loop repeats it."""

    use: str
    text: str
    whole: bool  # no part of it is computed
    axes: str
    repeated: bool


def faults(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield the texts of figures that a reader stumbles over, each with its cell's position."""
    for position, cell in code_cells(notebook):
        texts = list(_texts(parsed(cell.source)))
        yield from ((position, fault) for fault in _of_cell(texts))


def _of_cell(texts: list[Said]) -> Iterator[str]:
    for one in texts:
        if UNDERSCORE.search(FORMULA.sub(" ", one.text)):
            yield f"an underscore in a figure's text, which is no formula: {one.text!r}"
    whole = [one for one in texts if one.whole and one.text.strip()]
    titles = Counter(one.text for one in whole if one.use in TITLES)
    again = {one.text for one in whole if one.use in TITLES and one.repeated}
    for text in sorted(again | {text for text, count in titles.items() if count > 1}):
        yield f"two panels have the title {text!r}"
    entries = Counter((one.axes, one.text) for one in whole if one.use in ENTRIES)
    again = {one.text for one in whole if one.use in ENTRIES and one.repeated}
    for text in sorted(again | {text for (_, text), count in entries.items() if count > 1}):
        yield f"a legend has the entry {text!r} twice"


def _texts(tree: ast.AST, loop: ast.For | None = None) -> Iterator[Said]:
    """Yield the texts that the calls below ``tree`` hand to a figure."""
    for node in ast.iter_child_nodes(tree):
        inside = node if isinstance(node, ast.For) else loop
        if isinstance(node, ast.FunctionDef):
            inside = None
        if isinstance(node, ast.Call):
            yield from _of_call(node, loop)
        yield from _texts(node, inside)


def _of_call(call: ast.Call, loop: ast.For | None) -> Iterator[Said]:
    if not isinstance(call.func, ast.Attribute):
        return
    name, owner = call.func.attr, call.func.value
    helper = isinstance(owner, ast.Name) and owner.id == "plot"  # the axes are what it is given
    axes = ast.unparse(call.args[0] if helper and call.args else owner)
    # What each panel of a loop is given once is not given twice.
    each = loop is not None and axes in {ast.unparse(one) for one in ast.walk(loop.target)}
    for use, value in _values(name, call):
        text, whole = _text(value)
        repeated = loop is not None and (use in TITLES or not each)
        yield Said(use, text, whole, axes, repeated)


def _values(name: str, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield the arguments of a call that a figure shows, each with its use."""
    if name in TITLES | AXES and call.args:
        yield name, call.args[0]
    wanted = {*TITLES, *AXES} if name == "label" else {*TITLES, *ENTRIES}
    yield from ((word.arg, word.value) for word in call.keywords if word.arg in wanted)


def _text(value: ast.expr) -> tuple[str, bool]:
    """Return the fixed parts of a text, and whether it has no others."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value, True
    if isinstance(value, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else " " for part in value.values)
        return "".join(str(part) for part in parts), False
    return "", False
