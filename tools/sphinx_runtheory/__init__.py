"""The book's own Sphinx extension: cards, claims, graphs, reference, benchmarks, pages."""

from __future__ import annotations

from sphinx.application import Sphinx

from tools.sphinx_runtheory import (
    assets,
    atlas,
    benchmarks,
    buttons,
    captions,
    cards,
    citation,
    claims,
    costs,
    downloads,
    explorables,
    graphs,
    headers,
    markup,
    network,
    numbers,
    pages,
    paper,
    paper_index,
    printed,
    quiz,
    reference,
    search,
    shelf,
    tagged,
    teach,
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
    markup.setup(app)
    numbers.setup(app)
    captions.setup(app)
    pages.setup(app)
    costs.setup(app)
    downloads.setup(app)
    printed.setup(app)
    explorables.setup(app)
    network.setup(app)
    paper.setup(app)
    paper_index.setup(app)
    quiz.setup(app)
    reference.setup(app)
    search.setup(app)
    tagged.setup(app)
    teach.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
