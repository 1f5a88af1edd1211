"""Figures of labs: a number, and the text alternative as a caption that all readers see.

The number is the lab's with one more, *Fig. 3.1.2*, and nobody types it. The words stand once,
under the figure and not again in the picture's ``alt``: a screen reader says them once.
Explorables have controls and words of their own, and no number.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

from tools.sphinx_runtheory.numbers import Number, numbers
from tools.sphinx_runtheory.paper_tables import latex
from tools.sphinx_runtheory.shelf import book_at

NUMBER = "lab-number"  # the attribute of a figure that holds its number
KIND = "lab-figure"
FRAMES = {"tag_frames", "tag_frames-below"}  # an explorable on paper
AFTER_NUMBERS = 950
AFTER_CHOICE = 4  # as early as MyST-NB's choice among the forms of an output, and registered later


def told(number: Number) -> str:
    """Return a figure's number as it is written."""
    return ".".join(map(str, number))


def captioned(page: nodes.document, number: Number) -> int:
    """Make each picture of a notebook a numbered figure, and return how many there are."""
    count = 0
    for image in list(_pictures(page)):
        count += 1
        own = (*number, count)
        words = " ".join(str(image["alt"]).split())
        image["alt"] = f"Figure {told(own)}: its caption describes it"
        figure = nodes.figure("", ids=[f"figure-{count}"], classes=[KIND])
        figure[NUMBER] = own
        image.replace_self(figure)
        figure += [image, nodes.caption("", "", nodes.Text(words))]
    return count


def _pictures(page: nodes.document) -> Iterator[nodes.image]:
    """Yield the pictures that cells put out; those of explorables are left alone."""
    for bundle in page.findall(nodes.container):
        if bundle.get("nb_element") != "mime_bundle":
            continue
        if FRAMES & set(_classes_above(bundle)):
            continue
        yield from (image for image in bundle.findall(nodes.image) if image.get("alt"))


def _classes_above(node: nodes.Element) -> Iterator[str]:
    while node.parent is not None:
        node = node.parent
        yield from node.get("classes", ())


def _caption(app: Sphinx, page: nodes.document) -> None:
    if app.env.doc2path(app.env.docname).endswith(".ipynb"):
        root = Path(app.srcdir)
        captioned(page, numbers(book_at(root).shelf, root).get(app.env.docname, ()))


def _number(_: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give the figures their own numbers in place of Sphinx's, which go on through a chapter."""
    for page, kinds in env.toc_fignumbers.items():
        figures = env.get_doctree(page).findall(nodes.figure)
        own = {figure["ids"][0]: figure[NUMBER] for figure in figures if NUMBER in figure}
        if own:
            kinds["figure"] = kinds.get("figure", {}) | own
    return []  # a build writes every page


class FiguresOnPaper(SphinxPostTransform):
    """The figures as LaTeX sets them: in place, under the numbers that the site shows."""

    formats = ("latex",)
    default_priority = AFTER_CHOICE

    def run(self, **kwargs: object) -> None:
        """Set each figure into the box of printed plots, with its number."""
        for figure in list(self.document.findall(nodes.figure)):
            if NUMBER in figure:
                figure.replace_self(on_paper(figure))


def on_paper(figure: nodes.figure) -> list[nodes.Node]:
    """Return what LaTeX needs for a figure: picture and caption, not torn apart."""
    image, caption = figure.children
    image["alt"] = ""  # what has an alternative is given a caption of its own
    opening = rf"\renewcommand{{\thefigure}}{{{told(figure[NUMBER])}}}\runtheorycaption{{"
    words = nodes.paragraph("", "", _raw(opening), *caption.children, _raw("}"))
    begin = latex(r"\begin{runtheoryfigure}")
    return [begin, image, words, latex(r"\end{runtheoryfigure}")]


def _raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="latex")


def setup(app: Sphinx) -> None:
    """Make figures once a page is read, and number them after the book's other figures."""
    app.connect("doctree-read", _caption, priority=300)
    app.connect("env-get-updated", _number, priority=AFTER_NUMBERS)
    app.add_post_transform(FiguresOnPaper)
