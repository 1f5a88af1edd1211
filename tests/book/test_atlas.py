"""The atlas: the state of a paper follows from cards and verdicts; a row is found by its words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.book import tiny_book
from tests.book.tiny_book import replace
from tests.book.tiny_texts import LAW, TABLE
from tools import atlas
from tools.atlas import STATES, places
from tools.cards import read_shelf
from tools.inspection import PATIENCE
from tools.ledgers import read_ledgers
from tools.notebooks import ROOT
from tools.sphinx_runtheory.atlas import picture, sentence, slug


def found(root: Path) -> list[atlas.Place]:
    return places(read_shelf(root), read_ledgers(root))


def states(root: Path) -> dict[str, str]:
    return {place.paper.id: place.state for place in found(root)}


def without(root: Path, *files: str) -> None:
    """Take the paper off the cards of the long form, so that less runs it."""
    for file in files:
        text = (root / file).read_text(encoding="utf-8")
        (root / file).write_text(text.replace('papers = ["known-paper"]', ""), encoding="utf-8")


def test_state_pages_and_claims_of_a_paper(book: Path) -> None:
    known, waiting, read = found(book)
    assert (known.state, waiting.state, read.state) == ("chapter", "not yet run", "read only")
    assert known.pages[0] == "chapters/one/theory"
    assert set(known.pages[1:]) == {"chapters/one/lab_one", "demos/known_paper"}
    assert TABLE.id in {claim.id for claim in known.claims}
    assert LAW.id not in {claim.id for claim in known.claims}  # its source is a theorem


def test_what_runs_it_decides(book: Path) -> None:
    (book / "chapters/one/lab_more.ipynb").write_bytes(
        (book / "chapters/one/lab_one.ipynb").read_bytes()
    )
    card = "chapters/one/chapter.toml"
    replace(book / card, "[labs.one]", "[labs.more]\n[labs.one]")
    assert states(book)["known-paper"] == "chapter"
    without(book, card)
    assert states(book)["known-paper"] == "demo"
    replace(book / "chapters/two/chapter.toml", "builds_on", 'papers = ["known-paper"]\nbuilds_on')
    assert states(book)["known-paper"] == "technique"


def test_a_paper_does_not_count_while_a_claim_came_out_otherwise(book: Path) -> None:
    without(book, "chapters/one/chapter.toml")
    assert states(book)["known-paper"] == "demo"
    ledger = book / "demos/known_paper.toml"
    replace(ledger, 'verdict = "holds"', 'verdict = "contradicted"')
    assert states(book)["known-paper"] == "not yet run"


def test_counts_sentence_and_picture_agree(book: Path) -> None:
    here = found(book)
    table = atlas.counts(here)
    assert table == {
        "Means": Counter({here[0].state: 1}),
        "Noise & more": Counter({"not yet run": 1, "read only": 1}),
    }
    said = sentence(here)
    assert "places 3 papers" in said
    assert "runs 1 of them" in said
    drawn = picture(table)
    assert "Noise &amp; more: 1 not yet run, 1 read only" in drawn
    assert drawn.count("<rect") == len(STATES) + 3


def test_every_paper_of_the_book_has_one_state() -> None:
    table = atlas.counts(found(ROOT))
    assert sum(count.total() for count in table.values()) == 140
    assert set().union(*table.values()) <= set(STATES)


@pytest.fixture(scope="module")
def page(browser: Browser, origin: str) -> Page:
    opened = browser.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.goto(f"{origin}/book/atlas.html")
    return opened


def shown(page: Page) -> list[str]:
    script = "rows => rows.filter(row => row.offsetParent !== null).map(row => row.id)"
    return list(page.eval_on_selector_all("tr.atlas-row", script))


@pytest.mark.parametrize(
    ("words", "row"),
    [
        ("edge of numerical stability", "grokking-softmax-collapse"),
        ("inoue", "multi-sample-dropout"),
        ("MARTINEZ-MUNOZ", "gradient-boosted-nn"),  # without accents, in capitals
        ("tishby opening", "info-plane"),
    ],
)
def test_words_find_a_row(page: Page, words: str, row: str) -> None:
    page.fill(".atlas-filter input", words)
    assert shown(page) == [row]
    assert page.inner_text(".atlas-filter output") == "1 of 140 papers"
    page.fill(".atlas-filter input", "")
    assert len(shown(page)) == 140


def test_theme_and_state_filter_by_keyboard(page: Page) -> None:
    page.focus(".atlas-filter input")
    page.keyboard.press("Tab")
    page.keyboard.type("Privacy")
    page.keyboard.press("Tab")
    page.keyboard.type("not yet")
    wanted = {
        place.paper.id
        for place in found(ROOT)
        if place.paper.theme.startswith("Privacy") and place.state == "not yet run"
    }
    assert set(shown(page)) == wanted
    page.evaluate("document.querySelector('.atlas-filter').reset()")
    page.fill(".atlas-filter input", "no such paper")
    assert shown(page) == []
    # A link to a row that is hidden shows it.
    page.evaluate("location.hash = 'cutmix'")
    page.wait_for_function("document.querySelector('tr#cutmix').offsetParent !== null")


def test_without_javascript_it_is_a_table(browser: Browser, origin: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.goto(f"{origin}/book/atlas.html#cutmix")
    assert opened.locator("tr.atlas-row").count() == 140
    assert opened.locator(".atlas-filter").count() == 0
    assert opened.locator("tr#cutmix").is_visible()
    context.close()


def test_a_slug_is_a_class() -> None:
    assert slug("Noise & more, not yet") == "noise-more-not-yet"


def test_the_tiny_book_has_its_rows(book: Path) -> None:
    (book / "book/atlas.md").write_text("# Atlas\n\n```{atlas}\n```\n", encoding="utf-8")
    parts = book / "book/parts.toml"
    replace(parts, '"book/claims"', '"book/claims",\n  "book/atlas"')
    done = tiny_book.build(book)
    assert done.returncode == 0, done.stderr
