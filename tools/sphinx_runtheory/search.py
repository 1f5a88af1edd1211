"""What the search finds: sections, statements, terms, functions and works, not whole pages.

The list is a script, so that a copy of the site without a server can read it too. It is fetched
when somebody searches, and not before; ``book/theme/search.js`` looks through it.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx_proof.nodes import proof_node

LIST = "search_list.js"
STORE = "search.json"  # pages of earlier builds, beside Sphinx's own caches
THEIRS = re.compile(
    r'\s*<script [^>]*src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>'
)
# How much a page's sections count; a page that is not named counts one.
WEIGHTS = {
    "book/release_notes": 0.4,
    "book/errata": 0.5,
    "book/bibliography": 0.6,
    "book/claims": 0.6,
    "book/appendices": 0.7,
    "book/reference": 0.65,
    "book/theorems": 0.5,
    "book/not_reproduced": 0.6,
    "book/atlas": 0.6,
    "book/notation": 0.9,
}
TERM, STATEMENT = 1.35, 1.1  # how much more these count than the sections around them
ALSO = "solutions answers"  # what readers call the pages of exercises
COMMAND = re.compile(r"\\(?:mathrm|operatorname|mathbb|mathbf|mathcal|text|hat|tilde|bar)\b|[{}\\]")
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]{2,}")
GAP = re.compile(r" +([.,;:)\]])")  # where a formula or a link ended
ASIDE = {"cell_output", "cost", "page-header", "graph-as-text", "claim-row"}


@dataclass
class Passage:
    """One thing to be found: where it is, what it is called, and its words."""

    address: str
    title: str
    weight: float
    text: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def row(self, page: str) -> list[Any]:
        """Return it as the script reads it."""
        text = GAP.sub(r"\1", " ".join(" ".join(self.text).split()))
        hidden = " ".join(dict.fromkeys(" ".join(self.hidden).split()))
        also = ALSO if "/exercises.html" in self.address and "#" not in self.address else ""
        return [self.address, page, self.title, text, hidden, self.weight, also]


def weight_of(docname: str) -> float:
    """Return how much what stands on a page counts."""
    found = (weight for start, weight in WEIGHTS.items() if docname.startswith(start))
    return next(found, 0.8 if docname.endswith("/exercises") else 1.0)


def formula_words(tex: str) -> str:
    r"""Return a formula as one would type it: ``\lambda_{\mathrm{eff}}`` as ``lambda_eff``."""
    return " ".join(NAME.findall(COMMAND.sub("", tex).replace("_ ", "_")))


class Reader:
    """Read a page's tree into passages."""

    def __init__(self, docname: str) -> None:
        self.docname, self.weight = docname, weight_of(docname)
        self.passages: list[Passage] = []

    def read(self, page: nodes.document) -> list[Passage]:
        """Return the passages of a page, in order."""
        self._walk(page, self._passage("", ""))
        return [one for one in self.passages if one.title]

    def _passage(self, anchor: str, title: str, weight: float = 1.0) -> Passage:
        first = not any(one.title for one in self.passages)
        place = f"#{anchor}" if anchor and not first else ""
        made = Passage(f"{self.docname}.html{place}", title, self.weight * weight)
        self.passages.append(made)
        return made

    def _walk(self, node: nodes.Node, into: Passage) -> None:
        for child in node.children:
            opened = self._opened(child)
            if opened is not None:
                into.hidden += NAME.findall(child.astext()) if is_statement(child) else []
                self._walk(child, opened)
            elif isinstance(child, nodes.math | nodes.math_block):
                into.hidden.append(formula_words(child.astext()))
            elif isinstance(child, nodes.literal_block):
                into.hidden += NAME.findall(child.astext())
            elif isinstance(child, nodes.Text):
                into.text.append(child.astext())
            elif not self._is_aside(child):
                self._walk(child, into)
                into.text.append("" if isinstance(child, nodes.Inline) else " ")

    def _opened(self, node: nodes.Node) -> Passage | None:
        """Return a new passage where a section, statement, term, function or work begins."""
        if isinstance(node, nodes.section) and "proof-content" not in node["ids"]:
            return self._passage(_anchor(node), _plain(node.next_node(nodes.title)))
        if is_statement(node):
            called = f"{node['realtype'].title()} {node['title']}".strip()
            return self._passage(_anchor(node), called, STATEMENT)
        if isinstance(node, nodes.definition_list_item):
            term = node.next_node(nodes.term)
            if term is not None and term["ids"]:
                return self._passage(term["ids"][0], _plain(term), TERM)
        if isinstance(node, addnodes.desc):
            signature = node.next_node(addnodes.desc_signature)
            name = signature.next_node(addnodes.desc_name) if signature is not None else None
            if name is not None and signature["ids"]:
                return self._passage(signature["ids"][0], name.astext())
        if isinstance(node, nodes.citation):
            return self._passage(_anchor(node), " ".join(node.astext().split()[1:])[:90])
        return None

    @staticmethod
    def _is_aside(node: nodes.Node) -> bool:
        if isinstance(
            node, nodes.title | nodes.term | nodes.thead | nodes.raw | nodes.comment | nodes.image
        ):
            return True
        if not isinstance(node, nodes.Element):
            return False
        aside = {
            "cell_output",
            "cost",
            "page-header",
            "graph-as-text",
            "claim-row",
            "tag_hide-cell",
        }
        return bool(aside & set(node["classes"])) or isinstance(node, addnodes.index)


