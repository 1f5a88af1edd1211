"""One version, one way to cite: README, CITATION.cff, CHANGELOG.md and the site agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import runtheory
from tools import links
from tools.notebooks import ROOT
from tools.sphinx_runtheory import citation

CFF = """
title: "A book: with a colon"
version: {version}
authors:
  - name: A group of people
  - {{given-names: Ada, family-names: Lovelace}}
repository-code: https://example.org/book
"""
CHANGES = f"# Changelog\n\n## [{runtheory.__version__}] - 2031-02-03\n\n## [0.0.1] - 2030-01-01\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "CITATION.cff").write_text(CFF.format(version=runtheory.__version__))
    (tmp_path / "CHANGELOG.md").write_text(CHANGES)
    return tmp_path


def test_bibtex_is_drawn_from_the_file(root: Path) -> None:
    assert citation.bibtex(root) == (
        "@book{runnabletheory,\n"
        "  author  = {{A group of people} and Lovelace, Ada},\n"
        "  title   = {A book: with a colon},\n"
        f"  edition = {{{runtheory.__version__}}},\n"
        "  year    = {2031},\n"
        "  url     = {https://example.org/book}\n"
        "}"
    )
    assert citation.plain(root) == (
        "A group of people, Lovelace, Ada. A book: with a colon. "
        f"Edition {runtheory.__version__}, 2031."
    )


def test_another_version_is_refused(root: Path) -> None:
    (root / "CITATION.cff").write_text(CFF.format(version="0.0.1"))
    with pytest.raises(ValueError, match=r"has version 0\.0\.1, the package"):
        citation.bibtex(root)


def test_a_version_without_date_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match=r"no entry '## \[9\.9\.9\] - date'"):
        citation.release_date("9.9.9", root)


def test_readme_cites_the_same_entry() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```bibtex\n(.*?)\n```", readme, re.S)
    assert found is not None
    assert found[1] == citation.bibtex()


def test_a_footer_needs_no_page_to_link_to() -> None:
    assert "href" not in citation.footer("")
    assert 'href="a&amp;b.html"' in citation.footer("a&b.html")
    assert f"Edition {runtheory.__version__}" in citation.footer("")


def test_every_page_names_the_edition_once(site: Path) -> None:
    edition = f'<p class="edition">Edition {runtheory.__version__}'
    documents = [path for path in links.pages(site) if links.read(path).refresh is None]
    documents.remove(site / "404.html")  # a signpost, not a page of the book
    counts = {path.name: path.read_text(encoding="utf-8").count(edition) for path in documents}
    assert {name: count for name, count in counts.items() if count != 1} == {}


def test_the_site_shows_the_entry(site: Path) -> None:
    page = (site / "book" / "cite.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    assert "@book{runnabletheory," in text
    assert f"edition = {{{runtheory.__version__}}}" in text
