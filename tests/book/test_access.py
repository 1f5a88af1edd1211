"""Faults that keep readers out, planted on a small page; one without them is let through."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tools import access
from tools.inspection import visit

PAGE = """<!doctype html><html lang="en-GB" data-theme="light"><head><title>t</title><style>
html[data-theme="dark"] body {{ background: #111111; color: {dark} }}
</style></head><body><main><h1>h</h1>{body}</main></body></html>"""
PLANTED = {
    "image-alt": '<img src="x.svg">',
    "color-contrast": '<p style="color: #bbbbbb; background: #ffffff">faint</p>',
    "summary-name": "<details><summary></summary>text</details>",
    "label-content-name-mismatch": '<button aria-label="Toggle">Show code</button>',
    "aria-input-field-name": '<div role="slider" tabindex="0" aria-valuenow="1"></div>',
    "heading-order": "<h4>far below</h4>",
    "link-name": '<a href="#"></a>',
}


def write(folder: Path, body: str, dark: str = "#eeeeee") -> None:
    (folder / "page.html").write_text(PAGE.format(body=body, dark=dark), encoding="utf-8")
    (folder / "x.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    (folder / "favicon.ico").write_bytes(b"")


def test_a_good_page(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    write(tmp_path, '<p>Text.</p><img src="x.svg" alt="a square">')
    with visit(browser, f"{folder_origin}/page.html") as seen:
        assert access.faults(seen.page) == []
        assert access.contrast_faults(seen.page, theme="dark") == []


@pytest.mark.parametrize("rule", PLANTED)
def test_planted(rule: str, browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    write(tmp_path, PLANTED[rule])
    with visit(browser, f"{folder_origin}/page.html") as seen:
        assert {fault.split(":")[0] for fault in access.faults(seen.page)} == {rule}


def test_faint_in_the_dark_alone(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    write(tmp_path, "<p>Text.</p>", dark="#333333")
    with visit(browser, f"{folder_origin}/page.html") as seen:
        assert access.faults(seen.page) == []
        (*_, fault) = access.contrast_faults(seen.page, theme="dark")
        assert fault.startswith("color-contrast")
        assert seen.page.evaluate("document.documentElement.dataset.theme") == "light"


def test_a_slow_change_of_colour_is_waited_for(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    write(tmp_path, "<style>* { transition: color 60s; }</style><p>Text.</p>")
    with visit(browser, f"{folder_origin}/page.html") as seen:
        assert access.contrast_faults(seen.page, theme="dark") == []