def is_statement(node: nodes.Node) -> bool:
    """Tell whether a node is a theorem, a definition or the like."""
    return (
        isinstance(node, nodes.Element) and "realtype" in node and not isinstance(node, proof_node)
    )


def _anchor(node: nodes.Element) -> str:
    return str(node["ids"][0]) if node["ids"] else ""


def _plain(title: nodes.Element | None) -> str:
    """Return a title without its formulas' commands."""
    if title is None:
        return ""
    parts = (
        formula_words(one.parent.astext()) or one.parent.astext()
        if isinstance(one.parent, nodes.math)
        else one.astext()
        for one in title.findall(nodes.Text)
    )
    return " ".join("".join(parts).split())


def _collect(app: Sphinx, name: str, _: str, context: dict[str, Any], page: object) -> None:
    if isinstance(page, nodes.document):
        title = str(context["title"])
        rows = [one.row(_tagless(title)) for one in Reader(name).read(page)]
        _store(app)[name] = rows


def _tagless(title: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", title))


def _store(app: Sphinx) -> dict[str, list[list[Any]]]:
    """Return the rows by page, those of pages that this build leaves as they are among them."""
    if not hasattr(app, "runtheory_search"):
        path = Path(app.doctreedir) / STORE
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        app.runtheory_search = known  # type: ignore[attr-defined]
    return app.runtheory_search  # type: ignore[attr-defined]


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    rows = {name: rows for name, rows in _store(app).items() if name in app.env.found_docs}
    (Path(app.doctreedir) / STORE).write_text(json.dumps(rows), encoding="utf-8")
    listed = [row for name in sorted(rows) for row in rows[name]]
    text = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))
    out = Path(app.outdir)
    script = f"window.runtheorySearch.take({text});\n"
    (out / "_static" / LIST).write_text(script, encoding="utf-8")
    page = out / "search.html"
    page.write_text(THEIRS.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    (out / "searchindex.js").unlink(missing_ok=True)


def _script(app: Sphinx, name: str, *_: object) -> None:
    if name == "search":
        app.add_js_file("search.js", defer="defer")


def setup(app: Sphinx) -> None:
    """Collect what a page holds as it is written, and write the list once all are."""
    app.connect("html-page-context", _collect, priority=700)
    app.connect("html-page-context", _script, priority=700)
    app.connect("build-finished", _write, priority=800)
