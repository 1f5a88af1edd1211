"""The rules that a stored notebook keeps; each returns what breaks it, with the cell's position."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from runtheory.exercises import MIME as EXERCISE
from runtheory.explore import MIME as EXPLORABLE
from runtheory.outcome import MIME as CLAIM
from tools import legends
from tools.exercises import BEGIN, END, ExerciseError, reader_notebook, with_checked_outputs
from tools.notebooks import (
    CELL_METADATA,
    FOLDED,
    INSTALL,
    KERNEL,
    NOTEBOOK_METADATA,
    SOLUTION,
    code_cells,
    digest,
    install_source,
    read,
    tags,
    with_install_cell,
)
from tools.shown import untested_calculations

LINES, COLUMNS = 20, 88  # a line of 88 letters fits the page's column on a laptop, and print
BYTES = 1_500_000
IMAGES = {"image/png", "image/jpeg", "image/svg+xml"}
KNOWN = {*IMAGES, "text/plain", "text/html", "text/latex", CLAIM, EXERCISE, EXPLORABLE}
PLACE = re.compile(
    r"(?<![\w.~/])(/(home|work|root|tmp|Users|mnt|var)/|[A-Za-z]:\\|https?://|file://)"
)
LOCAL = re.compile(r"(?<![\w.~/])/(home|work|root|tmp|Users)/|\bat 0x[0-9a-f]{6,}|\b[A-Z]:\\Users")
MYST = re.compile(
    r"^\s*(`{3,}|~{3,}|:{3,})\s*\{|^\s*:{3,}|(?<![\\\w}`])\{[a-z][\w:.+-]*\}`[^`\s]", re.M
)
MACRO = re.compile(r"\\(re)?newcommand|\\def\b|\\DeclareMathOperator|\\let\b")
IMAGE_TAG = re.compile(r"<img\b[^>]*>")
ALT = re.compile(r"""\balt\s*=\s*(["'])\s*\S""")

Fault = tuple[int | None, str]


def faults(path: Path, repository: str) -> Iterator[Fault]:
    """Yield every rule that the notebook at ``path`` breaks."""
    if path.stat().st_size > BYTES:
        yield None, f"{path.stat().st_size} bytes, more than {BYTES}"
    notebook = read(path)
    yield from _of_the_run(notebook)
    yield from _of_the_install_cell(notebook, repository)
    yield from _of_metadata(notebook)
    for position, cell in enumerate(notebook.cells, start=1):
        lab = path.name.startswith("lab") or path.parent.name == "demos"
        found = (*_of_prose(cell), *_of_code(cell, lab=lab), *_of_outputs(cell))
        yield from ((position, text) for text in found)
    if path.name.startswith("lab") or path.parent.name == "demos":
        yield from untested_calculations(notebook)
    yield from legends.faults(notebook)
    if path.name == "solutions.ipynb":
        yield from _of_exercises(notebook, path.with_name("exercises.ipynb"), repository)


def _of_the_run(notebook: NotebookNode) -> Iterator[Fault]:
    stored = notebook.metadata.get("runtheory", {})
    if stored.get("digest") != digest(notebook):
        yield None, "code cells were edited after the stored run: run `make execute`"
    for count, (position, cell) in enumerate(code_cells(notebook), start=1):
        if cell.execution_count != count:
            yield position, f"execution count {cell.execution_count} where {count} should be"


def _of_the_install_cell(notebook: NotebookNode, repository: str) -> Iterator[Fault]:
    first = next(code_cells(notebook), None)
    if first is None or INSTALL not in tags(first[1]):
        yield None, "the first code cell is not the install cell: run `make execute`"
    elif first[1].source != install_source(repository):
        yield first[0], "the install cell is not the template's: run `make sync`"
    for position, cell in list(code_cells(notebook))[1:]:
        if INSTALL in tags(cell):
            yield position, "a second install cell, which no digest would cover"


def _of_metadata(notebook: NotebookNode) -> Iterator[Fault]:
    if extra := set(notebook.metadata) - NOTEBOOK_METADATA:
        yield None, f"metadata of one machine or program: {sorted(extra)}"
    if dict(notebook.metadata.get("kernelspec", {})) != KERNEL:
        yield None, "the kernel is not python3 under its plain name"
    for position, cell in enumerate(notebook.cells, start=1):
        if extra := set(cell.metadata) - CELL_METADATA:
            yield position, f"metadata of one machine or program: {sorted(extra)}"
        hidden = cell.metadata.get("jupyter", {}) == {"source_hidden": True}
        if hidden != (FOLDED in tags(cell)) or ("jupyter" in cell.metadata and not hidden):
            yield position, f"JupyterLab folds what is tagged {FOLDED}, and no other cell"


def _of_prose(cell: NotebookNode) -> Iterator[str]:
    if cell.cell_type != "markdown":
        return
    if found := MYST.search(cell.source):
        yield f"MyST syntax, which only the book would read: {found[0].strip()!r}"
    if found := MACRO.search(cell.source):
        yield f"a TeX macro of one's own: {found[0]!r}"
    if any(not ALT.search(image) for image in IMAGE_TAG.findall(cell.source)):
        yield "an image without text alternative"
    if re.search(r"!\[\s*\]\(", cell.source):
        yield "an image without text alternative"


def _of_code(cell: NotebookNode, *, lab: bool) -> Iterator[str]:
    if cell.cell_type != "code" or INSTALL in tags(cell):
        return
    lines = [line for line in cell.source.splitlines() if line.strip() not in (BEGIN, END)]
    if len(lines) > LINES:
        yield f"{len(lines)} lines of code, more than {LINES}"
    if wide := [line for line in lines if len(line) > COLUMNS]:
        yield f"a line of {len(wide[0])} letters, more than {COLUMNS}: {wide[0].strip()[:40]!r}"
    if lab and re.search(r"^\s*class\s", cell.source, re.M):
        yield "a class, which belongs in the package"
    if found := PLACE.search(cell.source):
        yield f"an absolute path or an address: {found[0]!r}"


def _of_outputs(cell: NotebookNode) -> Iterator[str]:
    kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
    if "mystnb" in cell.metadata and not IMAGES & kinds:
        yield "a text alternative without its figure"
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            yield f"a stored error: {output.ename}"
        elif output.output_type == "stream":
            if output.name == "stderr":
                yield "stored output to stderr"
        else:
            yield from _of_bundle(cell, output.data)
        if found := LOCAL.search(_text(output)):
            yield f"output that another machine would not repeat: {found[0]!r}"


def _of_bundle(cell: NotebookNode, data: NotebookNode) -> Iterator[str]:
    if unknown := set(data) - KNOWN:
        yield f"output of a type that the site does not show: {sorted(unknown)}"
    if EXPLORABLE in data:
        return  # its words are stored with it
    described = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    if IMAGES & set(data) and not described.strip():
        yield "a figure without text alternative (cell metadata mystnb.image.alt)"
    if any(not ALT.search(image) for image in IMAGE_TAG.findall(data.get("text/html", ""))):
        yield "an image without text alternative"


def _text(output: NotebookNode) -> str:
    """Return what a reader reads of an output; pictures are left out."""
    data = {kind: text for kind, text in output.get("data", {}).items() if kind not in IMAGES}
    if EXPLORABLE in data:
        told = data[EXPLORABLE]
        data[EXPLORABLE] = {name: told[name] for name in told if name != "pictures"}
    html = re.sub(r"data:image/[^\"']*", "", json.dumps(data))
    return html + output.get("text", "") + "\n".join(output.get("traceback", []))


def _of_exercises(solved: NotebookNode, path: Path, repository: str) -> Iterator[Fault]:
    for position, cell in code_cells(solved):
        if SOLUTION in tags(cell):
            try:
                ast.parse(cell.source)
            except SyntaxError as error:
                yield position, f"an answer that is no Python: {error}"
    try:
        expected = with_install_cell(reader_notebook(with_checked_outputs(solved)), repository)
    except ExerciseError as error:
        yield None, str(error)
        return
    if not path.exists() or _sources(read(path)) != _sources(expected):
        yield None, "exercises.ipynb is not what this notebook makes: run `make execute`"
    else:
        yield from (
            (None, f"exercises.ipynb: {text}") for text in _verdicts(read(path), right=False)
        )
    yield from ((None, text) for text in _verdicts(solved, right=True))


def _sources(notebook: NotebookNode) -> list[tuple[str, str, str, list[str]]]:
    return [(cell.cell_type, cell.id, cell.source, sorted(tags(cell))) for cell in notebook.cells]


def _verdicts(notebook: NotebookNode, *, right: bool) -> Iterator[str]:
    """Yield the exercises whose stored check says other than it should; none at all is a fault."""
    found = [
        output.data[EXERCISE]
        for _, cell in code_cells(notebook)
        for output in cell.outputs
        if EXERCISE in output.get("data", {})
    ]
    if not found:
        yield "no exercise is checked"
    for check in found:
        if check["right"] is not right:
            word = "does not pass with its solution" if right else "passes without an answer"
            yield f"the check of {check['name']!r} {word}"
