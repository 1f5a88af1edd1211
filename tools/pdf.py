"""Make the book's PDF: ``python -m tools.pdf``, or ``make pdf``.

Sphinx writes LaTeX from the same pages as the site's, and XeLaTeX sets it. What would be a warning
on the site is an error here as well: a reference without target, a sign that no font has, a line
that runs into the margin.

With ``--tagged`` LuaLaTeX sets it, several times slower, and tags it for screen readers; with
``--vector`` the labs run once more and their plots are drawn as vectors.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from runtheory import durable
from tools import vectors
from tools.execute import NotebookError
from tools.notebooks import ROOT
from tools.sphinx_runtheory.paper import SVG_TO_PDF

NAME = "runnable_theory"
FOLDER = ROOT / "_build" / "pdf"
PROGRAMS = ("xelatex", "latexmk", SVG_TO_PDF)
TAGGED, TAGGED_PACKAGE = "lualatex", "texlive-luatex"
METADATA = r"\DocumentMetadata{lang=en-GB, pdfversion=1.7, testphase=phase-II}"
STYLES = ("newunicodechar.sty", "pdflscape.sty", "wrapfig.sty", "lmroman10-regular.otf")
PACKAGES = (
    "latexmk texlive-xetex texlive-latex-extra texlive-fonts-recommended "
    "lmodern fonts-dejavu librsvg2-bin"
)
POINTS = 15.0  # a line may stand out of its column by so much, five millimetres
FAULTS = re.compile(
    r"undefined on input|There were undefined|multiply.defined|Missing character: .*"
)
TOO_WIDE = re.compile(r"Overfull \\hbox \(([\d.]+)pt too wide\)[^\n]*")
TALL = 4.0  # a page may be too tall by so much, a millimetre and a half
TOO_TALL = re.compile(r"Overfull \\vbox \(([\d.]+)pt too high\)[^\n]*")
LINE = 79  # TeX breaks the lines of its log here


class PdfError(RuntimeError):
    """The PDF could not be made, or has a fault."""


def missing(*, tagged: bool = False) -> list[str]:
    """Return the programs, styles and fonts that are needed and not there."""
    needed: tuple[str, ...] = PROGRAMS
    styles: tuple[str, ...] = STYLES
    if tagged:
        needed, styles = (TAGGED, *PROGRAMS[1:]), (*STYLES, "tagpdf.sty")
    absent = [program for program in needed if shutil.which(program) is None]
    if shutil.which("kpsewhich") is None:
        return absent
    found = [(name, _output(["kpsewhich", name])) for name in styles]
    return absent + [name for name, path in found if not path]


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def log_faults(log: str) -> Iterator[str]:
    """Yield what TeX's log says that a reader would see: each fault once, in order."""
    whole = re.sub(rf"(?<=[^\n]{{{LINE}}})\n", "", log)
    seen: set[str] = set()
    for line in whole.splitlines():
        wide, tall = TOO_WIDE.search(line), TOO_TALL.search(line)
        beyond = (wide and float(wide[1]) > POINTS) or (tall and float(tall[1]) > TALL)
        if beyond or FAULTS.search(line):
            if line not in seen:
                yield line.strip()
            seen.add(line)


def write_latex() -> Path:
    """Write the book as LaTeX and return the folder; a warning is an error."""
    program = Path(sys.executable).parent / "jupyter-book"
    options = ["--builder", "latex", "--path-output", str(FOLDER), "--all", "-n", "-W"]
    done = subprocess.run([str(program), "build", str(ROOT), *options, "--keep-going"], cwd=ROOT)
    if done.returncode:
        raise PdfError("the pages could not be written as LaTeX; the lines above say why")
    return FOLDER / "_build" / "latex"


def set_pages(folder: Path, *, tagged: bool = False) -> Path:
    """Run TeX as often as the references need, and return the PDF without faults."""
    source, engine = folder / f"{NAME}.tex", "xelatex"
    if tagged:
        text, engine = source.read_text(encoding="utf-8"), TAGGED
        source.write_text(f"{METADATA}\n{text.removeprefix(METADATA)}", encoding="utf-8")
    command = ["latexmk", f"-{engine}", "-interaction=nonstopmode", "-halt-on-error", "-silent"]
    done = subprocess.run([*command, source.name], cwd=folder, capture_output=True, check=False)
    log = folder / f"{NAME}.log"
    faults = list(log_faults(log.read_text(encoding="utf-8", errors="replace")))
    if done.returncode or faults:
        raise PdfError("\n".join([f"{engine} found fault with the pages, see {log}:", *faults]))
    return folder / f"{NAME}.pdf"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the PDF; the exit status tells whether it could be made."""
    parser = argparse.ArgumentParser(prog="python -m tools.pdf", description="Make the book's PDF.")
    parser.add_argument("--tagged", action="store_true", help="tag it for screen readers; slow")
    parser.add_argument("--vector", action="store_true", help="run the labs for vector plots")
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    absent = missing(tagged=asked.tagged)
    if absent:
        print(
            f"error: the PDF needs {', '.join(absent)}; on Debian or Ubuntu install\n"
            f"  apt-get install --no-install-recommends {PACKAGES}"
            + (f" {TAGGED_PACKAGE}" if asked.tagged else ""),
            file=sys.stderr,
        )
        return 1
    try:
        if asked.vector:
            print(vectors.draw_all())
        made = set_pages(write_latex(), tagged=asked.tagged)
    except (PdfError, NotebookError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    target = FOLDER / f"{NAME}{'_tagged' if asked.tagged else ''}.pdf"
    durable.write(target, made.read_bytes())
    size, seconds = target.stat().st_size / 1e6, time.monotonic() - begun
    print(f"{target.relative_to(ROOT)}: {size:.1f} MB, {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
