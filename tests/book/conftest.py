"""The built site, served on this machine, and a browser to look at it with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tools import browser as browsers
from tools.inspection import served
from tools.notebooks import ROOT

SITE = ROOT / "_build" / "html"


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
