"""What every tool knows of the notebooks: where they lie, their digest, their first cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from runtheory import checkout, durable

ROOT = checkout.root_above(__file__, levels=1)
INSTALL = "install"  # the tag of a notebook's first code cell
SOLUTION = "solution"  # the tag of an answer in a solved notebook
CELL_METADATA = {"tags", "mystnb"}
NOTEBOOK_METADATA = {"kernelspec", "language_info", "mystnb", "runtheory", "widgets"}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}

WITH_ADDRESS = '''# Installs the book's package where it is missing, as on Colab.
import importlib.util

if importlib.util.find_spec("runtheory") is None:
    %pip install --quiet "runtheory @ git+{address}"'''

WITHOUT_ADDRESS = """# Says how to go on where the book's package is missing.
import importlib.util

if importlib.util.find_spec("runtheory") is None:
    raise ModuleNotFoundError("install the book's package first: its README says how")"""


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


def digest(notebook: NotebookNode) -> str:
    """Return SHA-256 over the sources of the code cells, the install cell left out."""
    total = hashlib.sha256()
    for _, cell in code_cells(notebook):
        if INSTALL not in tags(cell):
            # The length keeps two cells apart from one cell that holds both.
            total.update(f"{len(cell.source)}:{cell.source}".encode())
    return total.hexdigest()


def address(root: Path = ROOT) -> str:
    """Return the repository's public address, the one setting in ``_config.yml``, or ""."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return str((config.get("repository") or {}).get("url") or "").rstrip("/")


def install_source(repository: str) -> str:
    """Return the source of the first code cell for a repository at ``repository`` ("": unset)."""
    return WITH_ADDRESS.format(address=repository) if repository else WITHOUT_ADDRESS


def with_install_cell(notebook: NotebookNode, repository: str) -> NotebookNode:
    """Return a copy whose first code cell is the install cell, put in where it is missing."""
    result = nbformat.from_dict(notebook)
    first = next((cell for _, cell in code_cells(result)), None)
    if first is None or INSTALL not in tags(first):
        first = nbformat.v4.new_code_cell(id=INSTALL)
        # After the opening prose: a page begins with its title.
        result.cells.insert(1 if result.cells else 0, first)
    first.source = install_source(repository)
    first.metadata["tags"] = [INSTALL, "hide-input"]
    return result
