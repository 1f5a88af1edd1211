"""Every page of the built site, looked at in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser

from tools import access, inspection, links
from tools.inspection import Visit, visit
from tools.notebooks import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
ALSO_BUILT = ["search", "genindex"]


def toc_files(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("root", "file"):
                yield value.removesuffix(".md").removesuffix(".ipynb")
            else:
                yield from toc_files(value)
    elif isinstance(part, list):
        for item in part:
            yield from toc_files(item)


PAGES = [*toc_files(TOC), *ALSO_BUILT]
# Bytes, compressed, before the first scroll and in all; every other page has room as a theory page.
LIGHT, LAB = {"at_first": 600_000, "whole": 900_000}, {"at_first": 1_200_000, "whole": 1_200_000}


@pytest.fixture(scope="module", params=PAGES)
def opened(request: pytest.FixtureRequest, browser: Browser, origin: str) -> Iterator[Visit]:
    """One page, open for all the tests below before the next one is."""
    with visit(browser, f"{origin}/{request.param}.html") as seen:
        yield seen


def test_every_built_page_is_looked_at(site: Path) -> None:
    documents = {path: links.read(path) for path in links.pages(site)}
    built = {
        path.relative_to(site).with_suffix("").as_posix()
        for path, document in documents.items()
        if document.refresh is None
    }
    assert built == {*PAGES, "404"}


def test_links_lead_somewhere(site: Path) -> None:
    assert list(links.broken(site)) == []


def test_loads_without_errors_or_other_hosts(opened: Visit) -> None:
    assert opened.faults == []


def test_everyone_can_use_it(opened: Visit) -> None:
    assert access.faults(opened.page) == []


def test_text_can_be_read_in_the_dark(opened: Visit) -> None:
    assert access.contrast_faults(opened.page, theme="dark") == []


def test_a_keyboard_reaches_all_and_stops_at_no_formula(opened: Visit) -> None:
    assert inspection.stop_faults(opened) == []


def test_formulas_are_typeset(opened: Visit) -> None:
    assert inspection.formula_faults(opened) == []


def test_images_are_there(opened: Visit) -> None:
    assert inspection.image_faults(opened) == []


def test_sliders_change_their_figures(opened: Visit) -> None:
    assert inspection.slider_faults(opened) == []


def test_fits_narrow_and_wide_windows(opened: Visit) -> None:
    assert inspection.overflow_faults(opened) == []


def test_contents_fit_their_column(opened: Visit) -> None:
    wide = "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).length"
    assert opened.page.eval_on_selector_all(".bd-sidebar-secondary", wide) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_lies_over_the_text_can_be_read(theme: str, browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/book/index.html") as seen:
        seen.page.set_viewport_size({"width": 768, "height": 900})
        show = "way => { way.style.display = 'block'; }"
        seen.page.eval_on_selector("#pst-back-to-top", show)
        assert access.contrast_faults(seen.page, theme=theme) == []


def test_paper_shows_at_once_what_was_folded(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/chapters/gaussian_dropout/lab.html") as seen:
        seen.page.emulate_media(media="print")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        names = "shown => shown.map(one => getComputedStyle(one).animationName)"
        moves = seen.page.eval_on_selector_all("details[open] > summary ~ *", names)
        assert set(moves) == {"none"}


def test_the_page_for_wrong_addresses_has_a_margin(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/404.html") as seen:
        seen.page.set_viewport_size({"width": 360, "height": 900})
        assert seen.page.eval_on_selector("main p", "text => text.getBoundingClientRect().x") > 8
        assert access.faults(seen.page) == []


def test_is_light_enough(opened: Visit, site: Path) -> None:
    lab = "/lab" in opened.page.url or "/demos/" in opened.page.url
    assert inspection.weight_faults(opened, site, **(LAB if lab else LIGHT)) == []
