"""Every page of the site, finished: what its head tells, what the theme lacks, and the 404 page.

A search engine and a shared link read the description and the picture; a reader who mistypes an
address reads ``404.html``.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docutils import nodes
from sphinx.application import Sphinx

from tools.sphinx_runtheory.light import fewer_comments, fewer_icons, smaller_pictures
from tools.sphinx_runtheory.repairs import repaired

LETTERS = 160  # what a list of search results shows of a description
APART = ("cost", "page-header")
PICTURE = "_static/first_page.png"
PICTURE_TEXT = "The first page of Runnable Theory"
MISSING = """<!doctype html>
<html lang="en-GB">
<head><meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="robots" content="noindex" /><title>No such page: {title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.5 system-ui, sans-serif; }}
main {{ max-width: 36rem; margin: 4rem auto; padding-inline: 0.5rem; }}
</style></head>
<body><main><h1>There is no such page</h1>
<p>It may have moved: chapters are called by their subject.</p>
<ul><li><a href="{base}index.html">{title}, from the front</a></li>
<li><a href="{base}search.html">Search the book</a></li></ul></main></body></html>
"""


def description_of(page: nodes.document) -> str:
    """Return the first sentences of a page's prose, at most as long as a search engine shows."""
    for paragraph in page.findall(nodes.paragraph):
        inside = isinstance(paragraph.parent, nodes.section)
        if inside and not set(APART) & set(paragraph["classes"]) and _is_prose(paragraph):
            return _cut(" ".join(paragraph.astext().split()))
    return ""


def _is_prose(paragraph: nodes.paragraph) -> bool:
    formulas = next(paragraph.findall(nodes.math), None)
    return formulas is None and len(paragraph.astext()) > 40


def _cut(text: str) -> str:
    if len(text) <= LETTERS:
        return text
    return text[: text.rfind(" ", 0, LETTERS - 1)].rstrip(",;:") + " …"


def tags_of(name: str, title: str, description: str, base: str) -> str:
    """Return the tags of a page's head, for a site at ``base`` ("": not known yet)."""
    found = [("name", "description", description)] if description else []
    found += [("property", "og:type", "article"), ("property", "og:title", title)]
    found += [("property", "og:description", description)] if description else []
    if base:
        found += [
            ("property", "og:url", f"{base}/{name}.html"),
            ("property", "og:image", f"{base}/{PICTURE}"),
            ("property", "og:image:alt", PICTURE_TEXT),
            ("name", "twitter:card", "summary_large_image"),
        ]
    return "".join(
        f'\n    <meta {kind}="{key}" content="{html.escape(text)}" />' for kind, key, text in found
    )


def _tell(app: Sphinx, name: str, _: str, *rest: Any) -> None:
    context, page = rest
    shown = str(context.get("title") or app.config.html_title)
    title = html.unescape(re.sub(r"<[^>]+>", "", shown))
    description = description_of(page) if isinstance(page, nodes.document) else ""
    context["metatags"] = context.get("metatags", "") + tags_of(
        name, title, description, str(app.config.html_baseurl).rstrip("/")
    )


def sitemap(names: list[str], base: str) -> str:
    """Return a sitemap of the pages ``names`` of the site at ``base``."""
    rows = "".join(f"<url><loc>{escape(f'{base}/{name}.html')}</loc></url>\n" for name in names)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )


def _finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    out, base = Path(app.outdir), str(app.config.html_baseurl).rstrip("/")
    smaller_pictures(out)
    for path in sorted(out.rglob("*.html")):
        if "_static" not in path.parts:
            text = path.read_text(encoding="utf-8")
            path.write_text(repaired(text, path), encoding="utf-8")
    fewer_icons(out)
    fewer_comments(out)
    title = html.escape(app.config.html_title)
    missing = MISSING.format(title=title, base=f"{base}/" if base else "")
    (out / "404.html").write_text(missing, encoding="utf-8")
    if base:
        names = sorted(app.env.found_docs)
        (out / "sitemap.xml").write_text(sitemap(names, base), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Fill each head as it is written, and finish the pages once all are there."""
    app.connect("html-page-context", _tell, priority=600)
    app.connect("build-finished", _finish, priority=900)
