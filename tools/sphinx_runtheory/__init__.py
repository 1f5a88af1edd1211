"""The book's own Sphinx extension: claims, benchmarks, launch buttons, files the site serves."""

from __future__ import annotations

from sphinx.application import Sphinx

from tools.sphinx_runtheory import (
    assets,
    benchmarks,
    buttons,
    citation,
    claims,
    costs,
    printed,
)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension with Sphinx."""
    buttons.setup(app)
    assets.setup(app)
    claims.setup(app)
    benchmarks.setup(app)
    citation.setup(app)
    costs.setup(app)
    printed.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
