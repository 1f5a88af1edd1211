"""Each kind of fault, planted on a small page, is seen; a page without faults is let through."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error

from tools import inspection, links
from tools.inspection import visit

PAGE = (
    '<!doctype html><html lang="en"><head><title>t</title>{}</head><body><h1>h</h1>{}</body></html>'
)
SLIDER = """
<div class="runtheory-explorable">
  <input type="range" min="0" max="3" step="1" value="0" id="handle" aria-label="height">
  <img src="frame.svg?0" alt="a curve" id="frame" width="10" height="10">
</div>
<script>
  const handle = document.getElementById("handle");
  handle.addEventListener("input", () => {{
    const value = Number(handle.value);
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
            *inspection.formula_faults(seen),
            *inspection.image_faults(seen),
            *inspection.stop_faults(seen),
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
    found = planted(browser, folder_origin, tmp_path, SLIDER.format(shown="Math.min(2, value)"))
    assert found == "slider 1 of explorable 1 at step 3 changes no picture"


def test_slider_that_does_not_move(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = SLIDER.format(shown="0").replace('max="3"', 'max="0"')
    assert "does not move" in planted(browser, folder_origin, tmp_path, body)


def test_explorable_without_slider(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = '<div class="runtheory-explorable"></div>'
    assert "has no slider" in planted(browser, folder_origin, tmp_path, body)


def test_sliders_that_are_not_drawn(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = '<script type="application/vnd.runtheory.explorable+json">{}</script>'
    assert "sliders are not drawn" in planted(browser, folder_origin, tmp_path, body)


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
    raw = (r"\(x\)", "$x^2$", r"\[y\]", "$$z$$", r"\begin{align}a\end{align}", r"\mathcal{W}$")
    for text in raw:
        found = planted(browser, folder_origin, tmp_path, f"<p>so {text} is</p>")
        assert f"formula not typeset: so {text} is" in found


def test_formula_that_mathjax_refuses(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = (
        '<mjx-container><mjx-merror data-mjx-error="Missing brace">x</mjx-merror></mjx-container>'
    )
    found = planted(browser, folder_origin, tmp_path, body)
    assert "formula not typeset: Missing brace" in found


def test_broken_image(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    body = '<main><img src="page.html" alt="a" width="9" height="9"></main>'
    found = planted(browser, folder_origin, tmp_path, body)
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
    body = f'<article><div style="overflow-x: auto" tabindex="0">{table}</div></article>'
    assert planted(browser, folder_origin, tmp_path, body) == ""


CUT = "<style>{0} {{ display: inline-block; width: 90px; overflow: hidden }}</style>"


@pytest.mark.parametrize("kind", ["pre", "td", "figure"])
def test_cut_off(kind: str, browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    inside = f"<{kind}>{'unbreakable' * 9}</{kind}>"
    body = f"<article>{f'<table><tr>{inside}</tr></table>' if kind == 'td' else inside}</article>"
    found = planted(browser, folder_origin, tmp_path, body, CUT.format(kind))
    assert f"at 1280 px: <{kind}> is cut off: unbreakable" in found


def test_formula_that_its_own_box_hides(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    inner = '<mjx-math style="display: inline-block; width: 900px">x</mjx-math>'
    formula = f'<span class="math"><mjx-container>{inner}</mjx-container></span>'
    box = '<article><p style="overflow-x: auto" tabindex="0">so {}</p></article>'
    assert planted(browser, folder_origin, tmp_path, box.format(formula)) == ""
    hidden = formula.replace("<span", '<span style="display: block; overflow: hidden"')
    found = planted(browser, folder_origin, tmp_path, box.format(hidden))
    assert "at 360 px: <span> is cut off: x" in found


def test_code_that_a_laptop_does_not_show(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    code = f'<pre tabindex="0" style="width: 300px; overflow-x: auto">{"long " * 40}</pre>'
    body = f'<article><div class="cell_input">{code}</div></article>'
    assert planted(browser, folder_origin, tmp_path, body).startswith(
        "code wider than its box: long"
    )


def test_stops_of_the_keyboard(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    table = '<table style="width: 2000px"><tr><td>wide</td></tr></table>'
    body = f'<article><div style="overflow-x: auto">{table}</div></article>'
    assert "scrolls, but not by keyboard: <div> wide" in planted(
        browser, folder_origin, tmp_path, body
    )
    formula = '<article><mjx-container tabindex="0">y</mjx-container></article>'
    found = planted(browser, folder_origin, tmp_path, formula)
    assert found == "a formula is a stop of the tab key: y"


def test_bytes_before_the_first_scroll_and_in_all(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    far = '<div style="height: 20000px"></div><img src="far.png" alt="b" loading="lazy">'
    write(tmp_path, f'<img src="near.png" alt="a">{far}')
    for name in ("near", "far", "other"):
        (tmp_path / f"{name}.png").write_bytes(bytes(1_000_000))
    with visit(browser, f"{folder_origin}/page.html") as seen:
        sizes = [inspection.transferred(paths, tmp_path) for paths in (seen.at_first, seen.paths)]
        assert [size // 100_000 for size in sizes] == [10, 20]
        found = inspection.weight_faults(seen, tmp_path, at_first=900_000, whole=2_100_000)
        assert len(found) == 1
        assert "before the first scroll, more than 900000" in found[0]


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


def test_what_never_comes_is_waited_for_so_long_and_no_longer(
    browser: Browser, folder_origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = "<script>window.requestAnimationFrame = () => 0;</script>"
    write(tmp_path, "<p>A page that draws no further.</p>", head=stuck)
    patient = inspection.scripts.READ_THROUGH
    assert "90_000" in patient
    monkeypatch.setattr(inspection.scripts, "READ_THROUGH", patient.replace("90_000", "200"))
    with (
        pytest.raises(Error, match="waited too long for the next frame"),
        visit(browser, f"{folder_origin}/page.html"),
    ):
        pass


def test_a_page_that_scrolls_smoothly_stands_still_when_it_is_read(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    smooth = "<style>html { scroll-behavior: smooth } p { height: 20000px }</style>"
    write(tmp_path, "<p>tall</p>", smooth)
    with visit(browser, f"{folder_origin}/page.html") as seen:
        assert seen.page.evaluate("window.scrollY") == 0
