"""Under the title of a technique's page: its code, its pages, and what lies before and behind."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

from tools.cards import Card, Shelf
from tools.lists import further_theory, lab_title
from tools.sphinx_runtheory.shelf import book_at


def _link(docname: str, target: str, text: str) -> pending_xref:
    return pending_xref(
        "",
        nodes.inline("", text, classes=["std", "std-doc"]),
        refdoc=docname,
        refdomain="std",
        reftype="doc",
        reftarget=f"/{target}",
        refexplicit=True,
        refwarn=True,
    )


def _heading(root: Path, page: str) -> str:
    """Return the heading of the first rank of a page, without what stands before a colon."""
    lines = (root / f"{page}.md").read_text(encoding="utf-8").splitlines()
    heading = next(line.removeprefix("# ") for line in lines if line.startswith("# "))
    words = heading.rpartition(": ")[2]
    return words[:1].upper() + words[1:]


def links_of(card: Card, shelf: Shelf, docname: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the header's lines: a word, and links as (page, text); the page itself is left out."""
    theory, *labs = card.pages
    named = [(theory, "Theory")]
    named += [(page, _heading(shelf.root, page)) for page in further_theory(shelf.root, card)]
    named += [(page, lab_title(shelf.root, page)) for page in labs]
    if (shelf.root / card.folder / "exercises.ipynb").exists():
        named.append((f"{card.folder}/exercises", "Exercises"))
    lines = [("Pages", [link for link in named if link[0] != docname])]
    if docname == theory:
        others = [one for one in shelf.cards if one.part == card.part]
        place = others.index(card)
        for word, near in (("Before", others[:place][-1:]), ("Next", others[place + 1 :][:1])):
            lines += [(word, [(one.pages[0], one.title) for one in near])]
        lines.insert(1, ("Builds on", [(one.pages[0], one.title) for one in shelf.before(card)]))
    return [(word, links) for word, links in lines if links]


def _insert(app: Sphinx, page: nodes.document) -> None:
    docname, shelf = app.env.docname, book_at(Path(app.srcdir)).shelf
    slug = PurePosixPath(docname).parent.name
    title = next(page.findall(nodes.title), None)
    if title is None or not docname.startswith("chapters/"):
        return
    card = next((one for one in shelf.cards if one.slug == slug), None)
    if card is None:
        return
    header = nodes.paragraph("", "", nodes.Text("Code: "), nodes.literal("", card.code))
    header["classes"] = ["page-header"]
    for word, links in links_of(card, shelf, docname):
        header += nodes.Text(f" · {word}: ")
        for number, (target, text) in enumerate(links):
            header += [nodes.Text(", ")] if number else []
            header += _link(docname, target, text)
    title.parent.insert(title.parent.index(title) + 1, header)


def setup(app: Sphinx) -> None:
    """Write the lines once a page is read; the line of its cost, added later, comes first."""
    app.connect("doctree-read", _insert, priority=400)
