"""Explorables on pages: what a notebook stores of one, as HTML, and on paper as picture and table.

A theory page shows an explorable of a lab by the directive ``explorable``, whose argument is the
notebook and the id of the cell: ``{explorable} lab_one.ipynb#price``. Nothing is typed twice, and
a cell that is gone stops the build.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from runtheory.explore import MIME
from runtheory.explore.settings import start_of
from runtheory.explore.stored import html_table, table, words_at
from runtheory.explore.views import tag
from tools import notebooks
from tools.widgets import stored_explorable

FILES = ("explorables.js", "explorables.css")


def fragment(stored: dict[str, Any], png: str) -> str:
    """Return an explorable as HTML: its numbers for the script, a picture without it, a table."""
    title = str(stored["title"])
    told = json.dumps(stored, ensure_ascii=False, separators=(",", ":")).replace("</", r"<\/")
    still = tag(png, words_at(stored, start_of(stored)))
    return (
        f'<div class="runtheory-explorable" role="group" aria-label="{html.escape(title)}">'
        f'<script type="{MIME}">{told}</script><noscript>{still}</noscript>'
        f"<details><summary>As a table: {html.escape(title)}</summary>"
        f'<div class="readings-table">{html_table(stored)}</div></details></div>'
    )


def with_fragments(notebook: NotebookNode) -> NotebookNode:
    """Return a copy whose explorables are HTML."""
    result = nbformat.from_dict(notebook)
    for cell in result.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME in data:
                shown = fragment(data[MIME], str(data.get("image/png", "")).strip())
                output.data = nbformat.from_dict({"text/html": shown, "text/plain": "figure"})
    return result


def find(path: Path, name: str) -> tuple[dict[str, Any], str]:
    """Return what the cell ``name`` of the notebook at ``path`` stores of an explorable.

    Raises
    ------
    LookupError
        If the notebook has no such cell, or the cell no explorable.
    """
    for cell in notebooks.read(path).cells:
        if cell.get("id") == name:
            found = stored_explorable(cell)
            if found is None:
                raise LookupError(f"the cell {name} of {path.name} stores no explorable")
            return found
    raise LookupError(f"{path.name} has no cell {name}")


class Explorable(SphinxDirective):
    """Show the explorable that a lab stores, and say which lab computes it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the notebook beside the page, and make nodes for the site or for paper."""
        name, _, label = self.arguments[0].partition("#")
        path = Path(self.env.doc2path(self.env.docname)).parent / name
        self.env.note_dependency(str(path))
        try:
            stored, png = find(path, label)
        except (LookupError, OSError) as error:
            raise self.error(str(error)) from error
        builder = self.env.app.builder
        on_paper = builder.format == "latex" or builder.name == "epub"
        shown = (self._paper if on_paper else self._on_site)(stored, png)
        return [*shown, self._origin(path)]

    def _file(self, picture: str) -> str:
        """Write a picture among those of the site and return where it lies, from this page."""
        name = f"frame-{hashlib.sha256(picture.encode()).hexdigest()[:16]}.png"
        folder = Path(self.env.app.outdir) / "_images"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(base64.b64decode(picture))
        return f"{'../' * self.env.docname.count('/')}_images/{name}"

    def _on_site(self, stored: dict[str, Any], png: str) -> list[nodes.Node]:
        """Return the figure; its pictures are files, which come when they are shown."""
        frames = {"pictures": [self._file(one) for one in stored.get("pictures", [])]}
        told = {**stored, **frames} if "pictures" in stored else stored
        return [nodes.raw("", fragment(told, self._file(png)), format="html")]

    def _paper(self, stored: dict[str, Any], png: str) -> list[nodes.Node]:
        name = f"{hashlib.sha256(png.encode()).hexdigest()[:16]}.png"
        file = Path(self.env.app.outdir).parent / "explorables" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(png))
        beside = Path(self.env.doc2path(self.env.docname)).parent
        image = nodes.image(uri=Path(os.path.relpath(file, beside)).as_posix(), width="70%")
        image["alt"] = words_at(stored, start_of(stored))
        return [
            nodes.paragraph("", "", nodes.strong("", f"{stored['title']}.")),
            image,
            table_node(*table(stored)),
        ]

    def _origin(self, path: Path) -> nodes.Node:
        target = self.env.path2doc(str(path))
        link = pending_xref("", nodes.inline("", notebooks.title_of(path)))
        link.attributes.update(
            refdomain="std", reftype="doc", refexplicit=True, reftarget=f"/{target}", refwarn=True,
            refdoc=self.env.docname,
        )  # fmt: skip
        return nodes.paragraph("", "", nodes.Text("Computed in "), link, nodes.Text("."))


def table_node(head: Sequence[str], rows: Sequence[Sequence[str]]) -> nodes.table:
    """Return a table of plain texts."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group)


def _row(texts: Sequence[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in texts))


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    on_site = app.builder.format == "html" and app.builder.name != "epub"
    if on_site and app.env.doc2path(docname).endswith(".ipynb") and MIME in content[0]:
        notebook = nbformat.reads(content[0], as_version=4)
        content[0] = nbformat.writes(with_fragments(notebook))


def _files(app: Sphinx, *about: Any) -> None:
    page = about[-1]
    if not isinstance(page, nodes.document) or app.builder.name == "epub":
        return
    if any(MIME in raw.astext() for raw in page.findall(nodes.raw)):
        app.add_js_file(FILES[0], loading_method="defer")
        app.add_css_file(FILES[1])


def setup(app: Sphinx) -> None:
    """Read notebooks as pages need them, and load script and style where a figure is."""
    app.add_directive("explorable", Explorable)
    app.connect("source-read", _read)
    app.connect("html-page-context", _files)
