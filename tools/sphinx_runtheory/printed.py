"""The book on paper: what LaTeX is given in place of folds, sliders and web pages."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.addnodes import start_of_file
from sphinx.application import Sphinx
from sphinx.builders.latex.nodes import thebibliography
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.writers.latex import LaTeXTranslator
from sphinx_proof.nodes import NODE_TYPES, proof_node

from runtheory.exercises import MIME as EXERCISE
from runtheory.outcome import MIME as CLAIM
from runtheory.outcome import SYMBOLS
from tools.notebooks import INSTALL, tags
from tools.widgets import VIEW

SVG_TO_PDF = "rsvg-convert"
SLIDER = "*The first frame of an explorable: on the site a slider moves through the others.*"
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~^$&])")
LINES = re.compile(r"\\\\|&|\\tag")  # a formula of several lines, or with a number of its own
WORDS_ACROSS = 90  # letters of code that fit across an upright page
NUMBERS = ("measured", "expected", "tolerance")
ROWS_ON_A_PAGE = 30  # Sphinx spreads a table of more over several pages


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
    return f"> {head}\\\n> {record['statement']}\\\n> {'; '.join(numbers)}\n"


def for_print(notebook: NotebookNode) -> NotebookNode:
    """Return a copy that needs no browser: no install cell, no folds, no HTML, no sliders."""
    result = nbformat.from_dict(notebook)
    cells = []
    for cell in result.cells:
        if cell.cell_type == "markdown":
            cell.source = _unfolded(cell.source)
        elif INSTALL in tags(cell):
            continue
        else:
            slides = any(VIEW in output.get("data", {}) for output in cell.outputs)
            cell.outputs = [output for output in cell.outputs if _on_paper(output)]
            if slides:
                cells.append(cell)
                cell = nbformat.v4.new_markdown_cell(SLIDER)
        cells.append(cell)
    result.cells = cells
    result.metadata.pop("widgets", None)
    return result


def _unfolded(source: str) -> str:
    opened = re.sub(r"<details>\s*<summary>(.*?)</summary>", r"**\1.**", source, flags=re.S)
    return opened.replace("</details>", "")


def _on_paper(output: NotebookNode) -> bool:
    """Make an output fit for paper, and tell whether anything of it is left."""
    data = output.get("data")
    if data is None:
        return True
    if CLAIM in data:
        output.data = nbformat.from_dict({"text/markdown": claim_text(data[CLAIM])})
    elif EXERCISE in data:
        output.data = nbformat.from_dict({"text/markdown": escaped(data["text/plain"])})
    elif "text/html" in data and data["text/html"].lstrip().startswith("<noscript>"):
        return False  # the picture for a page without scripts: the explorable's own picture stays
    else:
        for unprintable in {VIEW, "text/html"} & set(data):
            del data[unprintable]
    return True


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    if app.builder.format != "latex" or not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = nbformat.reads(content[0], as_version=4)
    content[0] = nbformat.writes(for_print(notebook))


class BookShape(SphinxPostTransform):
    """Front, main and back matter; the index page as a chapter; a lab on a new page."""

    formats = ("latex",)
    default_priority = 5

    def run(self, **kwargs: object) -> None:
        """Rearrange the one tree that LaTeX is given of all pages."""
        book = next(self.document.findall(nodes.section))
        parts = [child for child in book if _holds_pages(child)]
        title, *opening = (child for child in book if child not in parts)
        about = nodes.section("", nodes.title("", "About this book"), *opening)
        about["ids"] = ["about-this-book"]
        book.children = []
        front, *main, back = parts
        book += [title, _latex(r"\frontmatter\chapternames"), about, front]
        book += [_latex(r"\mainmatter"), *main, _latex(r"\backmatter"), back]
        for page in list(self.document.findall(start_of_file)):
            if not page["docname"].endswith("/theory"):
                page.insert(0, _latex(r"\clearpage"))
        for table in list(self.document.findall(nodes.table)):
            _shape_table(table)
        for formula in list(self.document.findall(nodes.math_block)):
            if not formula.get("number") and not LINES.search(formula.astext()):
                formula.replace_self(_latex(rf"\[\runtheoryfit{{{formula.astext().strip()}}}\]"))
        for proof in list(self.document.findall(proof_node)):
            # What the site draws as a box without a title is running text here.
            parts = [part for box in proof.children for part in box.children]
            proof.clear()
            proof += parts
        for theorem in list(self.document.findall(_is_numbered)):
            # A link leads to the last anchor before the label: here, not to the chapter's title.
            theorem.parent.insert(theorem.parent.index(theorem), _latex(r"\phantomsection"))


def _shape_table(table: nodes.table) -> None:
    """Let a long table run over pages, and turn a wide one."""
    claims = "claims" in table["classes"]
    if claims or len(list(table.findall(nodes.row))) > ROWS_ON_A_PAGE:
        # A table of many pages does not break its cells unless the columns have widths.
        table["classes"] += ["longtable", "colwidths-given"]
    if claims or _longest_words(table) > WORDS_ACROSS:
        _turn(table)


def _is_numbered(node: nodes.Node) -> bool:
    return isinstance(node, tuple(NODE_TYPES.values())) and not isinstance(node, proof_node)


def _longest_words(table: nodes.table) -> int:
    """Return the letters that the longest words of all columns, which cannot be broken, take."""
    columns: dict[int, int] = {}
    for row in table.findall(nodes.row):
        for place, entry in enumerate(row.children):
            longest = max(map(len, entry.astext().split()), default=0)
            columns[place] = max(columns.get(place, 0), longest)
    return sum(columns.values())


def _turn(table: nodes.table) -> None:
    """Give a wide table a wide page, and its rows their anchors."""
    place = table.parent.index(table)
    table.parent.insert(place, _latex(r"\begin{landscape}"))
    table.parent.insert(place + 2, _latex(r"\end{landscape}"))
    for row in table.findall(nodes.row):
        first = next(row.findall(nodes.paragraph))
        first.insert(0, [nodes.target("", "", ids=[name]) for name in row["ids"]])


def _holds_pages(node: nodes.Node) -> bool:
    return next(iter(node.findall(start_of_file)), None) is not None


def _latex(command: str) -> nodes.raw:
    return nodes.raw("", f"\n{command}\n", format="latex")


class BibliographyInPlace(SphinxPostTransform):
    """The list of works on its own page; Sphinx has put it behind the last page by then."""

    formats = ("latex",)
    default_priority = 760

    def run(self, **kwargs: object) -> None:
        """Move the list to the page of that name."""
        works = next(self.document.findall(thebibliography), None)
        for page in self.document.findall(start_of_file):
            if works is not None and page["docname"] == "book/bibliography":
                works.parent.remove(works)
                next(page.findall(nodes.section)).append(works)


class DrawingConverter(ImageConverter):
    """SVG drawings as PDF, with ``rsvg-convert``."""

    conversion_rules = [("image/svg+xml", "application/pdf")]  # noqa: RUF012 - Sphinx's interface

    def is_available(self) -> bool:
        """Tell whether the program is there."""
        return shutil.which(SVG_TO_PDF) is not None

    def convert(self, _from: str, _to: str) -> bool:
        """Write the drawing ``_from`` as the file ``_to``."""
        command = [SVG_TO_PDF, "--format=pdf", f"--output={_to}", _from]
        return subprocess.run(command, check=True).returncode == 0


def _open_proof(self: LaTeXTranslator, node: nodes.Element) -> None:
    self.body.append("\n\\begin{runtheoryproof}\n")


def _close_proof(self: LaTeXTranslator, node: nodes.Element) -> None:
    self.body.append("\\end{runtheoryproof}\n")  # no empty line: the square ends the last one


def setup(app: Sphinx) -> None:
    """Register what the LaTeX builder needs; no other builder sees a difference."""
    app.connect("source-read", _read)
    app.add_post_transform(BookShape)
    app.add_post_transform(BibliographyInPlace)
    app.add_post_transform(DrawingConverter)
    app.add_node(proof_node, override=True, latex=(_open_proof, _close_proof))
