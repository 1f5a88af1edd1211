"""Slides from the book's own sources: ``python -m tools.slides`` writes ``_build/slides``.

``slides.md`` beside a theory page is Markdown, a heading a slide, with four directives of its own.
``{statement} label`` shows a numbered statement of a theory page; ``{cell} lab.ipynb#id`` the plot
that a lab stores; ``{picture} file.svg`` a picture of the theory page, each with its alternative
text; ``{notes} minutes`` says how long a slide takes and what to say. ``{measured}`` prints a
stored number as on the pages. Nothing is typed twice, so slides cannot drift from the book.
"""

from __future__ import annotations

import argparse
import base64
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sphinx.application import Sphinx

from tools import notebooks
from tools.cards import Card, read_shelf
from tools.ledgers import read_ledgers
from tools.notebooks import ROOT
from tools.pictures import FIGURE, OPTION
from tools.plain import Plain
from tools.sphinx_runtheory import assets
from tools.statements import LABEL, blocks, theory_pages

FOLDER = Path("_build") / "slides"
FENCE = re.compile(r"^```\{(statement|cell|picture|notes)\} *(.*?)\n(.*?)^```$", re.M | re.S)
SLIDE = re.compile(r"^(?=#{1,2} )", re.M)
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')
SIZE = {"width": 960, "height": 700, "margin": 0.05}
SETTINGS = {
    "project": "Runnable Theory",
    "extensions": ["myst_parser", "sphinx.ext.mathjax", "sphinx_revealjs", f"{__name__}"],
    "myst_enable_extensions": ["amsmath", "colon_fence", "dollarmath"],
    "language": "en",
    "mathjax_path": "mathjax/tex-chtml.js",
    "mathjax3_config": {"options": {"menuOptions": {"settings": {"inTabOrder": False}}}},
    "revealjs_style_theme": "white-contrast",
    "revealjs_static_path": ["_static"],
    "revealjs_css_files": ["slides.css"],
    "revealjs_script_conf": {**SIZE, "hash": True, "center": False, "transition": "none"},
    "revealjs_script_plugins": [
        {"name": "RevealNotes", "src": "revealjs/plugin/notes/notes.js"},
    ],
}


class SlidesError(ValueError):
    """Slides that cannot be made; the message begins with their file."""


@dataclass
class Deck:
    """The slides of one technique: their Markdown, and the files that they show."""

    card: Card
    root: Path
    files: dict[str, bytes] = field(default_factory=dict)
    minutes: int = 0

    @property
    def file(self) -> str:
        """The source, relative to the root."""
        return f"{self.card.folder}/slides.md"

    def text(self, plain: Plain) -> str:
        """Return the slides as Markdown that names no role or directive of the book.

        Raises
        ------
        SlidesError
            If a statement, cell or picture is not there, or a slide has no heading or notes.
        """
        source = (self.root / self.file).read_text(encoding="utf-8")
        before, *slides = SLIDE.split(source)
        if before.strip() or not slides:
            raise SlidesError(f"{self.file}: a heading begins each slide, the first one too")
        for place, slide in enumerate(slides, start=1):
            if "```{notes}" not in slide:
                raise SlidesError(f"{self.file}: slide {place} has no notes with its minutes")
        return plain(FENCE.sub(self._made, source)) + "\n"

    def _made(self, found: re.Match[str]) -> str:
        kind, argument, body = found.groups()
        return getattr(self, f"_{kind}")(argument.strip(), body)

    def _notes(self, argument: str, body: str) -> str:
        if not argument.isdigit():
            raise SlidesError(f"{self.file}: notes begin with minutes, got {argument!r}")
        self.minutes += int(argument)
        return f"```{{revealjs-notes}}\n({argument} min) {body}```"

    def _statement(self, label: str, _: str) -> str:
        for path in theory_pages(self.root):
            for kind, title, lines in blocks(path.read_text(encoding="utf-8")):
                if any((found := LABEL.match(line)) and found[1] == label for line in lines):
                    body = "\n".join(line for line in lines if not LABEL.match(line))
                    head = f"{kind.capitalize()}: {title}" if title else kind.capitalize()
                    return f"::::{{admonition}} {head}\n:class: statement\n{body}\n::::"
        raise SlidesError(f"{self.file}: there is no statement {label}")

    def _cell(self, argument: str, _: str) -> str:
        name, _, label = argument.partition("#")
        path = self.root / self.card.folder / name
        cells = notebooks.read(path).cells if path.exists() else []
        for cell in (one for one in cells if one.get("id") == label):
            for output in cell.get("outputs", []):
                if png := output.get("data", {}).get("image/png"):
                    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
                    return self._image(base64.b64decode(png), ".png", alt)
        raise SlidesError(f"{self.file}: {name} has no cell {label!r} with a plot")

    def _picture(self, name: str, _: str) -> str:
        folder = self.root / self.card.folder
        for path in sorted(folder.glob("theory*.md")):
            for found in FIGURE.finditer(path.read_text(encoding="utf-8")):
                if found["file"] == name:
                    alt = dict(OPTION.findall(found["body"])).get("alt", "")
                    return self._image((folder / name).read_bytes(), ".svg", alt)
        raise SlidesError(f"{self.file}: no theory page shows the picture {name}")

    def _image(self, content: bytes, ending: str, alt: str) -> str:
        name = f"{sha256(content).hexdigest()[:16]}{ending}"
        self.files[name] = content
        return f"```{{image}} {name}\n:alt: {' '.join(alt.split())}\n```"


