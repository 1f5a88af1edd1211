"""Slides: made from the pages, whole on every screen of 960 by 700, without another host."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response

from tests.book import tiny_book
from tools import access, slides
from tools.cards import read_shelf
from tools.inspection import served
from tools.ledgers import read_ledgers
from tools.notebooks import ROOT
from tools.plain import Plain

DECK = """# The mean

```{notes} 2
Ask **first**.
```

## Half

```{statement} thm-one
```

Measured {measured}`one/law`, by {prf:ref}`thm-one`.

```{cell} lab_one.ipynb#cell-2
```

```{notes} 3
Prove it.
```
"""
CUT = """() => {
  const slide = Reveal.getCurrentSlide(), { width, height } = Reveal.getConfig();
  const low = slide.scrollHeight > height || slide.scrollWidth > width;
  const scale = Reveal.getScale(), edge = slide.getBoundingClientRect();
  const wide = [...slide.querySelectorAll("img, mjx-container, p, li, table")]
    .filter(one => one.getBoundingClientRect().right > edge.right + 1);
  const empty = [...slide.querySelectorAll("img")].filter(one => !one.naturalWidth || !one.alt);
  return [...(low ? [`${slide.scrollWidth} by ${slide.scrollHeight}`] : []),
    ...wide.map(one => "too wide: " + one.textContent.slice(0, 60)),
    ...empty.map(one => "no picture, or no words for it: " + one.src)];
}"""
TABLED = [deck.card.slug for deck in slides.decks()]


def deck(root: Path) -> slides.Deck:
    return slides.Deck(read_shelf(root).card("one"), root)


def text(root: Path) -> str:
    return deck(root).text(Plain(root, read_ledgers(root)))


def test_a_deck_holds_statement_plot_number_and_notes(book: Path) -> None:
    (book / "chapters/one/slides.md").write_text(DECK)
    made = deck(book)
    shown = made.text(Plain(book, read_ledgers(book)))
    assert made.minutes == 5
    assert "::::{admonition} Theorem: Half" in shown
    assert "a = b" in shown
    assert "Measured −0.123, by the theorem “Half”." in shown
    assert ":alt: a line" in shown
    assert "(2 min) Ask **first**." in shown
    (png,) = made.files.values()
    assert png.startswith(b"\x89PNG")


def test_a_changed_page_changes_the_slide(book: Path) -> None:
    (book / "chapters/one/slides.md").write_text(DECK)
    tiny_book.replace(book / "chapters/one/theory.md", "a = b", "a = 2b")
    assert "a = 2b" in text(book)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("thm-one\n```", "thm-none\n```", "there is no statement thm-none"),
        ("#cell-2", "#cell-9", "has no cell 'cell-9' with a plot"),
        ("{cell} lab_one.ipynb#cell-2", "{picture} none.svg", "no theory page shows"),
        ("{notes} 3", "{notes} soon", "notes begin with minutes"),
        ("```{notes} 3\nProve it.\n```\n", "", "slide 2 has no notes"),
        ("# The mean\n", "", "a heading begins each slide"),
        (DECK, "Words.\n", "a heading begins each slide"),
    ],
)
def test_what_is_not_there_stops_the_deck(book: Path, old: str, new: str, fault: str) -> None:
    (book / "chapters/one/slides.md").write_text(DECK.replace(old, new, 1))
    with pytest.raises(slides.SlidesError, match=f"chapters/one/slides.md: .*{fault}"):
        text(book)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slides of the book itself."""
    folder = tmp_path_factory.mktemp("slides")
    command = [sys.executable, "-m", "tools.slides", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def noted(page: Page, origin: str) -> list[str]:
    """Return a list that will hold errors of the page, refused answers and other hosts."""
    errors: list[str] = []

    def answered(response: Response) -> None:
        if response.status >= 400 or not response.url.startswith(origin):
            errors.append(response.url)

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", answered)
    return errors


@pytest.fixture(scope="module", params=TABLED)
def opened(request: pytest.FixtureRequest, browser: Browser, built: Path) -> Iterator[Page]:
    with served(built) as origin:
        context = browser.new_context(viewport={"width": 960, "height": 700})
        page = context.new_page()
        errors = noted(page, origin)
        page.goto(f"{origin}/{request.param}.html", wait_until="networkidle")
        page.evaluate("async () => { await MathJax.startup.promise; }")
        assert errors == []
        yield page
        context.close()


def test_nothing_is_cut_and_everyone_can_read_it(opened: Page) -> None:
    count = opened.evaluate("Reveal.getTotalSlides()")
    assert count >= 8
    for _ in range(count):
        assert opened.evaluate(CUT) == []
        assert access.faults(opened) == []
        opened.evaluate("Reveal.next()")
    assert opened.evaluate("Reveal.isLastSlide()")


def test_every_slide_has_notes_and_prints_on_a_page(opened: Page) -> None:
    slide = ".slides > section > section"
    assert opened.locator(slide).count() == opened.locator(f"{slide} > aside.notes").count()
    count = opened.evaluate("Reveal.getTotalSlides()")
    opened.goto(opened.url.partition("#")[0] + "?print-pdf", wait_until="networkidle")
    opened.wait_for_selector(".pdf-page")
    assert opened.locator(".pdf-page").count() == count
