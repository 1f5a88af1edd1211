"""Fonts with the signs that pages name, pictures with the colours that they need."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from PIL import Image

from tools.sphinx_runtheory import light

SHEET = (
    '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-sun:before{content:"\\f185"}'
    '@font-face{src:url(../webfonts/fa-solid-900.woff2) format("woff2"),url(x.ttf)}'
)


def png(pixels: np.ndarray) -> bytes:
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, format="png")
    return stored.getvalue()


def test_signs_by_any_of_their_names() -> None:
    assert light.signs(SHEET, {"fa-navicon"}) == {0xF0C9}
    assert light.signs(SHEET, {"fa-bars", "fa-sun"}) == {0xF0C9, 0xF185}
    assert light.signs(SHEET, {"fa-sunny"}) == set()


def font(path: Path) -> None:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 0))
    pen.lineTo((0, 500))
    pen.closePath()
    names = [".notdef", "bars", "sun"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({0xF0C9: "bars", 0xF185: "sun"})
    builder.setupGlyf({name: pen.glyph() for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Icons", "styleName": "Solid"})
    builder.setupPost()
    builder.save(path)


def test_a_font_keeps_what_the_pages_name(tmp_path: Path) -> None:
    folder = tmp_path / "_static" / "vendor" / "fontawesome" / "6"
    (folder / "css").mkdir(parents=True)
    (folder / "webfonts").mkdir()
    (folder / "css" / "all.min.css").write_text(SHEET)
    font(folder / "webfonts" / "fa-solid-900.ttf")
    (tmp_path / "index.html").write_text('<i class="fa-solid fa-sun"></i>')
    for _ in range(2):  # a build that writes fewer pages finishes them all again
        light.fewer_icons(tmp_path)
        small = TTFont(folder / "webfonts" / "fa-solid-900.woff")
        assert set(small.getBestCmap()) == {0xF185}
        sheet = (folder / "css" / "all.min.css").read_text()
        assert "fa-solid-900.woff) format" in sheet
        assert light.signs(sheet, {"fa-sun", "fa-bars"}) == {0xF185}


def test_a_curve_is_stored_in_fewer_bytes_and_looks_the_same() -> None:
    across = np.linspace(0, 1, 400)
    drawn = np.full((300, 400, 3), 255, np.uint8)
    drawn[..., 2] = (255 * (np.abs(np.linspace(0, 1, 300)[:, None] - across**2) > 0.02)).astype(
        "u1"
    )
    drawn[40:60, 40:60] = (213, 94, 0)
    before = png(drawn)
    after = light.fewer_colours(before)
    assert len(after) < len(before)
    shown = np.asarray(Image.open(io.BytesIO(after)).convert("RGB")).astype(int)
    assert np.abs(shown - drawn).max() <= 2
    assert light.fewer_colours(after) == after


def test_no_picture_grows() -> None:
    flat = png(np.full((2, 2, 3), 9, np.uint8))
    assert len(light.fewer_colours(flat)) <= len(flat)


def test_what_is_clear_becomes_white() -> None:
    drawn = np.random.default_rng(0).integers(0, 255, (90, 90, 4), dtype=np.uint8)
    drawn[..., 3] = 0
    small = Image.open(io.BytesIO(light.fewer_colours(png(drawn))))
    assert small.convert("RGB").getpixel((9, 9)) == (255, 255, 255)


def test_comments_go_and_licences_and_rules_stay(tmp_path: Path) -> None:
    static = tmp_path / "_static"
    static.mkdir()
    notice = "/* :Copyright: the authors. */\n"
    text = f"{notice}/* Said\n on two lines. */\na {{ color: red; }} /* why */\nb {{ top: 0; }}\n"
    for name in ("custom.css", "other.css"):
        (static / name).write_text(text, encoding="utf-8")
    light.fewer_comments(tmp_path)
    left = f"{notice}a {{ color: red; }} b {{ top: 0; }}\n"
    assert (static / "custom.css").read_text(encoding="utf-8") == left
    assert (static / "other.css").read_text(encoding="utf-8") == text
