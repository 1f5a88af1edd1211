"""Pictures of labs are numbered figures, whose words stand once: under them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.utils import new_document
from nbformat import NotebookNode

from tests.book import tiny_book
from tools.sphinx_runtheory import captions


def bundle(alt: str) -> nodes.container:
    """Return what MyST-NB makes of an output: its forms side by side."""
    forms = [nodes.container("", mime_type=kind) for kind in ("image/png", "text/plain")]
    forms[0] += nodes.image("", uri="a.png", **({"alt": alt} if alt else {}))
    return nodes.container("", *forms, nb_element="mime_bundle")


def page_of(*bundles: nodes.Node, tag: str = "") -> nodes.document:
    """Return a page with a cell whose outputs are given."""
    output = nodes.container("", *bundles, classes=["cell_output"])
    page = new_document("lab")
    page += nodes.container("", output, classes=["cell", *([tag] if tag else [])])
    return page


def test_pictures_count_through_a_lab_and_keep_their_words_once() -> None:
    page = page_of(bundle("a falling\n  curve"), bundle("two clouds"))
    assert captions.captioned(page, (3, 1)) == 2
    first, second = page.findall(nodes.figure)
    assert (first[captions.NUMBER], second[captions.NUMBER]) == ((3, 1, 1), (3, 1, 2))
    assert first["ids"] == ["figure-1"]
    assert first.children[1].astext() == "a falling curve"
    image = next(first.findall(nodes.image))
    assert image["alt"] == "Figure 3.1.1: its caption describes it"
    assert "curve" not in image["alt"]


def test_explorables_and_pictures_without_words_have_no_number() -> None:
    assert captions.captioned(page_of(bundle("")), (3, 1)) == 0
    for tag in captions.FRAMES:
        assert captions.captioned(page_of(bundle("a frame"), tag=tag), (3, 1)) == 0


def test_paper_sets_the_number_of_the_site_and_each_caption_once() -> None:
    page = page_of(bundle("a falling curve"))
    captions.captioned(page, (3, 1))
    made = captions.on_paper(next(page.findall(nodes.figure)))
    text = "".join(node.astext() for node in made)
    assert text.index(r"\begin{runtheoryfigure}") < text.index(r"\thefigure}{3.1.1}")
    assert text.count("a falling curve") == 1
    assert text.rstrip().endswith(r"\end{runtheoryfigure}")
    image = next(node for node in made if isinstance(node, nodes.image))
    assert not image["alt"]  # or it would be given a second caption


def _two_pictures(notebook: NotebookNode) -> None:
    drawn = notebook.cells[-1]
    again = nbformat.from_dict(drawn)
    again["id"] = "again"
    again.metadata["mystnb"] = {"image": {"alt": "another line"}}
    again.outputs = [tiny_book.shown(png=tiny_book.PNG)]
    notebook.cells.append(again)


def test_figures_of_a_built_lab(book: Path) -> None:
    tiny_book.edit(book / "chapters/two/lab.ipynb", _two_pictures)
    (book / "chapters/two/drawing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>', encoding="utf-8"
    )
    with (book / "chapters/two/theory.md").open("a", encoding="utf-8") as theory:
        theory.write("\n```{figure} drawing.svg\n:name: fig-two\n:alt: dots\nDots.\n```\n")
    done = tiny_book.build(book)
    assert done.returncode == 0, done.stdout + done.stderr
    lab = tiny_book.page(book, "chapters/two/lab")
    for number, words in ((1, "a line"), (2, "another line")):
        found = re.search(rf'<figure [^>]*id="figure-{number}">.*?</figure>', lab, re.S)
        assert found is not None
        assert f"Fig. 2.1.{number} " in found[0]
        assert found[0].count(words) == 1
        assert 'title="Open the picture alone" class="larger"' in found[0]
    assert "Fig. 2.1 " in tiny_book.page(book, "chapters/two/theory")
    assert "Fig. 1.1.1 " in tiny_book.page(book, "chapters/one/lab_one")
    _front_page(tiny_book.page(book, "book/index"))


def _front_page(index: str) -> None:
    """Check that a technique with a drawing shows it there, inside its link; one without, none."""
    (shown,) = re.findall(r'<ul class="technique-pictures simple">.*?drawing.*?</ul>', index, re.S)
    link = re.search(r'<a [^>]*chapters/two/theory.html">(.*?)</a>', shown, re.S)
    assert link is not None
    assert re.search(r'<img alt="" src="[^"]*drawing.svg"[^>]*>.*Noise', link[1], re.S)
    assert index.count("drawing.svg") == 1
