"""Each kind of fault, planted on a small page, is seen; a page without faults is let through."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tools import inspection, links
from tools.inspection import visit

PAGE = (
    '<!doctype html><html lang="en"><head><title>t</title>{}</head><body><h1>h</h1>{}</body></html>'
)
SLIDER = """
<div class="runtheory-explorable">
  <div role="slider" tabindex="0" aria-valuenow="0" id="handle">o</div>
  <img src="frame.svg?0" alt="a curve" id="frame" width="10" height="10">
</div>
<script>
  document.getElementById("handle").addEventListener("keydown", event => {{
    const step = {{ArrowRight: 1, ArrowLeft: -1}}[event.key] || 0;
    const handle = event.target;
    const value = Math.min(3, Math.max(0, Number(handle.getAttribute("aria-valuenow")) + step));
    handle.setAttribute("aria-valuenow", event.key === "Home" ? 0 : value);
    document.getElementById("frame").src = "frame.svg?" + {shown};
  }});
</script>
"""
FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'
)


def write(folder: Path, body: str, head: str = "") -> None:
    (folder / "page.html").write_text(PAGE.format(head, body), encoding="utf-8")
    (folder / "frame.svg").write_text(FRAME, encoding="utf-8")
    (folder / "favicon.ico").write_bytes(b"")


def all_faults(browser: Browser, origin: str) -> list[str]:
    with visit(browser, f"{origin}/page.html") as seen:
        return [
            *seen.faults,
            *inspection.head_faults(seen),
            *inspection.formula_faults(seen),
            *inspection.image_faults(seen),
            *inspection.contrast_faults(seen),
            *inspection.slider_faults(seen),
            *inspection.overflow_faults(seen),
        ]


def test_a_good_page_has_no_fault(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        "<p>Five dollars, $5, and a code <code>$x$</code>.</p>" + SLIDER.format(shown="value"),
    )
    assert all_faults(browser, folder_origin) == []


def planted(browser: Browser, origin: str, folder: Path, body: str, head: str = "") -> str:
    write(folder, body, head)
    return "\n".join(all_faults(browser, origin))


def test_dead_slider(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    found = planted(browser, folder_origin, tmp_path, SLIDER.format(shown="0"))
    assert "slider 1 of explorable 1 at step 1 changes no picture" in found


def test_one_dead_frame(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    found = planted(browser, folder_origin, tmp_path, SLIDER.format(shown="Math.max(1, value)"))
    assert found == "slider 1 of explorable 1 at step 1 changes no picture"


def test_slider_that_does_not_move(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = SLIDER.format(shown="0").replace("keydown", "click")
    assert "does not move" in planted(browser, folder_origin, tmp_path, body)


def test_explorable_without_slider(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = '<div class="runtheory-explorable"></div>'
    assert "has no slider" in planted(browser, folder_origin, tmp_path, body)


def test_widget_that_is_not_drawn(
    browser: Browser, folder_origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "PATIENCE", 500)
    body = '<script type="application/vnd.jupyter.widget-view+json">{}</script>'
    assert "a widget is not drawn" in planted(browser, folder_origin, tmp_path, body)


def test_request_to_another_host(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = '<img src="http://example.org/picture.png" alt="a picture">'
    found = planted(browser, folder_origin, tmp_path, body)
    assert "request to another host: http://example.org/picture.png" in found


def test_script_error_and_missing_file(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    body = "<script>undefined.length</script><script>console.error('told')</script>"
    found = planted(browser, folder_origin, tmp_path, body, '<link rel="stylesheet" href="no.css">')
    assert "script error" in found
    assert "console error: told" in found
    assert "status 404" in found


def test_raw_mathematics(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    for text in (r"\(x\)", "$x^2$", r"\[y\]", "$$z$$", r"\begin{align}a\end{align}"):
        found = planted(browser, folder_origin, tmp_path, f"<p>so {text} is</p>")
        assert f"formula not typeset: so {text} is" in found


def test_formula_that_mathjax_refuses(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = (
        '<mjx-container><mjx-merror data-mjx-error="Missing brace">x</mjx-merror></mjx-container>'
    )
    found = planted(browser, folder_origin, tmp_path, body)
    assert "formula not typeset: Missing brace" in found


def test_missing_alternative_and_broken_image(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    body = '<main><img src="frame.svg"><img src="page.html" alt="a" width="9" height="9"></main>'
    found = planted(browser, folder_origin, tmp_path, body)
    assert "no text alternative: frame.svg" in found
    assert "broken image: page.html" in found


def test_too_wide_at_360_pixels_only(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = '<article><div style="width: 500px; height: 9px"></div></article>'
    found = planted(browser, folder_origin, tmp_path, body)
    assert "at 360 px: the page is" in found
    assert "at 1280 px" not in found


def test_wide_box_that_is_cut_off(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = '<article><table style="width: 900px"><tr><td>cut</td></tr></table></article>'
    head = "<style>html { overflow-x: hidden }</style>"
    assert "<table" in planted(browser, folder_origin, tmp_path, body, head)


def test_wide_table_that_scrolls_is_let_through(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    table = '<table style="width: 900px"><tr><td>wide</td></tr></table>'
    body = f'<article><div style="overflow-x: auto">{table}</div></article>'
    assert planted(browser, folder_origin, tmp_path, body) == ""


def test_faint_text(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = '<article><p style="color: #bbbbbb">faint</p></article>'
    assert "contrast 1.9" in planted(browser, folder_origin, tmp_path, body)


def test_no_language_no_title_two_headings(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    write(tmp_path, "")
    (tmp_path / "page.html").write_text("<html><body><h1>a</h1><h1>b</h1></body></html>")
    found = all_faults(browser, folder_origin)
    assert found == ["no lang attribute", "no title", "2 visible h1 elements"]


def test_transferred_bytes_count_what_was_fetched(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    write(tmp_path, '<img src="frame.svg" alt="a"><img src="big.png" alt="b">')
    (tmp_path / "big.png").write_bytes(bytes(4_000_000))
    (tmp_path / "other.png").write_bytes(bytes(4_000_000))
    with visit(browser, f"{folder_origin}/page.html") as seen:
        assert 4_000_000 < inspection.transferred(seen, tmp_path) < 4_010_000


def test_links_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there">x</a><a href="b.html#gone">x</a><a href="c.html">x</a>'
        '<a href="#self">x</a><p id="self"></p><a href="https://example.org">x</a>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p><img src="no.png">')
    assert list(links.broken(tmp_path)) == [
        "a.html: b.html#gone: no such anchor",
        "a.html: c.html: no such file",
        "b.html: no.png: no such file",
    ]
