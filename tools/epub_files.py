"""The files of an e-book beside its formulas: heads, drawings, the list of files, their order."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Collection, Mapping

STYLE = "ebook.css"
KEPT_STYLES = ("_static/pygments.css", f"_static/{STYLE}")
UNUSED = (".js", ".map", ".doctree", ".pickle", ".woff", ".woff2", ".ttf", ".eot", ".otf")
LINK = re.compile(r'\s*<link rel="(?:stylesheet|icon|shortcut icon)"[^>]*/>')
TWICE = re.compile(r' id="proof(?:-content)?"')
PAGE_LINK = re.compile(
    r'<a [^>]*?href="(?P<href>[^":#]+\.xhtml)(?:#[^"]*)?"[^>]*>(?P<words>.*?)</a>', re.S
)
BOX = re.compile(r'(<a class="box [^>]*>)(.*?)</a>', re.S)
WORDS = re.compile(r"<text[^>]*>(.*?)</text>", re.S)
ITEM = re.compile(r'\s*<item (?=[^>]*?href="(?P<href>[^"]+)")(?=[^>]*?id="(?P<id>[^"]+)")[^>]*/>')
SPINE = re.compile(r"(<spine[^>]*>).*?(\s*</spine>)", re.S)
IDENTIFIER = re.compile(r"<dc:identifier[^>]*>(.*?)</dc:identifier>")
CONTENTS = re.compile(r'<a href="([^"#]+)')


def is_kept(name: str) -> bool:
    """Tell whether a file of the site's kind belongs into an e-book."""
    return not name.endswith(UNUSED) and (not name.endswith(".css") or name in KEPT_STYLES)


def page_of(name: str, page: str, kept: Collection[str]) -> str:
    """Return a page with the e-book's styles, ids once each, and drawings that stand alone.

    A link to a page that is not among the files ``kept`` is its words alone.
    """
    up = "../" * name.count("/")
    styles = "".join(f'\n<link rel="stylesheet" href="{up}{one}" />' for one in KEPT_STYLES)
    page = LINK.sub("", page).replace("</head>", f"{styles}\n</head>", 1)
    page = TWICE.sub("", page).replace("book/../", "")

    def linked(found: re.Match[str]) -> str:
        return found[0] if _target(name, found["href"]) in kept else found["words"]

    page = PAGE_LINK.sub(linked, page)
    page = re.sub(r"<svg (?![^>]*xmlns=)", '<svg xmlns="http://www.w3.org/2000/svg" ', page)
    return BOX.sub(_named, page)


def _target(name: str, href: str) -> str:
    """Return the file that a page's link leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), html.unescape(href)))


def _named(found: re.Match[str]) -> str:
    """Give the link of a drawing its words as title."""
    return f"{found[1]}<title>{' '.join(WORDS.findall(found[2]))}</title>{found[2]}</a>"


def drawing_of(drawing: str) -> str:
    """Return an SVG file without what lies elsewhere, its empty signs with an empty path."""
    drawing = re.sub(r"<!DOCTYPE[^>]*>\s*", "", drawing)
    return re.sub(r"<path (?![^>]*\bd=)", '<path d="M0 0" ', drawing)


def package_of(package: str, pages: Mapping[str, str], kept: Collection[str], nav: str) -> str:
    """Return the list of files: those that are there, what pages hold, pages in reading order."""
    ids: dict[str, str] = {}

    def one(found: re.Match[str]) -> str:
        name = html.unescape(found["href"])
        if name not in kept:
            return ""
        ids[name] = found["id"]
        page = pages.get(name, "")
        held = [word for word, mark in (("mathml", "<math"), ("svg", "<svg")) if mark in page]
        if not held or "properties=" in found[0]:
            return found[0]
        return re.sub(r" ?/>$", f' properties="{" ".join(held)}" />', found[0])

    package = ITEM.sub(one, package)
    style = f'\n    <item id="ebook-style" href="{KEPT_STYLES[1]}" media-type="text/css" />'
    package = package.replace("\n  </manifest>", f"{style}\n  </manifest>", 1)
    listed = [name for name in CONTENTS.findall(nav) if name in pages]
    order = dict.fromkeys([*listed, *(name for name in pages if name != "nav.xhtml")])
    refs = "".join(f'\n    <itemref idref="{ids[name]}" />' for name in order if name in ids)
    return SPINE.sub(lambda found: found[1] + refs + found[2], package)


def contents_of(contents: str, package: str) -> str:
    """Return the older table of contents under the identifier that the package has."""
    contents = contents.replace("book/../", "")
    identifier = IDENTIFIER.search(package)
    if identifier is None:
        return contents
    return re.sub(r'(name="dtb:uid" content=")[^"]*', rf"\g<1>{identifier[1]}", contents)
