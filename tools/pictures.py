"""Pictures of theory pages: ``python -m tools.pictures label_smoothing`` draws those of a chapter.

``picture.py`` beside a theory page holds a function for each picture, which returns a figure, and
the table ``PICTURES`` from a file's name without ending (``picture``, ``picture_masks``) to it.
"""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import matplotlib as mpl

from tools import beside
from tools.notebooks import ROOT

WIDEST = 4.5 * 72  # points: on a telephone, three quarters of this, letters can still be read
OPTIONS = ("name", "alt", "figclass")
FIGURE = re.compile(r"^```\{figure\} (?P<file>\S+)\n(?P<body>.*?)^```$", re.M | re.S)
OPTION = re.compile(r"^:(\w+): *(\S.*)\n", re.M)
SIZE = re.compile(r'<svg [^>]*?width="([\d.]+)pt"')
CHOSEN = re.compile(r"\b\w*[0-9a-f]{10}\b")  # names that matplotlib makes from what is drawn
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
HALF_A_PIXEL = 0.4  # in points; another processor rounds otherwise

Fault = tuple[str, str]


def table(folder: Path) -> Mapping[str, Callable[[], mpl.figure.Figure]]:
    """Return the pictures that ``picture.py`` in ``folder`` can draw."""
    mpl.use("Agg")
    return beside.load(folder / "picture.py").PICTURES


def svg(draw: Callable[[], mpl.figure.Figure], name: str) -> str:
    """Return a picture as text, the same at every run."""
    import matplotlib.pyplot as plt

    canvas, text = draw(), io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        canvas.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(canvas)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def alike(one: str, other: str) -> bool:
    """Tell whether two drawings are the same to the eye."""
    (words, numbers), (others, theirs) = _apart(one), _apart(other)
    return words == others and all(
        math.isclose(a, b, abs_tol=HALF_A_PIXEL) for a, b in zip(numbers, theirs, strict=True)
    )


def _apart(text: str) -> tuple[list[str], list[float]]:
    plain = CHOSEN.sub("", text)
    return NUMBER.split(plain), [float(number) for number in NUMBER.findall(plain)]


def stale(folder: Path) -> list[str]:
    """Return the names of the pictures in ``folder`` that are not what the code draws."""
    drawn = {f"{name}.svg": svg(draw, name) for name, draw in table(folder).items()}
    stored = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("picture*.svg")}
    return sorted(
        name
        for name in drawn | stored
        if name not in drawn or name not in stored or not alike(drawn[name], stored[name])
    )


def write(folder: Path) -> list[Path]:
    """Draw the pictures of ``folder``, store them beside the code and return their paths."""
    written = []
    for name, draw in table(folder).items():
        written.append(folder / f"{name}.svg")
        written[-1].write_text(svg(draw, name), encoding="utf-8")
    return written


def faults(root: Path) -> Iterator[Fault]:
    """Yield figures of theory pages without words, and pictures that are too wide or not shown."""
    for folder in sorted((root / "chapters").glob("*")):
        shown = set()
        for page in sorted(folder.glob("theory*.md")):
            for found in FIGURE.finditer(page.read_text(encoding="utf-8")):
                shown.add(found["file"])
                given = dict(OPTION.findall(found["body"]))
                missing = [name for name in OPTIONS if name not in given]
                if not OPTION.sub("", found["body"]).strip():
                    missing.append("caption")
                if missing:
                    file = str(page.relative_to(root))
                    yield file, f"the figure {found['file']} has no {', '.join(missing)}"
        yield from _picture_faults(folder, root, shown)


def _picture_faults(folder: Path, root: Path, shown: set[str]) -> Iterator[Fault]:
    for path in sorted(folder.glob("picture*.svg")):
        file = str(path.relative_to(root))
        if path.name not in shown:
            yield file, "no theory page shows this picture"
        size = SIZE.search(path.read_text(encoding="utf-8"))
        if size is None or float(size[1]) > WIDEST:
            yield file, f"a picture says how wide it is, at most {WIDEST / 72} inches"


if __name__ == "__main__":
    for slug in sys.argv[1:]:
        for path in write(ROOT / "chapters" / slug):
            print(path.relative_to(ROOT))
