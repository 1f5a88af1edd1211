"""A tiny book to break; the built site, served on this machine; a browser to look at it with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.book import tiny_book
from tools import browser as browsers
from tools.inspection import served
from tools.notebooks import ROOT

SITE = ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def good_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny book without fault; not to be changed."""
    return tiny_book.write(tmp_path_factory.mktemp("good"))


@pytest.fixture
def book(good_book: Path, tmp_path: Path) -> Path:
    """A copy of the tiny book, for one test alone."""
    return Path(shutil.copytree(good_book, tmp_path / "book"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = browsers.start(playwright)
        yield running
        running.close()


@pytest.fixture(scope="session")
def site() -> Path:
    if not (SITE / "index.html").is_file():
        pytest.fail("no built site in _build/html: run `make book` first")
    return SITE


@pytest.fixture(scope="session")
def origin(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


@pytest.fixture
def folder_origin(tmp_path: Path) -> Iterator[str]:
    """Serve ``tmp_path``, for pages that a test writes."""
    with served(tmp_path) as address:
        yield address
