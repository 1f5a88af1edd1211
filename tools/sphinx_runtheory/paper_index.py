"""The index of the printed book: the words of the glossary and the names of its statements.

A word is listed where the glossary explains it (in other type) and where a page of a chapter says
it first; words that stand on nearly every page, only where theory says them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import index, start_of_file
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from tools.sphinx_runtheory.claims import statements_at
from tools.statements import Statement

PAGES = 12  # of more pages than these, an index says nothing
UNSPOKEN = (nodes.literal, nodes.literal_block, nodes.math, nodes.raw, nodes.title, nodes.caption)
FORMULA = re.compile(r"\$(.*?)\$")
MAIN = "spxpagem"  # Sphinx's mark of the place that explains a word
Said = tuple[str, nodes.paragraph, str]


def entry(words: str, *, main: bool = False) -> str:
    """Return the command that puts ``words`` into the index, sorted by their letters."""
    plain = FORMULA.sub(r"\1", words)
    key = re.sub(r"^(?:an?|the) |[^a-z0-9 ]", "", plain.lower()).strip()
    shown = FORMULA.sub(r"\\(\1\\)", words) if "$" in words else words
    shown = re.sub(r'(["!@|])', r'"\1', shown).replace("&", r"\&").replace("%", r"\%")
    return rf"\index{{{key}@{shown}{'|' + MAIN if main else ''}}}"


def pattern_of(term: str) -> re.Pattern[str]:
    """Return what finds a term in prose: as a word, also in the plural or with large letters."""
    return re.compile(rf"(?<![\w-]){re.escape(term)}s?(?![\w-])", re.I)


class Index(SphinxPostTransform):
    """Put the commands of the index where their words stand."""

    formats = ("latex",)
    default_priority = 640  # before links and formulas are given commands of their own

    def run(self, **kwargs: object) -> None:
        """Mark glossary, chapters and statements; of others' entries nothing stays."""
        for other in list(self.document.findall(index)):
            other.parent.remove(other)
        said = list(prose(self.document))
        for term in list(self.document.findall(_is_explained)):
            words = term.astext()
            term.insert(0, _raw(entry(words, main=True)))
            found = first_places(said, words)
            for page, paragraph in found.items():
                if len(found) <= PAGES or "/theory" in page:
                    paragraph.insert(0, _raw(entry(words)))
        mark_statements(self.document, statements_at(Path(self.app.srcdir)))


def first_places(said: Sequence[Said], term: str) -> dict[str, nodes.paragraph]:
    """Return, for each page that says a term, the first paragraph that does."""
    wanted, low = pattern_of(term), term.lower()
    found: dict[str, nodes.paragraph] = {}
    for page, paragraph, text in said:
        if page not in found and low in text.lower() and wanted.search(text):
            found[page] = paragraph
    return found


def mark_statements(document: nodes.document, known: Mapping[str, Statement]) -> None:
    """Put each statement that has a name into the index."""
    for node in list(document.findall(nodes.Element)):
        label = node.get("label", "")
        if label in known and known[label].title:
            node.parent.insert(node.parent.index(node), _raw(entry(known[label].title)))


def prose(node: nodes.Element, page: str = "") -> Iterator[Said]:
    """Yield the paragraphs of theory pages and labs, each with its page and what it says."""
    for child in node.children:
        name = child["docname"] if isinstance(child, start_of_file) else page
        wanted = name.startswith("chapters/") and not name.endswith("/exercises")
        if isinstance(child, nodes.paragraph) and wanted:
            yield name, child, _spoken(child)
        elif isinstance(child, nodes.Element):
            yield from prose(child, name)


def _spoken(paragraph: nodes.paragraph) -> str:
    texts = paragraph.findall(nodes.Text)
    return "".join(text for text in texts if not isinstance(text.parent, UNSPOKEN))


def _is_explained(node: nodes.Node) -> bool:
    return isinstance(node, nodes.term) and _in_glossary(node)


def _in_glossary(node: nodes.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if "glossary" in node.get("classes", ()):
            return True
    return False


def _raw(command: str) -> nodes.raw:
    return nodes.raw("", command, format="latex")


def setup(app: Sphinx) -> None:
    """Register the transform; no other builder sees a difference."""
    app.add_post_transform(Index)
