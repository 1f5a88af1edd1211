"""What a slow line need not carry: icons and comments that no page shows, unseen colours."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image

ICONS = "vendor/fontawesome/*"  # below the folder of the theme's files
COLOURS = 256
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table
NAME = re.compile(r"\bfa-[a-z0-9-]+")
SIGN = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
SHEETS = ("basic.css", "custom.css", "explorables.css", "mystnb.*.css")  # below _static
COMMENT = re.compile(r"/\*.*?\*/\s*", re.S)
NOTICE = re.compile("copyright|licen[cs]e", re.I)  # comments that have to stay
SOURCE = re.compile(r'url\(\.\./webfonts/([\w-]+)\.woff2\) ?format\("woff2"\)')


def signs(sheet: str, used: set[str]) -> set[int]:
    """Return the code points that a style sheet gives to the icons called ``used``."""
    return {int(code, 16) for names, code in SIGN.findall(sheet) if used & set(NAME.findall(names))}


def _only(sheet: str, used: set[str]) -> str:
    """Return the sheet without the signs of icons that are not used."""
    return SIGN.sub(lambda rule: rule[0] if used & set(NAME.findall(rule[1])) else "", sheet)


def fewer_icons(site: Path) -> None:
    """Leave in the site's fonts and sheets of icons those that its pages and scripts name."""
    texts = [*site.rglob("*.html"), *(site / "_static" / "scripts").glob("*.js")]
    used = {name for path in texts for name in NAME.findall(path.read_text(encoding="utf-8"))}
    for folder in (site / "_static").glob(ICONS):
        sheet = folder / "css" / "all.min.css"
        text = sheet.read_text(encoding="utf-8")
        for name in set(SOURCE.findall(text)):
            _write_subset(folder / "webfonts" / name, signs(text, used))
        fonts = SOURCE.sub(r'url(../webfonts/\1.woff) format("woff")', text)
        sheet.write_text(_only(fonts, used))


def _write_subset(path: Path, codes: set[int]) -> None:
    font = TTFont(path.with_suffix(".ttf"))
    options = subset.Options(flavor="woff", layout_features=[], name_IDs=[0, 1, 2, 13, 14])
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=codes)
    chosen.subset(font)
    font.flavor = "woff"
    font.save(path.with_suffix(".woff"))


def fewer_colours(image: bytes) -> bytes:
    """Return a PNG with at most 256 colours, or the picture as it came where that is no smaller."""
    with Image.open(io.BytesIO(image)) as opened:
        if opened.mode == "P":
            return image
        small = io.BytesIO()
        flat = Image.alpha_composite(_white(opened.size), opened.convert("RGBA")).convert("RGB")
        chosen = flat.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        chosen.save(small, format="png", optimize=True)
    return min(image, small.getvalue(), key=len)


def _white(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGBA", size, "white")


def _notice(comment: re.Match[str]) -> str:
    return comment[0] if NOTICE.search(comment[0]) else ""


def fewer_comments(site: Path) -> None:
    """Leave the comments out of style sheets, but for licences."""
    for pattern in SHEETS:
        for path in (site / "_static").glob(pattern):
            text = path.read_text(encoding="utf-8")
            path.write_text(COMMENT.sub(_notice, text), encoding="utf-8")


def smaller_pictures(site: Path) -> None:
    """Store every PNG of the site's figures with at most 256 colours."""
    for path in sorted((site / "_images").glob("*.png")):
        path.write_bytes(fewer_colours(path.read_bytes()))
