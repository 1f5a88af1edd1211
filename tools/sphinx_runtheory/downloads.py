"""A notebook that was downloaded runs elsewhere: the site carries the package, and says how."""

from __future__ import annotations

import html
from pathlib import Path

from docutils import nodes
from hatchling.builders.wheel import WheelBuilder
from sphinx.application import Sphinx

from tools.notebooks import WHEEL

STATIC = "_static"


def install_line(prefix: str) -> str:
    """Return the line for a notebook's cell, with the wheel at ``prefix``."""
    return f'%pip install "runtheory[labs] @ {prefix}{STATIC}/{WHEEL}"'


def _insert(app: Sphinx, page: nodes.document) -> None:
    title = next(page.findall(nodes.title), None)
    if title is None or Path(app.env.doc2path(app.env.docname)).suffix != ".ipynb":
        return
    base = str(app.config.html_baseurl).rstrip("/")
    up = "../" * app.env.docname.count("/")
    shown = html.escape(install_line(f"{base}/" if base else up), quote=False)
    # The script access.js writes the address in full: it depends on where the site is read.
    line = (
        '<p class="page-header">To run a downloaded copy, put this into a cell above its first: '
        f'<code data-install="{up}{STATIC}/{WHEEL}">{shown}</code></p>'
    )
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", line, format="html"))


def build_wheel(root: Path, folder: Path) -> None:
    """Build the package at ``root`` as a wheel in ``folder``."""
    list(WheelBuilder(str(root)).build(directory=str(folder), versions=["standard"]))


def _carry(app: Sphinx, exception: Exception | None) -> None:
    root = Path(app.srcdir)
    if exception is None and app.builder.name == "html" and (root / "pyproject.toml").exists():
        build_wheel(root, Path(app.outdir) / STATIC)


def setup(app: Sphinx) -> None:
    """Write the line once a page is read, under the lines of its cost and its neighbours."""
    app.connect("doctree-read", _insert, priority=300)
    app.connect("build-finished", _carry)
