"""Explorables on a page: drawn by our script, by keyboard, in words, in both themes, on paper."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from runtheory import explore
from runtheory.explore.grid import stored_grid
from runtheory.explore.settings import number
from runtheory.explore.stored import picture_at
from tests.book.test_pdf import frames, png
from tests.explore.pictures import bars, every_kind, stored
from tools import access, inspection
from tools.inspection import PATIENCE, visit
from tools.notebooks import ROOT
from tools.sphinx_runtheory import explorables

THEME = ROOT / "book" / "theme"
COLOURS = """<style>
html { --pst-color-text-base: #222832; --pst-color-text-muted: #48566b; --pst-color-border: #d1d5da;
  --pst-color-primary: #0a58c2; font-family: sans-serif }
html[data-theme="dark"] { --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af;
  --pst-color-border: #48566b; --pst-color-primary: #85b4f7; background: #14181e; color: #ced6dd }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
</style>"""  # noqa: E501
PAGE = """<!doctype html><html lang="en-GB" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>t</title>{colours}
<link rel="stylesheet" href="explorables.css"><script defer src="explorables.js"></script></head>
<body><main><h1>h</h1><article>{body}</article></main></body></html>"""
QUIET = 700  # milliseconds until a change has been said


def write(folder: Path, *told: dict) -> Path:
    for name in explorables.FILES:
        (folder / name).write_bytes((THEME / name).read_bytes())
    (folder / "favicon.ico").write_bytes(b"")
    body = "".join(explorables.fragment(one, png(0)) for one in told)
    page = folder / "page.html"
    page.write_text(PAGE.format(colours=COLOURS, body=body), encoding="utf-8")
    return page


@contextmanager
def opened(browser: Browser, page: Path, **settings: Any) -> Iterator[Page]:
    """Open a page from its file, and let no error of it pass."""
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    shown, errors = context.new_page(), []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.goto(page.as_uri())
    yield shown
    context.close()
    assert errors == []


def end_of_curve(page: Page) -> tuple[float, float]:
    """Return where the curve ends, in pixels of its panel."""
    d = page.locator("path.mark.line.series-0").first.get_attribute("d")
    x, y = d.rsplit("L", 1)[1].split(",")
    return float(x), float(y)


def test_a_figure_without_fault(browser: Browser, folder_origin: str, tmp_path: Path) -> None:
    write(tmp_path, stored(), frames(3))
    with visit(browser, f"{folder_origin}/page.html") as seen:
        assert seen.faults == []
        assert seen.page.locator("article svg g.data").count() == 1
        assert access.faults(seen.page) == []
        assert access.contrast_faults(seen.page, theme="dark") == []
        assert inspection.stop_faults(seen) == []
        assert inspection.slider_faults(seen) == []
        assert inspection.overflow_faults(seen) == []


def test_every_kind_of_mark_is_drawn(browser: Browser, tmp_path: Path) -> None:
    def second(value: int) -> explore.Picture:
        panel = bars().panels[value]
        line = explore.Bars("share", [0, 1], [0.1 * value, 0.6])
        upright = bars().panels[1]
        moved = explore.Panel(upright.x, upright.y, [line], equal=True)
        assert panel is not None
        return explore.Picture([bars().panels[0], moved], {"share": 0.1 * value})

    def first(value: int) -> explore.Picture:
        heat = every_kind().panels[1]
        marks = [explore.Heat("cosine", [[1.0, -1.0], [value / 4, float("nan")]])]
        moved = explore.Panel(heat.x, heat.y, marks)
        return explore.Picture([every_kind().panels[0], moved], {"loss": 0.5})

    told = [stored_grid(one, {"value": (0, 1)}, title="t") for one in (first, second)]
    with opened(browser, write(tmp_path, *told)) as page:
        kinds = ["line.dashed", "step", "points.hollow", "rule.dotted.series-7", "bars"]
        counts = [page.locator(f"svg g.data .{kind}").count() for kind in kinds]
        assert counts == [1, 1, 1, 1, 4]
        assert page.locator("svg g.data text").all_text_contents() == ["1", "−1", "0"]
        assert page.locator("svg g.axes text").filter(has_text="masks").count() == 2


def test_the_keyboard_moves_the_figure_and_the_change_is_said(
    browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, write(tmp_path, stored())) as page:
        slider = page.get_by_role("slider", name="kind")
        before = end_of_curve(page)
        slider.press("ArrowRight")
        assert end_of_curve(page)[1] < before[1]
        said = page.locator("[aria-live=polite]")
        expect(said).to_have_text("kind: double; end (m) 10, up 5", timeout=PATIENCE)
        slider.press("ArrowLeft")
        expect(said).to_have_text("kind: plain; end (m) 5, down 5", timeout=PATIENCE)
        shown = page.get_by_role("img", name="A parabola. height: 1, kind: plain; end (m) 5")
        assert shown.count() == 1
        assert slider.get_attribute("aria-valuetext") == "plain"


def test_several_moves_are_said_once(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path, stored())) as page:
        page.evaluate("""() => {
          window.told = [];
          const said = document.querySelector("[aria-live]");
          new MutationObserver(() => told.push(said.textContent)).observe(said, {childList: true});
        }""")
        slider = page.get_by_role("slider", name="height")
        slider.evaluate("""slider => { for (const place of [slider.min, slider.max]) {
          slider.value = place;
          slider.dispatchEvent(new Event("input"));
        } }""")  # at once, however busy the machine is
        page.wait_for_function("told.length > 0")
        page.wait_for_timeout(QUIET)  # in which a second one would have come
        assert page.evaluate("told") == ["height: 2; end (m) 6, up 1"]


def test_the_script_hits_the_grid_and_goes_between(browser: Browser, tmp_path: Path) -> None:
    told = stored()
    with opened(browser, write(tmp_path, told)) as page:
        slider, found = page.get_by_role("slider", name="height"), {}
        parts = int(slider.get_attribute("max") or 0) // 2
        for place in range(2 * parts + 1):
            slider.fill(str(place))
            found[place] = end_of_curve(page)[1]
        ends = [picture_at(told, (at, 0)).readings["end (m)"] for at in range(3)]
        # Pixels are a straight line of the value: the two ends give it, the middle has to agree.
        slope = (found[2 * parts] - found[0]) / (ends[2] - ends[0])
        assert found[parts] == pytest.approx(found[0] + slope * (ends[1] - ends[0]), abs=0.02)
        for place, pixel in found.items():
            height = ends[0] + place / parts  # the end rises by one a metre
            assert pixel == pytest.approx(found[0] + slope * (height - ends[0]), abs=0.02)
        slider.fill(str(parts // 2))
        assert page.locator("p.readings").text_content() == "end (m): about 4.5"


def test_between_two_values_of_a_logarithmic_axis(browser: Browser, tmp_path: Path) -> None:
    """The middle of 1 and 100 is drawn at 10, and the slider's own middle is geometric."""
    axes = explore.Axis("x", (0, 1)), explore.Axis("y", (0.1, 1000), log=True)

    def compute(value: float) -> explore.Picture:
        line = explore.Line("line", [0, 1], [1, value])
        return explore.Picture([explore.Panel(*axes, [line])], {"power": float(value > 0)})

    told = stored_grid(compute, {"value": explore.Smooth([1, 100], log=True)}, title="t")
    with opened(browser, write(tmp_path, told)) as page:
        slider, found = page.get_by_role("slider", name="value"), []
        for place in (0, 20, 40):
            slider.fill(str(place))
            found.append(end_of_curve(page)[1])
        assert found[1] == pytest.approx((found[0] + found[2]) / 2, abs=0.02)
        slider.fill("20")
        assert page.locator("output").text_content() == "10"


def test_python_and_the_page_write_numbers_alike(browser: Browser, tmp_path: Path) -> None:
    values = [0, 1, 3.5555, 12, 1234.4, 0.25, 1 / 3, 2e-5, 1e7, -12.34, 99.96, 0.00123]

    def compute(value: float) -> explore.Picture:
        x, y = explore.Axis("x", (-20, 2000)), explore.Axis("y", (0, 1))
        place = values.index(value) / len(values)
        return explore.Picture([explore.Panel(x, y, [explore.Rule("r", y=place)])], {"v": value})

    told = stored_grid(compute, {"value": values}, title="t")
    with opened(browser, write(tmp_path, told)) as page:
        for place, value in enumerate(values):
            page.get_by_role("slider", name="value").fill(str(place))
            assert page.locator("p.readings").text_content() == f"v: {number(float(value))}"


@pytest.mark.parametrize("width", [360, 1280])
def test_letters_keep_their_size(width: int, browser: Browser, tmp_path: Path) -> None:
    size = {"width": width, "height": 700}
    with opened(browser, write(tmp_path, stored()), viewport=size) as page:
        boxes = page.locator("svg g.axes text").evaluate_all(
            "texts => texts.map(text => [getComputedStyle(text).fontSize,"
            " text.getBoundingClientRect().left, text.getBoundingClientRect().right])"
        )
        svg = page.locator(".canvas svg").bounding_box()
        assert {size for size, *_ in boxes} == {"12px"}
        assert min(left for _, left, _ in boxes) >= svg["x"] - 1
        assert max(right for *_, right in boxes) <= svg["x"] + svg["width"] + 1
        heights = page.get_by_role("slider").evaluate_all("all => all.map(x => x.clientHeight)")
        assert min(heights) >= 24


def test_without_scripts_there_are_picture_and_table(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path, stored()), java_script_enabled=False) as page:
        image = page.locator("article img")
        assert image.is_visible()
        assert image.get_attribute("alt").startswith("A parabola. height: 1, kind: plain")
        page.locator("summary").click()
        assert page.locator("td").all_text_contents()[:3] == ["0", "plain", "4"]


def test_on_paper_there_are_figure_and_table(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path, stored())) as page:
        page.emulate_media(media="print")
        assert page.locator(".panels svg").first.is_visible()
        assert page.locator("td").first.is_visible()
        assert not page.get_by_role("slider").first.is_visible()


