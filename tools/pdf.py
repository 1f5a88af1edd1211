"""Make the book's PDF: ``python -m tools.pdf``, or ``make pdf``.

Sphinx writes LaTeX from the same pages as the site's, and XeLaTeX sets it. What would be a warning
on the site is an error here as well: a reference without target, a sign that no font has, a line
that runs into the margin.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from runtheory import durable
from tools.notebooks import ROOT
from tools.sphinx_runtheory.printed import SVG_TO_PDF

NAME = "runnable_theory"
FOLDER = ROOT / "_build" / "pdf"
PROGRAMS = ("xelatex", "latexmk", SVG_TO_PDF)
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
LINE = 79  # TeX breaks the lines of its log here


class PdfError(RuntimeError):
    """The PDF could not be made, or has a fault."""


def missing() -> list[str]:
    """Return the programs, styles and fonts that are needed and not there."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if shutil.which("kpsewhich") is None:
        return absent
    found = [(name, _output(["kpsewhich", name])) for name in STYLES]
    return absent + [name for name, path in found if not path]


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def log_faults(log: str) -> Iterator[str]:
    """Yield what TeX's log says that a reader would see: each fault once, in order."""
    whole = re.sub(rf"(?<=[^\n]{{{LINE}}})\n", "", log)
    seen: set[str] = set()
    for line in whole.splitlines():
        wide = TOO_WIDE.search(line)
        if (wide and float(wide[1]) > POINTS) or FAULTS.search(line):
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


def set_pages(folder: Path) -> Path:
    """Run XeLaTeX as often as the references need, and return the PDF without faults."""
    command = ["latexmk", "-xelatex", "-interaction=nonstopmode", "-halt-on-error", "-silent"]
    done = subprocess.run([*command, f"{NAME}.tex"], cwd=folder, capture_output=True, check=False)
    log = folder / f"{NAME}.log"
    faults = list(log_faults(log.read_text(encoding="utf-8", errors="replace")))
    if done.returncode or faults:
        raise PdfError("\n".join([f"XeLaTeX found fault with the pages, see {log}:", *faults]))
    return folder / f"{NAME}.pdf"


def main() -> int:
    """Make the PDF; the exit status tells whether it could be made."""
    absent = missing()
    if absent:
        print(
            f"error: the PDF needs {', '.join(absent)}; on Debian or Ubuntu install\n"
            f"  apt-get install --no-install-recommends {PACKAGES}",
            file=sys.stderr,
        )
        return 1
    try:
        made = set_pages(write_latex())
    except PdfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    target = FOLDER / f"{NAME}.pdf"
    durable.write(target, made.read_bytes())
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
