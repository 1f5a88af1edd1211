"""The book's own Sphinx extension: cards, claims, graphs, benchmarks, buttons, served files."""

from __future__ import annotations

from sphinx.application import Sphinx

from tools.sphinx_runtheory import (
    assets,
    atlas,
    benchmarks,
    buttons,
    cards,
    citation,
    claims,
    costs,
    graphs,
    headers,
    printed,
    shelf,
)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension with Sphinx."""
    buttons.setup(app)
    assets.setup(app)
    shelf.setup(app)
    claims.setup(app)
    cards.setup(app)
    graphs.setup(app)
    atlas.setup(app)
    benchmarks.setup(app)
    citation.setup(app)
    headers.setup(app)
    costs.setup(app)
    printed.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