def decks(root: Path = ROOT) -> Iterator[Deck]:
    """Yield the decks of the book in reading order."""
    for card in read_shelf(root).cards:
        if (root / card.folder / "slides.md").exists():
            yield Deck(card, root)


def write_sources(root: Path, folder: Path) -> list[Deck]:
    """Write the slides as a project of their own, and return its decks."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "_static").mkdir(parents=True)
    shutil.copy2(ROOT / "book" / "theme" / "slides.css", folder / "_static" / "slides.css")
    plain, made = Plain(root, read_ledgers(root)), list(decks(root))
    for deck in made:
        (folder / f"{deck.card.slug}.md").write_text(deck.text(plain), encoding="utf-8")
        for name, content in deck.files.items():
            (folder / name).write_bytes(content)
    lines = [f"- [{deck.card.title}]({deck.card.slug}.md), {deck.minutes} minutes" for deck in made]
    pages = "\n".join(deck.card.slug for deck in made)
    listed = f"```{{toctree}}\n:hidden:\n\n{pages}\n```"
    index = "\n".join(["# Slides", "", *lines, "", listed, ""])
    (folder / "index.md").write_text(index, encoding="utf-8")
    return made


def build(root: Path, folder: Path) -> list[Deck]:
    """Write the slides below ``folder``; a warning is an error.

    Raises
    ------
    SlidesError
        If a deck cannot be made.
    """
    made = write_sources(root, folder / "source")
    site = folder / "html"
    app = Sphinx(
        str(folder / "source"), None, str(site), str(folder / "read"), "revealjs",
        confoverrides=SETTINGS, freshenv=True, warningiserror=True, status=None,
    )  # fmt: skip
    app.build(force_all=True)
    if app.statuscode:
        raise SlidesError(f"{folder}: the slides do not build")
    for page in site.glob("*.html"):
        page.write_text(mended(page.read_text(encoding="utf-8")), encoding="utf-8")
    return made


def mended(text: str) -> str:
    """Return a page of slides that readers may enlarge, with one landmark called main."""
    text = VIEWPORT.sub("", text).replace(
        '<div class="slides" role="main">', '<div class="slides">'
    )
    wider = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return text.replace("</head>", f"{wider}</head>", 1)


def _serve(app: Sphinx, error: Exception | None) -> None:
    if error is None:
        assets.write(Path(app.outdir))


def setup(app: Sphinx) -> None:
    """Serve MathJax from the slides themselves."""
    app.connect("build-finished", _serve)


def main() -> int:
    """Write the book's slides, and say how long each deck takes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / FOLDER)
    folder = parser.parse_args().folder
    try:
        made = build(ROOT, folder)
    except SlidesError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for deck in made:
        print(f"{deck.card.title}: {deck.minutes} minutes")
    print(f"open {folder / 'html' / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
