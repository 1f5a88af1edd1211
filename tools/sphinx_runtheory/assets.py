"""What the site serves itself: MathJax, out of the package that carries it."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

from tools.notebooks import ROOT

# Out of the Python package that carries MathJax 3: what a page loads, at once or when needed.
MATHJAX = (
    "tex-chtml.js",
    "output/chtml/fonts",
    "input/tex/extensions",
    "a11y",
    "sre/mathmaps/en.json",
)


def mathjax_folder() -> Path:
    """Return the folder of MathJax inside the installed package ``sphinx-mathjax-offline``."""
    package = metadata.distribution("sphinx-mathjax-offline")
    return Path(str(package.locate_file("sphinx-mathjax-offline/static/mathjax")))


def _copy(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        write(Path(app.outdir))


def write(site: Path) -> None:
    """Write MathJax and its licence among the files of a built site."""
    static = site / "_static"
    for name in MATHJAX:
        source, target = mathjax_folder() / name, static / "mathjax" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)
    shutil.copy2(ROOT / "LICENSES" / "Apache-2.0.txt", static / "mathjax" / "LICENSE")


def setup(app: Sphinx) -> None:
    """Copy the files once the pages are written."""
    # Jupyter Book sets this for an extension that the book does without.
    app.add_config_value("comments_config", {}, "html")
    app.connect("build-finished", _copy)
