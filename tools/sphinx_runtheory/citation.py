"""The book's version and how to cite it, drawn from CITATION.cff and the package at build time."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

import runtheory
from tools.notebooks import ROOT

KEY = "runnabletheory"
PAGE = "book/cite"
FILE = "CITATION.cff"
HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\] - (?P<date>\d{4}-\d{2}-\d{2})$", re.M)


def citation(root: Path = ROOT) -> dict[str, Any]:
    """Return what CITATION.cff says.

    Raises
    ------
    ValueError
        If its version is not the package's.
    """
    read: dict[str, Any] = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    if str(read["version"]) != runtheory.__version__:
        raise ValueError(
            f"{FILE} has version {read['version']}, the package {runtheory.__version__}"
        )
    return read


def release_date(version: str, root: Path = ROOT) -> str:
    """Return the date under which CHANGELOG.md lists ``version``, as in 2026-01-31.

    Raises
    ------
    ValueError
        If it does not list that version.
    """
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    for found in HEADING.finditer(changes):
        if found["version"] == version:
            return found["date"]
    raise ValueError(f"CHANGELOG.md has no entry '## [{version}] - date'")


def author_of(person: dict[str, str]) -> str:
    """Return one author as BibTeX writes it: a group in braces, a person's family name first."""
    if "name" in person:
        return f"{{{person['name']}}}"
    return f"{person['family-names']}, {person['given-names']}"


def bibtex(root: Path = ROOT) -> str:
    """Return the book's BibTeX entry."""
    read = citation(root)
    fields = {
        "author": " and ".join(author_of(person) for person in read["authors"]),
        "title": read["title"],
        "edition": read["version"],
        "year": release_date(str(read["version"]), root)[:4],
    }
    if read.get("repository-code"):
        fields["url"] = read["repository-code"]
    width = max(map(len, fields))
    lines = ",\n".join(f"  {name:{width}} = {{{value}}}" for name, value in fields.items())
    return f"@book{{{KEY},\n{lines}\n}}"


def plain(root: Path = ROOT) -> str:
    """Return the citation as a sentence."""
    read = citation(root)
    version = str(read["version"])
    names = ", ".join(author_of(person).strip("{}") for person in read["authors"])
    return f"{names}. {read['title']}. Edition {version}, {release_date(version, root)[:4]}."


def footer(address: str) -> str:
    """Return the footer of a page: the edition and, unless ``address`` is "", a link to it."""
    version = runtheory.__version__
    link = f' · <a href="{html.escape(address)}">Cite this book</a>' if address else ""
    return f'<p class="edition">Edition {version}, {release_date(version)}{link}</p>'


class Citation(SphinxDirective):
    """``{citation}``: the book's citation as a sentence and as BibTeX."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return the sentence and the entry."""
        for name in (FILE, "CHANGELOG.md"):
            self.env.note_dependency(str(ROOT / name))
        entry = bibtex()
        block = nodes.literal_block(entry, entry, language="bibtex")
        return [nodes.paragraph("", plain()), block]


def _configure(app: Sphinx, config: Config) -> None:
    version = runtheory.__version__
    config.version = config.release = version
    config.today = release_date(version)


def _add_footer(
    app: Sphinx, page: str, template: str, context: dict[str, Any], *_: nodes.document | None
) -> None:
    address = context["pathto"](PAGE) if PAGE in app.env.found_docs else ""
    context["theme_extra_footer"] = footer(address)


def setup(app: Sphinx) -> None:
    """Register the directive; put the edition on every page and on the printed title page."""
    app.add_directive("citation", Citation)
    app.connect("config-inited", _configure)
    app.connect("html-page-context", _add_footer)