def test_a_finger_moves_it(browser: Browser, tmp_path: Path) -> None:
    size = {"width": 360, "height": 700}
    with opened(browser, write(tmp_path, stored()), viewport=size, has_touch=True) as page:
        slider, before = page.get_by_role("slider", name="height"), end_of_curve(page)
        box = slider.bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
        assert end_of_curve(page)[1] < before[1]


def test_frames_change_with_their_words(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path, frames(3))) as page:
        page.get_by_role("slider", name="M").press("ArrowRight")
        assert page.locator(".frame img").get_attribute("alt") == "at < 1"
        expect(page.locator("[aria-live]")).to_have_text("M: 2; at < 1", timeout=PATIENCE)


def test_the_numbers_cannot_end_the_script() -> None:
    told = stored() | {"title": "</script><b>"}
    page = explorables.fragment(told, "")
    inside = re.search(r'<script type="[^"]*">(.*?)</script>', page, re.S)[1]
    assert json.loads(inside) == told


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("theme", "ground"), [(0, "#ffffff"), (1, "#14181e")])
def test_marks_are_seen_on_their_ground(theme: int, ground: str) -> None:
    blocks = (THEME / "explorables.css").read_text().split("}")
    colours = re.findall(r"--rt-series-\d: (#\w{6})", blocks[theme])
    assert len(colours) == explore.GREY + 1
    for colour in colours:
        pair = sorted((luminance(colour), luminance(ground)))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 3, colour  # WCAG 2.2, 1.4.11
