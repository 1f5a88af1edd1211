"""Whatever labs compute is tested, and whatever the package offers is shown.

A function that a lab defines draws, prints, or has at most four lines: a longer calculation belongs
in the package, where a test sees it alone. And a public definition of the package has a caller that
is no test: another definition, a notebook, a page, a tool, a benchmark, or an example in a
docstring.
"""

from __future__ import annotations

import ast
import doctest
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from tools.notebooks import code_cells, notebook_paths, read

LINES, COLUMNS = 4, 100
DRAWING = {"plot", "explore", "plt", "axes", "axis", "figure", "canvas", "print", "display"}
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
MAGIC = re.compile(r"^\s*[%!].*$", re.M)
CODE = ("src", "tools", "benchmarks")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def untested_calculations(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield the functions of a lab that are long and do not draw, each with its cell's position."""
    for position, cell in code_cells(notebook):
        for node in ast.walk(parsed(cell.source)):
            if isinstance(node, ast.FunctionDef) and not DRAWING & set(_names(node)):
                lines = _length(node)
                if lines > LINES:
                    yield (
                        position,
                        f"{node.name} has {lines} lines and does not draw: "
                        "it belongs in the package, with a test",
                    )


def definitions_without_caller(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the public definitions that only tests call, or nothing, each with its file."""
    used = _uses(root)
    for path in sorted((root / "src").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, Definition) or not _is_offered(node):
                continue
            if used[node.name] <= Counter(_names(node))[node.name]:
                text = f"nothing but tests uses {node.name}: show it in a lab, or remove it"
                yield str(path.relative_to(root)), text


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines; its docstring and its signature are for the reader."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _length(function: ast.FunctionDef) -> int:
    """Count a function's lines of 100 letters, however its cell breaks them."""
    body = function.body[ast.get_docstring(function) is not None :]
    lines = [line for statement in body for line in ast.unparse(statement).splitlines()]
    return sum(-(-len(line) // COLUMNS) for line in lines)


def _is_offered(node: Definition) -> bool:
    """Tell whether a definition is public and waits for a call: a decorator may register others."""
    decorated = any("recipe" in set(_names(decorator)) for decorator in node.decorator_list)
    return not node.name.startswith("_") and not decorated and node.name != "main"


def _uses(root: Path) -> Counter[str]:
    """Count the names that code and notebooks use; an import alone, or an export, is no use."""
    used: Counter[str] = Counter()
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            used.update(_names(tree))
            for example in _examples(tree):
                used.update(_names(parsed(example)))
    for path in notebook_paths(root):
        for _, cell in code_cells(read(path)):
            used.update(_names(parsed(cell.source)))
    for path in sorted((root / "book").glob("*.md")):
        for block in BLOCK.findall(path.read_text(encoding="utf-8")):
            used.update(_names(parsed(block)))
    return used


def _names(tree: ast.AST) -> Iterator[str]:
    """Yield every name and attribute that ``tree`` reads, annotations that are texts included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _examples(tree: ast.Module) -> Iterator[str]:
    """Yield the lines that docstrings show at a prompt."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | Definition) and (text := ast.get_docstring(node)):
            yield from (example.source for example in doctest.DocTestParser().get_examples(text))


def parsed(source: str) -> ast.Module:
    """Parse a cell without its magics; a cell that is no Python (a stub) counts as empty."""
    try:
        return ast.parse(MAGIC.sub("", source))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])
