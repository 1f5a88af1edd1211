"""Copies of the notebooks to play with: ``python -m tools.play``, or ``make play``.

What is run and saved in ``play/`` changes no file of the book. A copy that is there is kept, so
that nobody loses work; remove it to begin afresh.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tools.notebooks import ROOT, notebook_paths

FOLDER = "play"
BESIDE = ("theory*.md", "*.svg")  # what notebooks link to


def copies(root: Path) -> list[Path]:
    """Copy every notebook that has no copy yet, with the pages it links to; return the new ones."""
    made = []
    for path in notebook_paths(root):
        for source in [path, *(one for name in BESIDE for one in sorted(path.parent.glob(name)))]:
            target = root / FOLDER / source.relative_to(root)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
                made += [target] if target.suffix == ".ipynb" else []
    return made


def main(root: Path = ROOT) -> int:
    """Make the copies and open them in JupyterLab, where that is installed."""
    made = copies(root)
    print(f"{len(made)} new copies in {FOLDER}/; what is saved there leaves the book as it is")
    if find_spec("jupyterlab") is None:
        print(f"JupyterLab is not installed: {sys.executable} -m pip install jupyterlab")
        return 1
    return subprocess.run([sys.executable, "-m", "jupyterlab", str(root / FOLDER)]).returncode


if __name__ == "__main__":
    sys.exit(main())
