"""Text of cards, ledgers and bibliography stays text: no tag, no address that runs a program."""

from __future__ import annotations

from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
SCHEMES = {"", "http", "https", "mailto"}
BREAKS = {"<br />\n", "\\\\\n"}  # how MyST writes a line break, for HTML and for LaTeX


def disarmed(parsed: list[nodes.Node]) -> list[nodes.Node]:
    """Return the nodes with raw HTML shown as the text that it is; line breaks stay."""
    place = nodes.container("", *parsed)
    for raw in list(place.findall(nodes.raw)):
        if raw.astext() in BREAKS:
            continue
        shown: nodes.Node = nodes.Text(raw.astext())
        if not isinstance(raw.parent, nodes.TextElement) and raw.parent is not place:
            shown = nodes.paragraph("", "", shown)
        raw.replace_self([shown])
    return list(place.children)


def refuse_addresses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn of each link to another kind of address, and leave its words without the link."""
    for link in list(doctree.findall(nodes.reference)):
        address = link.get("refuri", "")
        if _scheme(address) not in SCHEMES:
            LOGGER.warning("the address %r is no link to a page", address, location=docname)
            link.replace_self(nodes.inline("", "", *link.children))


def _scheme(address: str) -> str:
    # A browser drops control characters before it reads the scheme.
    plain = "".join(letter for letter in address if letter.isprintable()).strip()
    try:
        return urlsplit(plain).scheme.lower()
    except ValueError:
        return "broken"


def setup(app: Sphinx) -> None:
    """Look at every page when its links are known."""
    app.connect("doctree-resolved", refuse_addresses, priority=900)
