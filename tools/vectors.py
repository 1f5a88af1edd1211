"""Draw the labs' plots as vectors for the printed book: ``make pdf VECTOR=1``.

A notebook stores bitmaps, for it is to stay small. Each lab runs once more, and every plot is drawn
in both ways. A vector drawing is kept under the digest of the bitmap drawn beside it: on paper it
stands only where the notebook stores that very bitmap, so that the print shows what the book shows.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from runtheory import durable
from tools import notebooks
from tools.execute import NotebookError, run

PNG, PDF = "image/png", "application/pdf"
FOLDER = notebooks.ROOT / "_build" / "vectors"
LARGEST = 400_000  # bytes; a cloud of very many points is lighter as a bitmap
BOTH = """
from IPython import get_ipython
from matplotlib_inline.config import InlineBackend
InlineBackend.instance(parent=get_ipython()).figure_formats = {"png", "pdf"}
"""


def name_of(picture: str) -> str:
    """Return the name under which the drawing of a bitmap (base64) is kept."""
    return f"{hashlib.sha256(base64.b64decode(picture)).hexdigest()}.pdf"


def pictures(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield what the cells of a notebook put out as pictures."""
    for _, cell in notebooks.code_cells(notebook):
        for output in cell.outputs:
            if PNG in output.get("data", {}):
                yield output.data


def drawn(notebook: NotebookNode, folder: Path) -> dict[str, bytes]:
    """Run a notebook and return the drawing of each plot by the name of its bitmap.

    Raises
    ------
    tools.execute.NotebookError
        If the notebook does not run.
    """
    both = nbformat.from_dict(notebook)
    both.cells.insert(0, nbformat.v4.new_code_cell(BOTH))
    found = {}
    for data in pictures(run(both, folder)):
        drawing = base64.b64decode(data.get(PDF, ""))
        if 0 < len(drawing) <= LARGEST:
            found[name_of(data[PNG])] = drawing
    return found


def draw(path: Path, store: Path = FOLDER) -> tuple[int, int]:
    """Keep the drawings of a notebook's plots; return how many it has, and how many are kept.

    A notebook all of whose plots are there already does not run.
    """
    notebook = notebooks.read(path)
    wanted = {name_of(data[PNG]) for data in pictures(notebook)}
    if any(not (store / name).is_file() for name in wanted):
        store.mkdir(parents=True, exist_ok=True)
        for name, drawing in drawn(notebook, path.parent).items():
            if name in wanted:
                durable.write(store / name, drawing)
    return len(wanted), sum((store / name).is_file() for name in wanted)


def draw_all() -> str:
    """Draw the plots of all notebooks on one thread, and say how many are vectors now.

    Of a notebook that does not run the bitmaps stay; what it said is printed.
    """
    os.environ["OMP_NUM_THREADS"] = "1"  # as the stored plots were drawn
    every = kept = 0
    for path in notebooks.notebook_paths():
        if path.name == "solutions.ipynb":
            continue
        try:
            shown, of_them = draw(path)
        except NotebookError as error:
            print(f"{path}: {error}", file=sys.stderr)
            shown, of_them = len(list(pictures(notebooks.read(path)))), 0
        every, kept = every + shown, kept + of_them
    return f"{kept} of {every} plots are vectors; of the others the bitmap stays"


def on_paper(output: NotebookNode, store: Path = FOLDER) -> None:
    """Put the drawing in place of an output's bitmap, where there is one."""
    data = output.get("data", {})
    if PNG in data and (store / name_of(data[PNG])).is_file():
        drawing = (store / name_of(data.pop(PNG))).read_bytes()
        data[PDF] = base64.b64encode(drawing).decode()
