"""Links between the files of a built site: every target and every anchor must be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ATTRIBUTES = {"a": "href", "img": "src", "link": "href", "script": "src", "source": "src"}


@dataclass
class Document:
    """The links of a page and the anchors that other pages may point to."""

    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    refresh: str | None = None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.document = Document()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.document.anchors |= {values[name] for name in ("id", "name") if name in values}
        link = values.get(ATTRIBUTES.get(tag, ""))
        if link is not None:
            self.document.links.append(link)
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.document.refresh = values.get("content", "").partition("=")[2].strip("'\" ")
            self.document.links.append(self.document.refresh)


def read(path: Path) -> Document:
    """Return what the page at ``path`` links to and offers."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.document


def pages(site: Path) -> list[Path]:
    """Return the pages of a built site; parts of the theme are none."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def broken(site: Path) -> Iterator[str]:
    """Yield every link inside the site whose file or anchor is missing."""
    documents = {path.resolve(): read(path) for path in pages(site)}
    for path, document in documents.items():
        for link in document.links:
            fault = _fault(link, path, site.resolve(), documents=documents)
            if fault:
                yield f"{path.relative_to(site.resolve())}: {link[:100]}: {fault}"


def _fault(link: str, page: Path, site: Path, *, documents: dict[Path, Document]) -> str | None:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = page
    if parts.path:
        base = site if parts.path.startswith("/") else page.parent
        target = (base / unquote(parts.path).lstrip("/")).resolve()
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site) or not target.is_file():
        return "no such file"
    anchor = unquote(parts.fragment)
    if anchor and target in documents and anchor not in documents[target].anchors:
        return "no such anchor"
    return None
