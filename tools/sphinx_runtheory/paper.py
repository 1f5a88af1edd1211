"""The book on paper: the one tree of all pages, as LaTeX needs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import start_of_file
from sphinx.application import Sphinx
from sphinx.builders.latex.nodes import thebibliography
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.writers.latex import LaTeXTranslator
from sphinx_proof.nodes import NODE_TYPES, proof_node
from sphinxcontrib.bibtex.nodes import raw_latex

from tools.sphinx_runtheory.citation import citation
from tools.sphinx_runtheory.numbers import numbers
from tools.sphinx_runtheory.paper_tables import latex, shape_table
from tools.sphinx_runtheory.shelf import book_at
from tools.sphinx_runtheory.tagged import displayed

SVG_TO_PDF = "rsvg-convert"
LINES = re.compile(r"\\\\|&|\\tag")  # a formula of several lines, or with a number of its own
LINE_END = r" \\ "
CITATION = re.compile(r"\\hyperlink\{cite\.([^}]*)\}")  # as sphinxcontrib-bibtex writes one
FRAME_WIDTH, WIDE_FRAME = "32%", "85%"  # three side by side, or one below the other


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
        book += [title, latex(r"\runtheoryfront\chapternames"), about, front]
        book += [latex(r"\mainmatter"), *main, latex(r"\backmatter")]
        solutions = self._solutions(main)
        book += [*([solutions] if len(solutions) > 1 else []), back]
        self._number_pages()
        for table in list(self.document.findall(nodes.table)):
            shape_table(table)
        for cell in list(self.document.findall(_is_output)):
            shape_output(cell)
        for picture in self.document.findall(nodes.image):
            if picture["uri"].endswith(".svg"):
                picture.attributes.pop("width", None)  # a drawing has the size it was drawn at
        self._formulas()
        self._statements()

    def _number_pages(self) -> None:
        root = Path(self.app.srcdir)
        known = numbers(book_at(root).shelf, root)
        for page in list(self.document.findall(start_of_file)):
            number = known.get(page["docname"], ())
            if len(number) == 1 and page["docname"].endswith("/theory"):
                page.insert(0, latex(rf"\runtheorychapter{{{number[0]}}}"))
            elif page["docname"].startswith("book/parts/"):
                page.insert(0, latex(r"\runtheoryunnumbered"))
            else:
                page.insert(0, latex(r"\runtheorypage"))

    def _solutions(self, main: list[nodes.Element]) -> nodes.section:
        """Move the solutions of all exercises to a chapter of their own, linked both ways."""
        chapter = nodes.section("", nodes.title("", "Solutions"), ids=["solutions-at-the-back"])
        pages = [page for part in main for page in part.findall(start_of_file)]
        for page in pages:
            found = list(page.findall(_is_solution))
            title = page.next_node(nodes.title)
            if not found or title is None or next(page.findall(start_of_file), page) is not page:
                continue
            shown = nodes.section("", nodes.title("", title.astext()))
            shown["ids"] = [f"solutions-{len(chapter)}"]
            for count, solution in enumerate(found, start=1):
                name = f"{page['docname'].replace('/', '-')}-{count}"
                above = heading_above(solution)
                there = latex(rf"\runtheorysolved{{{name}}}")
                solution.replace_self(there)
                heading = nodes.paragraph("", "", nodes.strong("", above))
                back = nodes.raw("", rf" \runtheoryasked{{{name}}}", format="latex")
                shown += [heading, solution]
                heading += back
            chapter += shown
        return chapter

    def _formulas(self) -> None:
        for formula in list(self.document.findall(nodes.math_block)):
            if not formula.get("number") and not LINES.search(formula.astext()):
                tex = formula.astext().strip()
                set_small = rf"\[\runtheoryfit{{{tex}}}\]"
                formula.replace_self(latex(displayed(tex, set_small)))

    def _statements(self) -> None:
        for proof in list(self.document.findall(proof_node)):
            # What the site draws as a box without a title is running text here.
            parts = [part for box in proof.children for part in box.children]
            proof.clear()
            proof += parts
        for theorem in list(self.document.findall(_is_numbered)):
            # A link leads to the last anchor before the label: here, not to the chapter's title.
            theorem.parent.insert(theorem.parent.index(theorem), latex(r"\phantomsection"))


def heading_above(node: nodes.Element) -> str:
    """Return the title of the section that holds a node."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.section) and isinstance(node.next_node(), nodes.title):
            return str(node.next_node().astext())
    return ""


