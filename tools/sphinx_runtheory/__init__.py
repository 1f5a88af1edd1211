"""The book's own Sphinx extension: claims on pages, launch buttons, files served by the site."""

from __future__ import annotations

from sphinx.application import Sphinx

from tools.sphinx_runtheory import assets, buttons, claims


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension with Sphinx."""
    buttons.setup(app)
    assets.setup(app)
    claims.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
