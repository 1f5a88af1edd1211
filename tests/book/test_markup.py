"""Hostile texts in every field of a card, a ledger and the bibliography: no tag of theirs lives."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from docutils import nodes

from tests.book import tiny_book
from tests.book.built import Built
from tests.book.tiny_book import ledger, record, shown
from tests.book.tiny_texts import LAW, SUM, TABLE
from tools.sphinx_runtheory.markup import SCHEMES, _scheme, disarmed

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"Bad {SCRIPT} <img src=x onerror=alert(2)> [there](javascript:alert(3))."
LIVE = re.compile(r"<script>\s*alert|<img src=x|href=.javascript:", re.IGNORECASE)


@pytest.fixture(scope="module")
def hostile(good_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The tiny book with a tag, a handler and an address that runs in all its texts."""
    root = Path(shutil.copytree(good_book, tmp_path_factory.mktemp("hostile") / "book"))
    table = replace(TABLE, statement=HOSTILE, why=HOSTILE, would_take=HOSTILE, twin=HOSTILE)
    law = replace(LAW, statement=HOSTILE, source=HOSTILE)
    (root / "chapters/one/claims.toml").write_text(ledger(law, table, SUM))

    def change(notebook) -> None:
        html = {"text/html": "<p>x</p>"}
        notebook.cells[2].outputs = [
            shown(claim=record(one, measured_text=HOSTILE), **html) for one in (law, table, SUM)
        ]
        notebook.cells[3].metadata["mystnb"] = {"image": {"alt": f'a"{HOSTILE}'}}

    tiny_book.edit(root / "chapters/one/lab_one.ipynb", change)
    card = root / "chapters/two/chapter.toml"
    text = card.read_text()
    for words in (
        "What does noise do?",
        "It is added. It averages out.",
        "Noise stays.",
        "a noise",
    ):
        text = text.replace(f'"{words}"', f"'{HOSTILE}'")
    card.write_text(text.replace("'X' =", "'X' ="))
    cited = "@article{known2020, author={%s}, title={%s}, journal={J}, year={2020}, url={%s}}\n"
    (root / "book/references.bib").write_text(cited % ("Known, A.", HOSTILE, "javascript:alert(4)"))
    return Built(root, tiny_book.build(root))


def test_no_tag_and_no_address_of_a_text_lives(hostile: Built) -> None:
    pages = list((hostile.root / "_build" / "html").rglob("*.html"))
    assert len(pages) > 5
    live = [(page.name, LIVE.findall(page.read_text("utf-8"))) for page in pages]
    assert [one for one in live if one[1]] == []


def test_what_is_no_markup_is_read_as_text(hostile: Built) -> None:
    pages = "".join(path.read_text("utf-8") for path in hostile.root.rglob("claims*/*.html"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages


def test_an_address_that_runs_fails_the_build(hostile: Built) -> None:
    assert hostile.done.returncode != 0
    assert "the address 'javascript:alert(4)' is no link to a page" in hostile.said


def test_raw_markup_becomes_text_wherever_it_stands() -> None:
    inside = nodes.paragraph("", "", nodes.Text("a "), nodes.raw("", "<b>", format="html"))
    alone = nodes.container("", nodes.raw("", "<i>", format="html"))
    first = nodes.raw("", "<u>", format="html")
    made = disarmed([first, inside, alone])
    assert [node.astext() for node in made] == ["<u>", "a <b>", "<i>"]
    assert not [raw for node in made for raw in node.findall(nodes.raw)]


def test_a_line_break_stays_one() -> None:
    parts = [nodes.raw("", "<br />\n", format="html"), nodes.raw("", "\\\\\n", format="latex")]
    (line,) = disarmed([nodes.paragraph("", "", nodes.Text("a"), *parts, nodes.Text("b"))])
    assert list(line.findall(nodes.raw)) == parts


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://example.org/a", True),
        ("page.html#part", True),
        ("mailto:a@example.org", True),
        ("javascript:alert(1)", False),
        (" JavaScript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,<script>", False),
        ("http://[broken", False),
    ],
)
def test_which_addresses_are_links(address: str, taken: bool) -> None:
    assert (_scheme(address) in SCHEMES) is taken
