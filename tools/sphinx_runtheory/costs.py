"""What a page costs, under its title: minutes to read it, and for a notebook seconds to run it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_proof.nodes import proof_node

from tools import notebooks

WORDS_A_MINUTE = 200
SECONDS_A_FORMULA = 10  # displayed
SECONDS_A_PROOF = 60  # on top of its words and formulas
SECONDS_A_LINE = 3  # of code
# Looked up, not read through.
UNTIMED = re.compile(r"book/(claims(/.*)?|theorems|glossary|bibliography|release_notes)")
WORD = re.compile(r"\w+(?:[-’'.]\w+)*")


@dataclass(frozen=True)
class Load:
    """What there is to read on a page."""

    words: int
    formulas: int
    proofs: int
    lines: int

    @property
    def minutes(self) -> int:
        """The minutes that a first reading takes, at least one."""
        seconds = (
            60 * self.words / WORDS_A_MINUTE
            + SECONDS_A_FORMULA * self.formulas
            + SECONDS_A_PROOF * self.proofs
            + SECONDS_A_LINE * self.lines
        )
        return max(1, round(seconds / 60))


def load_of(page: nodes.document) -> Load:
    """Count a page: words of its prose, displayed formulas, proofs and lines of code.

    A formula inside a sentence counts as one word; outputs of cells are looked at, not read.
    """
    return Load(
        words=sum(_words(node) for node in _read_nodes(page)),
        formulas=sum(isinstance(node, nodes.math_block) for node in _read_nodes(page)),
        proofs=sum(isinstance(node, proof_node) for node in _read_nodes(page)),
        lines=sum(_lines(node) for node in _read_nodes(page)),
    )


def _read_nodes(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield ``node`` and what lies below it, but nothing of what a cell put out."""
    yield node
    for child in node.children:
        if not (isinstance(child, nodes.Element) and "cell_output" in child["classes"]):
            yield from _read_nodes(child)


def _words(node: nodes.Node) -> int:
    if isinstance(node, nodes.math):
        return 1
    if not isinstance(node, nodes.Text) or isinstance(node.parent, APART):
        return 0
    return len(WORD.findall(node.astext()))


APART = (nodes.math, nodes.math_block, nodes.literal_block, nodes.raw, nodes.comment)


def _lines(node: nodes.Node) -> int:
    if not isinstance(node, nodes.literal_block):
        return 0
    return sum(bool(line.strip()) for line in node.astext().splitlines())


def run_text(path: Path) -> str:
    """Return what the stored run of a notebook cost, and where, as its metadata says."""
    stored = notebooks.read(path).metadata.get("runtheory", {})
    if "device" not in stored:  # never run: a skeleton
        return ""
    cores = "one thread" if stored["threads"] == 1 else f"{stored['threads']} threads"
    device = f"a CPU, {cores}" if stored["device"] == "cpu" else stored["device"]
    if "processor_seconds" in stored:
        return f"runs in {stored['processor_seconds']:.0f} processor seconds on {device}"
    return f"ran in {stored['seconds']} s on {device}"


def cost_text(page: nodes.document, path: Path) -> str:
    """Return the line under the title of the page made from the file at ``path``."""
    minutes = load_of(page).minutes
    texts = [f"About {minutes} min to read"]
    if path.suffix == ".ipynb":
        texts.append(run_text(path))
    return " · ".join(filter(None, texts))


def _insert(app: Sphinx, page: nodes.document) -> None:
    title = next(page.findall(nodes.title), None)
    if title is None or UNTIMED.fullmatch(app.env.docname):
        return
    line = cost_text(page, Path(app.env.doc2path(app.env.docname)))
    paragraph = nodes.paragraph("", "", nodes.inline("", line), classes=["cost"])
    title.parent.insert(title.parent.index(title) + 1, paragraph)


def setup(app: Sphinx) -> None:
    """Write the line once a page is read, for every builder alike."""
    app.connect("doctree-read", _insert)
