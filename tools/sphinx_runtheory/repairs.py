"""What the theme's pages need so that everyone can use them and a slow line carries them.

The theme offers no setting for these. Each repair is an edit of a finished page; together they may
be made twice, so that a build of changed pages alone is safe.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image

LANGUAGE = "en-GB"
# The theme reads its mode in a script at the end of the page; until then a page has no colours.
MODE = """<script data-cfasync="false">
    (() => {
      const mode = localStorage.getItem("mode") || "auto";
      const dark = mode === "dark" || (mode === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
      Object.assign(document.documentElement.dataset, { mode, theme: dark ? "dark" : "light" });
    })();
  </script>"""  # noqa: E501
# The settings of the documentation are read by a script that does not wait.
SCRIPT = re.compile(
    r'<script (?=[^>]*\bsrc=")(?![^>]*(?:\b(?:defer|async)\b|documentation_options))'
)
VIEWPORT = '<meta name="viewport"'
SIDEBAR = re.compile(r'(<button class="sidebar-toggle [^>]*title="([^"]*)")(?! aria-label)')
MODULE = re.compile(r'(?<=<span class="pre">)runtheory(?:\.\w+){2,}(?=</span>)')
PICTURE = re.compile(
    r'<img (?P<rest>[^>]*?src="(?P<source>[^"]*_images/[^"]+\.(?:png|svg))"[^>]*?) ?/>'
)
DESIGN = re.compile(
    r"<link [^>]*sphinx-design\.min\.css[^>]*>|<script [^>]*design-tabs\.js[^>]*></script>"
)
LENGTHS = re.compile(r'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt"')

Repair = Callable[[str], str]


def language(page: str) -> str:
    """Name the language, British English, and the size of the window once."""
    page = page.replace('<html lang="en"', f'<html lang="{LANGUAGE}"', 1)
    first, mark, rest = page.partition(VIEWPORT)
    return first + mark + re.sub(rf"\s*{VIEWPORT}[^>]*>", "", rest)


def title(page: str) -> str:
    """Call the front page by the book's name once."""
    return re.sub(r"<title>(.+?) &#8212; \1</title>", r"<title>\1</title>", page, count=1)


def icons(page: str) -> str:
    """Leave out the icons' script, which their style sheet does without, and early fonts."""
    page = re.sub(r'\s*<script src="[^"]*/fontawesome/[^"]*"></script>', "", page)
    page = re.sub(r'\s*<link rel="preload" as="font"[^>]*/fontawesome/[^>]*>', "", page)
    # A sign from a font of icons is no letter that a screen reader should say.
    return re.sub(r'<(i|span) class="(fa[srb]? [^"]*|fa-[^"]*)"(?! aria)', _HIDDEN, page)


_HIDDEN = r'<\1 class="\2" aria-hidden="true"'


def scripts(page: str) -> str:
    """Let no script of the head hold the page up."""
    head, mark, rest = page.partition("</head>")
    head = SCRIPT.sub('<script defer="defer" ', head)
    head = re.sub(
        r'<script data-cfasync="false">\s*document\.documentElement\.dataset\.mode.*?</script>',
        MODE.replace("\\", r"\\"),
        head,
        flags=re.S,
    )
    return head + mark + rest


def names(page: str) -> str:
    """Give every control a name, the one that it shows, and every part of the page a landmark."""
    page = re.sub(
        r'(<a class="[^"]*"[^>]*>)([^<]+)(</a><details[^>]*>)<summary>',
        r'\1\2\3<summary aria-label="Pages below: \2">',
        page,
    )
    page = page.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    page = page.replace('title="Search" aria-label="Search" data-bs-placement="bottom"', _SEARCH, 1)
    page = page.replace(
        '<div class="bd-sidebar-primary bd-sidebar">',
        '<div class="bd-sidebar-primary bd-sidebar" role="complementary" aria-label="The book">',
    )
    page = page.replace('<nav class="bd-toc-nav page-toc">', _ON_PAGE)
    return SIDEBAR.sub(r'\1 aria-label="\2"', page)


_SEARCH = 'title="Search" data-bs-placement="bottom"'
_ON_PAGE = '<nav class="bd-toc-nav page-toc" aria-label="On this page">'


def roles(page: str) -> str:
    """Say what the entries of lists are, by roles that are not given up, and each id once."""
    page = page.replace('role="doc-biblioentry"', 'role="listitem"')
    page = re.sub(r' id="proof(?:-content)?"', "", page)
    head, mark, rest = page.partition('id="search-input"')
    return head + mark + rest.replace('id="search-input"', 'id="search-words"')


def designs(page: str) -> str:
    """Leave out the style and the script of cards and tabs where a page has none."""
    return page if re.search(r'class="[^"]*\bsd-', page) else DESIGN.sub("", page)


def modules(page: str) -> str:
    """Let a module's long name break behind its dots, where the window or the contents end."""
    return MODULE.sub(lambda found: found[0].replace(".", ".<wbr>"), page)


def pictures(page: str, file: Path) -> str:
    """Give pictures their size, load them when they come near; a bitmap leads to itself."""

    def one(found: re.Match[str]) -> str:
        before = page[: found.start()].rstrip()
        if 'loading="' in found["rest"] or before.endswith(('class="larger">', "image-reference")):
            return found[0]
        size = "" if ' width="' in found["rest"] else _size(file, found["source"])
        image_tag = f'<img {found["rest"].strip()}{size} loading="lazy" decoding="async" />'
        linked = page.rfind("<a ", 0, found.start()) > page.rfind("</a>", 0, found.start())
        if linked or found["source"].endswith(".svg"):  # a drawing fills its column as it is
            return image_tag
        opening = f'<a href="{found["source"]}" title="Open the picture alone" class="larger">'
        return f"{opening}{image_tag}</a>"

    return PICTURE.sub(one, page)


def _size(file: Path, source: str) -> str:
    """Return the picture's own size as attributes, in pixels; a drawing's may be unknown."""
    path = file.parent / html.unescape(source)
    if path.suffix == ".png":
        with Image.open(path) as image:
            width, height = image.size
    else:
        lengths = LENGTHS.search(path.read_text(encoding="utf-8")[:2000])
        if lengths is None:
            return ""
        width, height = (round(float(length) * 4 / 3) for length in lengths.groups())
    return f' width="{width}" height="{height}"'


REPAIRS: tuple[Repair, ...] = (language, title, icons, scripts, names, roles, designs, modules)


def repaired(page: str, file: Path) -> str:
    """Return the text of the page at ``file`` with every repair made."""
    for repair in REPAIRS:
        page = repair(page)
    return pictures(page, file)
