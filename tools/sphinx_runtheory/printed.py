"""Notebooks on paper: what stands in place of folds, sliders, boxes and code that draws."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode
from PIL import Image
from sphinx.application import Sphinx

from runtheory.exercises import MIME as EXERCISE
from runtheory.explore import MIME as EXPLORABLE
from runtheory.explore.drawing import draw, picture
from runtheory.explore.settings import index_of, said, three
from runtheory.explore.stored import picture_at, words_at
from runtheory.explore.views import encoded
from runtheory.outcome import MIME as CLAIM
from runtheory.outcome import SYMBOLS
from tools import vectors
from tools.notebooks import INSTALL, code_cells, tags
from tools.widgets import stored_explorable

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~^$&])")
FOLD = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.S)
WIDE = 1.8  # wider than high by so much, frames stand one below the other
SHARP = 200  # dots an inch
MARKER = re.compile(r"^# NBVAL\w+\n?", re.M)
SPACES = re.compile(r"\n{3,}")  # between functions one empty line is enough on paper
DROPPED = {"hide-input": "remove-input", "hide-cell": "remove-input"}  # what draws, on paper
MARKED = re.compile(r"``(.+?)``")  # a name in a docstring
CITED = re.compile(r"\[([a-z]+)(\d{4})[a-z]+\]")  # a work in a docstring, by its key
NUMBERS = ("measured", "expected", "tolerance")


def escaped(text: str) -> str:
    """Return plain ``text`` as Markdown that shows it unchanged."""
    return SPECIAL.sub(r"\\\1", text)


def claim_text(record: dict[str, Any]) -> str:
    """Return a verdict as Markdown: what the site shows as a coloured box."""
    verdict = str(record["verdict"])
    shown = {name: record[f"{name}_text"] for name in NUMBERS} | dict(record["more"])
    numbers = (f"{name} {escaped(str(text))}" for name, text in shown.items())
    kind = str(record["kind"]).replace("_", " ")
    head = f"{SYMBOLS[verdict]} **{verdict}** `{record['id']}` ({kind})"
    body = f"{head}\\\n{record['statement']}\\\n{'; '.join(numbers)}"
    return f":::{{container}} runtheory-verdict {verdict}\n{body}\n:::\n"


def for_print(notebook: NotebookNode, *, exercises: bool = False) -> NotebookNode:
    """Return a copy that needs no browser: no install cell, no folds, no HTML, no sliders.

    Of ``exercises`` the folds are marked, for they move to the back, and what the checks say of
    an empty answer is left out.
    """
    result = nbformat.from_dict(notebook)
    cells = []
    for cell in result.cells:
        if INSTALL in tags(cell):
            continue
        cells.append(cell)
        if cell.cell_type == "markdown":
            cell.source = _unfolded(cell.source, to_the_back=exercises)
            continue
        cell.source = SPACES.sub("\n\n", MARKER.sub("", cell.source))
        cell.metadata["tags"] = [DROPPED.get(tag, tag) for tag in tags(cell)]
        frames = _frames(cell)
        cell.outputs = [output for output in cell.outputs if _on_paper(output, exercises)]
        if frames:
            cell.outputs = [one for one in cell.outputs if "image/png" not in one.get("data", {})]
            cell.outputs += [_picture(frame) for frame in frames]
            cell.metadata["tags"] += ["frames-below" if frames[0].wide else "frames"]
            cells.append(nbformat.v4.new_markdown_cell(frames_text(frames)))
    result.cells = cells
    return result


def _unfolded(source: str, *, to_the_back: bool) -> str:
    if to_the_back:
        source = source.replace("A folded solution follows.", "Solutions stand at the back.")
        return FOLD.sub(r"::::{container} runtheory-solution\n**\1.**\n\2\n::::", source)
    return FOLD.sub(r"**\1.**\2", source)


@dataclass(frozen=True)
class Frame:
    """One picture of an explorable: where its sliders stand, its PNG, and its words."""

    settings: str
    png: str
    alt: str

    @property
    def wide(self) -> bool:
        """Whether three of it are too small side by side."""
        with Image.open(io.BytesIO(base64.b64decode(self.png))) as picture:
            return bool(picture.width > WIDE * picture.height)


def _frames(cell: NotebookNode) -> list[Frame]:
    """Return the first, a middle and the last frame of the explorable that a cell shows."""
    found = stored_explorable(cell)
    return [] if found is None else explorable_frames(found[0])


def explorable_frames(stored: dict[str, Any]) -> list[Frame]:
    """Return three frames of a stored explorable: both ends and the middle of its sliders."""
    return [_frame(stored, places) for places in three(stored)]


def _frame(stored: dict[str, Any], places: list[int]) -> Frame:
    if stored["kind"] == "frames":
        png = str(stored["pictures"][index_of(stored, places)])
    else:
        png = encoded(picture(draw(picture_at(stored, places)), dpi=SHARP))
    return Frame(said(stored, places), png, words_at(stored, places))


def frames_text(frames: list[Frame]) -> str:
    """Return what stands under the frames of an explorable on paper."""
    listed = " ".join(
        f"**{escaped(one.settings)}**: {escaped(' '.join(one.alt.split()))}" for one in frames
    )
    return f"*{len(frames)} frames of an explorable, which on the site a slider moves.* {listed}"


def without_markup(text: str) -> str:
    """Return what a cell printed with the marks of a docstring's names and works as words."""
    named = MARKED.sub(r"\1", text)
    return CITED.sub(lambda found: f"[{found[1].capitalize()}, {found[2]}]", named)


def _picture(frame: Frame) -> NotebookNode:
    data = {"image/png": frame.png, "text/plain": frame.settings}
    return nbformat.v4.new_output("display_data", data=data)


def _on_paper(output: NotebookNode, exercises: bool) -> bool:
    """Make an output fit for paper, and tell whether anything of it is left."""
    data = output.get("data")
    if data is None:
        if "text" in output:
            output.text = without_markup(output.text)
        return True
    if CLAIM in data:
        output.data = nbformat.from_dict({"text/markdown": claim_text(data[CLAIM])})
    elif EXERCISE in data:
        if exercises:
            return False  # "not yet", for there is no answer
        output.data = nbformat.from_dict({"text/markdown": escaped(data["text/plain"])})
    else:
        for unprintable in {EXPLORABLE, "text/html"} & set(data):
            del data[unprintable]
    return True


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    on_paper = app.builder.format == "latex" or app.builder.name == "epub"
    if on_paper and app.env.doc2path(docname).endswith(".ipynb"):
        notebook = nbformat.reads(content[0], as_version=4)
        shown = for_print(notebook, exercises=docname.endswith("/exercises"))
        if app.builder.format == "latex":
            for _, cell in code_cells(shown):
                for output in cell.outputs:
                    vectors.on_paper(output)
        content[0] = nbformat.writes(shown)


def setup(app: Sphinx) -> None:
    """Read notebooks as paper needs them; the site sees no difference."""
    app.connect("source-read", _read)
