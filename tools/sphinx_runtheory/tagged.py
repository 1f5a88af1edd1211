"""What a screen reader is told of the printed book: alternative texts, lists, rows and cells.

The commands are those of ``book/theme/tagged.sty``; where TeX writes no tags they do nothing.
Headings, paragraphs, links and code are tagged there, without a word of ours.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from tools.sphinx_runtheory.paper_tables import latex

MOVING = (nodes.title, nodes.caption, nodes.term, nodes.rubric)  # their text goes to other places
AFTER_LINKS = 720
CAPTIONED = "A picture, which its caption describes"


def spoken(text: str) -> str:
    """Return ``text`` as an argument that TeX takes letter by letter."""
    plain = text.replace("%", " per cent").replace("#", " number ")
    return " ".join(re.sub(r"[{}\\]", "", plain).split())


def spoken_formula(tex: str) -> str:
    """Return the TeX of a formula as an argument, its braces kept."""
    return " ".join(line.partition(r"\tag")[0] for line in tex.split("\n")).replace("#", r"\#")


def displayed(tex: str, shown: str) -> str:
    """Return a displayed formula as it is ``shown``, with its TeX for those who hear it."""
    return f"\\runtheorydisplay{{{spoken_formula(tex)}}}\n{shown}\n\\runtheoryenddisplay"


class Tags(SphinxPostTransform):
    """Tell TeX what things are, where their look alone would."""

    formats = ("latex",)
    default_priority = AFTER_LINKS

    def run(self, **kwargs: object) -> None:
        """Put the commands around pictures, formulas, lists and tables."""
        for picture in list(self.document.findall(nodes.image)):
            words = spoken(str(picture.get("alt") or CAPTIONED))
            _before(picture, rf"\runtheoryalt{{{words}}}")
        for formula in list(self.document.findall(nodes.math)):
            if not _is_in(formula, MOVING):
                _around(formula, rf"\runtheorymath{{{spoken_formula(formula.astext())}}}{{", "}")
        for block in list(self.document.findall(nodes.math_block)):
            opening, closing = displayed(block.astext(), "\n").split("\n\n\n")
            _around(block, f"\n{opening}\n", f"\n{closing}\n")
        for found in list(self.document.findall(_is_list)):
            mark_list(found)
        for table in list(self.document.findall(nodes.table)):
            mark_table(table)


def _is_list(node: nodes.Node) -> bool:
    return isinstance(node, nodes.bullet_list | nodes.enumerated_list)


def _is_in(node: nodes.Node, kinds: tuple[type[nodes.Element], ...]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def _raw(command: str) -> nodes.raw:
    return nodes.raw("", command, format="latex")


def _before(node: nodes.Element, command: str) -> None:
    node.parent.insert(node.parent.index(node), _raw(command))


def _around(node: nodes.Element, opening: str, closing: str) -> None:
    place = node.parent.index(node)
    node.parent.insert(place + 1, _raw(closing))
    node.parent.insert(place, _raw(opening))


def mark_list(node: nodes.Element) -> None:
    """Mark a list and its items."""
    _around(node, "\n\\runtheorylist\n", "\n\\runtheoryendlist\n")
    for item in node.children:
        item.insert(0, latex(r"\runtheoryitem"))
        item.append(latex(r"\runtheoryenditem"))


def mark_table(table: nodes.table) -> None:
    """Mark a table, its rows and their cells."""
    _around(table, "\n\\runtheorytable\n", "\n\\runtheoryendtable\n")
    for row in table.findall(nodes.row):
        kind = "TH" if isinstance(row.parent, nodes.thead) else "TD"
        for cell in row.children:
            first, last = cell is row[0], cell is row[-1]
            opening = rf"\runtheorycell{{{kind}}}"
            cell.insert(0, _raw((r"\runtheoryrow" if first else "") + opening))
            # In the paragraph: a command below it would cost every row a line.
            inside = cell[-1] if isinstance(cell[-1], nodes.paragraph) else cell
            inside.append(_raw(r"\runtheoryendcell" + (r"\runtheoryendrow" if last else "") + "{}"))


def setup(app: Sphinx) -> None:
    """Register the transform; no other builder sees a difference."""
    app.add_post_transform(Tags)
