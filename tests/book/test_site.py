"""Every page of the built site, looked at in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser

from tools import inspection, links
from tools.inspection import Visit, visit
from tools.notebooks import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
ALSO_BUILT = ["search"]


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
STATES = [(page, theme) for page in PAGES for theme in inspection.THEMES]


@pytest.fixture(scope="module", params=STATES, ids=lambda state: "-".join(state))
def opened(request: pytest.FixtureRequest, browser: Browser, origin: str) -> Iterator[Visit]:
    """One page in one theme, open for all the tests below before the next one is."""
    page, theme = request.param
    with visit(browser, f"{origin}/{page}.html", theme=theme) as seen:
        yield seen


def test_every_built_page_is_looked_at(site: Path) -> None:
    documents = {path: links.read(path) for path in links.pages(site)}
    built = {
        path.relative_to(site).with_suffix("").as_posix()
        for path, document in documents.items()
        if document.refresh is None
    }
    assert built == set(PAGES)


def test_links_lead_somewhere(site: Path) -> None:
    assert list(links.broken(site)) == []


def test_loads_without_errors_or_other_hosts(opened: Visit) -> None:
    assert opened.faults == []


def test_says_what_it_is(opened: Visit) -> None:
    assert inspection.head_faults(opened) == []


def test_formulas_are_typeset(opened: Visit) -> None:
    assert inspection.formula_faults(opened) == []


def test_images_have_alternatives(opened: Visit) -> None:
    assert inspection.image_faults(opened) == []


def test_text_can_be_read(opened: Visit) -> None:
    assert inspection.contrast_faults(opened) == []


def test_sliders_change_their_figures(opened: Visit) -> None:
    assert inspection.slider_faults(opened) == []


def test_fits_narrow_and_wide_windows(opened: Visit) -> None:
    assert inspection.overflow_faults(opened) == []


def test_is_light_enough(opened: Visit, site: Path) -> None:
    assert inspection.transferred(opened, site) <= inspection.BYTES
