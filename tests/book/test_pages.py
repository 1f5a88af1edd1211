"""Heads of pages, the page for addresses without one, the sitemap, the package to fetch."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document

from tests.book import tiny_book
from tools.inspection import served
from tools.notebooks import ROOT, WHEEL
from tools.sphinx_runtheory import downloads, pages

SITE = "https://example.org/book"


class Heads(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "meta" and "content" in found:
            self.meta[found.get("name") or found.get("property") or ""] = found["content"]
        if tag == "link":
            self.links[found.get("rel", "")] = found.get("href", "")


def document(*paragraphs: nodes.paragraph) -> nodes.document:
    page = new_document("page", get_default_settings())
    page += nodes.section("", nodes.title("", "A title"), *paragraphs)
    return page


PROSE = "What does a network learn from a teacher that is never quite sure of its answer?"


def test_a_page_is_described_by_its_first_prose() -> None:
    cost = nodes.paragraph(
        "", "About 5 min to read, which is more than forty letters", classes=["cost"]
    )
    formula = nodes.paragraph("", "", nodes.Text("Here " * 20), nodes.math("", "x"))
    page = document(cost, formula, nodes.paragraph("", PROSE), nodes.paragraph("", "more " * 20))
    assert pages.description_of(page) == PROSE
    assert pages.description_of(document()) == ""


def test_a_long_description_ends_with_a_word() -> None:
    text = pages.description_of(document(nodes.paragraph("", "wordless " * 40)))
    assert text.endswith("wordless …")
    assert len(text) <= pages.LETTERS


def test_tags_without_and_with_an_address() -> None:
    plain = Heads(pages.tags_of("a/b", 'Say "yes" & go', "Why <so>?", "")).meta
    assert plain["description"] == plain["og:description"] == "Why <so>?"
    assert plain["og:title"] == 'Say "yes" & go'
    assert not {"og:url", "og:image"} & set(plain)
    full = Heads(pages.tags_of("a/b", "t", "", SITE)).meta
    assert full["og:url"] == f"{SITE}/a/b.html"
    assert full["og:image"] == f"{SITE}/_static/first_page.png"


def test_the_sitemap_lists_the_pages() -> None:
    tree = ElementTree.fromstring(pages.sitemap(["a", "b/c&d"], SITE).split("\n", 1)[1])
    assert ["".join(row.itertext()).strip() for row in tree] == [
        f"{SITE}/a.html",
        f"{SITE}/b/c&d.html",
    ]


@pytest.fixture(scope="module")
def addressed(good_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the tiny book, which knows its address."""
    root = Path(shutil.copytree(good_book, tmp_path_factory.mktemp("addressed") / "book"))
    tiny_book.configure(root)
    config = root / "_config.yml"
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    settings["html"]["baseurl"] = f"{SITE}/"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = tiny_book.build(root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "_build" / "html"


def test_a_site_with_an_address(addressed: Path) -> None:
    page = (addressed / "chapters" / "one" / "theory.html").read_text(encoding="utf-8")
    head = Heads(page)
    assert head.links["canonical"] == f"{SITE}/chapters/one/theory.html"
    assert head.meta["og:image"].startswith(SITE)
    assert 'lang="en-GB"' in page
    assert "fontawesome/6.5.2/js" not in page
    assert page.count('name="viewport"') == 1
    assert f"{SITE}/chapters/one/theory.html" in (addressed / "sitemap.xml").read_text()
    assert f'href="{SITE}/index.html"' in (addressed / "404.html").read_text(encoding="utf-8")
    lab = (addressed / "chapters" / "one" / "lab_one.html").read_text(encoding="utf-8")
    assert f'%pip install "runtheory[labs] @ {SITE}/_static/{WHEEL}"' in lab


def test_the_line_for_a_downloaded_notebook_installs(tmp_path: Path) -> None:
    folder = tmp_path / "site" / "_static"
    folder.mkdir(parents=True)
    downloads.build_wheel(ROOT, folder)
    with zipfile.ZipFile(folder / WHEEL) as wheel:
        assert [name for name in wheel.namelist() if name.endswith(".ipynb")] == []
    with served(tmp_path / "site") as origin:
        wanted = downloads.install_line(f"{origin}/").split('"')[1]
        command = ["-m", "pip", "install", "--no-deps", "--no-index", "--target", "here", wanted]
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    script = "import runtheory, runtheory.checkout; print(runtheory.__file__)"
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "here",
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "."},
    )
    assert str(tmp_path / "here") in told.stdout
