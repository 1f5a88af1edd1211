"""What every tool knows of the notebooks: where they lie, their digest, their first cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from runtheory import __version__, checkout, durable

ROOT = checkout.root_above(__file__, levels=1)
INSTALL = "install"  # the tag of a notebook's first code cell
SOLUTION = "solution"  # the tag of an answer in a solved notebook
FOLDED = "hide-input"  # the tag of a cell whose code is folded
CELL_METADATA = {"tags", "mystnb", "jupyter"}
NOTEBOOK_METADATA = {"kernelspec", "language_info", "mystnb", "runtheory"}
WHEEL = f"runtheory-{__version__}-py3-none-any.whl"  # the site carries it
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}

BEGINNING = """# {says}
# Links to theorems open as plain text here; the site shows them (`make serve`).
import importlib.util

if importlib.util.find_spec("runtheory") is None:
    {does}"""
INSTALLS = (
    "Installs the book's package where it is missing, as on Colab.",
    '%pip install --quiet "runtheory[labs] @ {source}"',
)
ASKS = (
    "Says how to go on where the book's package is missing.",
    """raise ModuleNotFoundError(
        "the book's package is missing: on the page that you have this notebook from, copy "
        "the line that begins with %pip into a cell above this one, and run it"
    )""",
)


def notebook_paths(root: Path = ROOT) -> list[Path]:
    """Return every notebook of every chapter, then those of the demos, in order of their names."""
    chapters = sorted((root / "chapters").glob("*/*.ipynb"))
    return [*chapters, *sorted((root / "demos").glob("*.ipynb"))]


def read(path: Path) -> NotebookNode:
    """Return the notebook at ``path``."""
    return nbformat.read(path, as_version=4)


def title_of(path: Path) -> str:
    """Return the heading of the first rank of the notebook at ``path``, or its file's name."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line.removeprefix("# ").strip()
    return path.stem


def write(notebook: NotebookNode, path: Path) -> None:
    """Put ``notebook`` at ``path`` whole: a reader sees the old file or the new one."""
    nbformat.validate(notebook)
    durable.write(path, (nbformat.writes(notebook).rstrip("\n") + "\n").encode())


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def code_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Yield the code cells with their position among all cells, counted from 1."""
    for position, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code":
            yield position, cell


def fold(cell: NotebookNode) -> None:
    """Have JupyterLab fold the code that the site folds, and no other."""
    cell.metadata.pop("jupyter", None)
    if FOLDED in tags(cell):
        cell.metadata["jupyter"] = {"source_hidden": True}


def digest(notebook: NotebookNode) -> str:
    """Return SHA-256 over the sources of the code cells, the install cell left out."""
    total = hashlib.sha256()
    for _, cell in code_cells(notebook):
        if INSTALL not in tags(cell):
            # The length keeps two cells apart from one cell that holds both.
            total.update(f"{len(cell.source)}:{cell.source}".encode())
    return total.hexdigest()


def address(root: Path = ROOT) -> str:
    """Return where pip finds the package: the site's wheel, or else the repository, or ""."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    site = str((config.get("html") or {}).get("baseurl") or "").rstrip("/")
    repository = str((config.get("repository") or {}).get("url") or "").rstrip("/")
    if site:
        return f"{site}/_static/{WHEEL}"
    return f"git+{repository}" if repository else ""


def install_source(source: str) -> str:
    """Return the source of the first code cell where pip finds the package at ``source``."""
    says, does = INSTALLS if source else ASKS
    return BEGINNING.format(says=says, does=does.format(source=source))


def with_install_cell(notebook: NotebookNode, source: str) -> NotebookNode:
    """Return a copy whose first code cell is the install cell, put in where it is missing."""
    result = nbformat.from_dict(notebook)
    first = next((cell for _, cell in code_cells(result)), None)
    if first is None or INSTALL not in tags(first):
        first = nbformat.v4.new_code_cell(id=INSTALL)
        # After the opening prose: a page begins with its title.
        result.cells.insert(1 if result.cells else 0, first)
    first.source = install_source(source)
    first.metadata["tags"] = [INSTALL, FOLDED]
    fold(first)
    return result
