"""Numbers of chapters and labs: counted when the book is built, typed nowhere.

A technique is a chapter. Its number stands before its title, in the side bar and in the tab, and
begins those of its theorems, formulas and figures; its second lab is *Lab 3.2*.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector

from tools.cards import Shelf
from tools.lists import further_theory
from tools.sphinx_runtheory.claims import statements_at
from tools.sphinx_runtheory.shelf import book_at
from tools.statements import PROVED

LAB = re.compile(r"Lab(?: \d+)?: ")
THEORY = re.compile(r": theory$", re.I)
COUNTER = "theorem"  # definitions and all that is proved are counted together
BEFORE_COLLECTORS = 400

Number = tuple[int, ...]


def numbers(shelf: Shelf, root: Path) -> dict[str, Number]:
    """Return the number of each chapter, on every page of its theory, and of each of its labs."""
    found: dict[str, Number] = {}
    shown = (card for part in shelf.parts for card in shelf.of_part(part))
    for chapter, card in enumerate(shown, start=1):
        for place, page in enumerate(card.pages):
            found[page] = (chapter, place) if place else (chapter,)
        found |= dict.fromkeys(further_theory(root, card), (chapter,))
    return found


def numbered_title(title: str, number: Number) -> str:
    """Return a chapter's title without what it says of its kind, or a lab's with its number."""
    if len(number) == 1:
        return THEORY.sub("", title)
    told = "Lab " + ".".join(map(str, number)) + ": "
    return LAB.sub(told, title, count=1) if LAB.match(title) else told + title


def _numbers(app: Sphinx) -> dict[str, Number]:
    root = Path(app.srcdir)
    return numbers(book_at(root).shelf, root)


def _retitle(app: Sphinx, page: nodes.document) -> None:
    number = _numbers(app).get(app.env.docname)
    title = next(page.findall(nodes.title), None)
    if number is None or title is None:
        return
    place = -1 if len(number) == 1 else 0
    if isinstance(title[place], nodes.Text):
        title[place] = nodes.Text(numbered_title(title[place].astext(), number))
    # The page of a statement is looked up by the names of its section.
    title.parent["names"].append(title.astext().lower())


def _number(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Number the chapters in place of Sphinx, which would number every page of a list."""
    for page, number in _numbers(app).items():
        if len(number) == 1 and page in env.tocs:
            links = list(env.tocs[page].findall(nodes.reference))
            # Sections have none: a number below the chapter's is that of a lab.
            env.toc_secnumbers[page] = {link["anchorname"]: () for link in links} | {"": number}
            env.titles[page]["secnumber"] = links[0]["secnumber"] = number
    TocTreeCollector().assign_figure_numbers(env)
    return []  # a build writes every page


def _name_statements(app: Sphinx, page: nodes.document, _: str) -> None:
    """Let a link to a statement say its name where the pointer rests on it."""
    known = statements_at(Path(app.srcdir))
    for link in page.findall(nodes.reference):
        anchor = link.get("refid") or link.get("refuri", "").partition("#")[2]
        if anchor in known and known[anchor].title:
            link["reftitle"] = known[anchor].title.replace("$", "")


def one_counter() -> dict[str, str]:
    """Return the counter that each kind of statement takes its number from."""
    return dict.fromkeys((*PROVED, "definition"), COUNTER)


def setup(app: Sphinx) -> None:
    """Give the titles their final words once a page is read, and numbers once all are."""
    app.connect("doctree-read", _retitle, priority=BEFORE_COLLECTORS - 100)
    app.connect("env-get-updated", _number, priority=900)
    app.connect("doctree-resolved", _name_statements)
    app.connect(
        "config-inited",
        lambda _, config: config.prf_realtyp_to_countertyp.update(one_counter()),
        priority=100,
    )