def _is_solution(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "runtheory-solution" in node["classes"]


def _is_output(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "cell_output" in node["classes"]


def shape_output(output: nodes.container) -> None:
    """Set an output apart from code; put verdicts into boxes and captions under pictures."""
    for text in list(output.findall(nodes.literal_block)):
        place = text.parent.index(text)
        text.parent.insert(place, latex(r"\begingroup\runtheoryoutput"))
        text.parent.insert(place + 2, latex(r"\endgroup"))
    for verdict in list(output.findall(_is_verdict)):
        verdict.insert(0, latex(r"\begin{runtheoryverdict}"))
        verdict.append(latex(r"\end{runtheoryverdict}"))
    pictures = list(output.findall(nodes.image))
    if {"tag_frames", "tag_frames-below"} & set(output.parent["classes"]):
        _frames(pictures, beside="tag_frames" in output.parent["classes"])
        return
    for picture in pictures:
        if picture.get("alt"):
            _caption(picture)


def _is_verdict(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "runtheory-verdict" in node["classes"]


def _frames(pictures: list[nodes.image], *, beside: bool) -> None:
    line = nodes.paragraph("", "")
    pictures[0].parent.insert(pictures[0].parent.index(pictures[0]), line)
    for picture in pictures:
        picture.parent.remove(picture)
        picture["width"] = FRAME_WIDTH if beside else WIDE_FRAME
        line += [picture] if beside else [picture, latex(r"\\")]


def _caption(picture: nodes.image) -> None:
    place, parent = picture.parent.index(picture), picture.parent
    words = nodes.Text(" ".join(str(picture["alt"]).split()))
    parent.insert(place, latex(r"\begin{runtheoryfigure}"))
    opening, closing = (
        nodes.raw("", text, format="latex") for text in (r"\runtheorycaption{", "}")
    )
    parent.insert(place + 2, nodes.paragraph("", "", opening, words, closing))
    parent.insert(place + 3, latex(r"\end{runtheoryfigure}"))


def _is_numbered(node: nodes.Node) -> bool:
    return isinstance(node, tuple(NODE_TYPES.values())) and not isinstance(node, proof_node)


def _holds_pages(node: nodes.Node) -> bool:
    return next(iter(node.findall(start_of_file)), None) is not None


class PageNumbers(SphinxPostTransform):
    """Behind a link to a statement of another chapter, its page."""

    formats = ("latex",)
    default_priority = 700

    def run(self, **kwargs: object) -> None:
        """Find the links, which are resolved by now."""
        statements = set(getattr(self.env, "proof_list", {}))
        for link, own in list(_links(self.document, "")):
            page, _, anchor = link.get("refuri", "").removeprefix("%").partition("#")
            if anchor in statements and page != own and page:
                shown = rf"~(p.~\pageref{{\detokenize{{{page}:{anchor}}}}})"
                parent = link.parent
                parent.insert(parent.index(link) + 1, nodes.raw("", shown, format="latex"))


def _links(node: nodes.Node, own: str) -> Iterator[tuple[nodes.reference, str]]:
    """Yield the links below a node with the page that each stands on."""
    for child in node.children:
        page = child["docname"] if isinstance(child, start_of_file) else own
        if isinstance(child, nodes.reference):
            yield child, page
        yield from _links(child, page)


class BibliographyInPlace(SphinxPostTransform):
    """The list of works on its own page; Sphinx has put it behind the last page by then."""

    formats = ("latex",)
    default_priority = 760

    def run(self, **kwargs: object) -> None:
        """Move the list to the page of that name."""
        works = next(self.document.findall(thebibliography), None)
        if works is None:
            return
        for page in self.document.findall(start_of_file):
            if page["docname"] == "book/bibliography":
                works.parent.remove(works)
                next(page.findall(nodes.section)).append(works)
        self._cited_on(works)

    def _cited_on(self, works: thebibliography) -> None:
        """Note the page of each citation, and let each work name the pages that cite it."""
        for link in list(self.document.findall(raw_latex)):
            found = CITATION.match(link.rawsource)
            if found:
                note = rf"\runtheorycites{{{found[1]}}}"
                link.rawsource = note + link.rawsource
        for work in works.findall(nodes.citation):
            name = f"{work['docname']}:{work['ids'][0]}"
            work[-1] += nodes.raw("", rf"\runtheorycited{{{name}}}", format="latex")


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


def title_page(cited: Mapping[str, Any], address: str) -> str:
    """Return what stands at the foot of the title page: subject, licences, where the book is."""
    subject = str(cited["title"]).partition(": ")[2].capitalize()
    lines = [subject, "Text and figures: CC BY 4.0. Code: MIT licence."]
    lines += [rf"\url{{{address}}}"] if address else []
    return rf"\authoraddress{{{LINE_END.join(lines)}}}"


def _write_title_page(app: Sphinx, config: Config) -> None:
    address = str(config.html_baseurl or config.html_theme_options.get("repository_url") or "")
    elements = config.latex_elements
    elements["preamble"] = "\n".join([elements["preamble"], title_page(citation(), address)])


def setup(app: Sphinx) -> None:
    """Register what the LaTeX builder needs; no other builder sees a difference."""
    app.connect("config-inited", _write_title_page, priority=900)
    app.add_post_transform(BookShape)
    app.add_post_transform(PageNumbers)
    app.add_post_transform(BibliographyInPlace)
    app.add_post_transform(DrawingConverter)
    app.add_node(proof_node, override=True, latex=(_open_proof, _close_proof))
