"""Write the lists that must lie on disk from the cards: ``_toc.yml``, and the README's list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.cards import Card, Shelf
from tools.notebooks import title_of

TOC = "_toc.yml"
README = "README.md"
BEGIN, END = "<!-- techniques: written by make sync -->", "<!-- end of techniques -->"
HEAD = "# Written by `make sync` from book/parts.toml and the cards; `make check` compares.\n"
PLACES = ("chapters", "demos", "book")
OWN = ("book/parts", "book/claims")  # pages of parts, shown or not
ASIDE = ("solutions", "README", "slides")
CLAIMS, DEMOS, REFERENCE = "book/claims", "book/demos", "book/reference/index"
TEACH = "book/teach/index"
TEACHING = ("courses", "misconceptions", "marking", "rubric", "assistants")
# A line of a list or table that begins with a link to a technique's first page.
TYPED = re.compile(
    r"^\s*(?:[-*+|]|\d+\.)[\s*]*(?:\[[^\]]*\]\(|\{doc\}`)[^)`]*chapters/\w+/theory", re.M
)


def part_page(key: str) -> str:
    """Return the page that tells the story of a part."""
    return f"book/parts/{key}"


def claims_page(key: str) -> str:
    """Return the page with the claims of a part."""
    return f"{CLAIMS}/{key}"


def reference_pages(root: Path) -> list[str]:
    """Return the pages of the reference, one a package, in the order of their names."""
    paths = sorted((root / REFERENCE).parent.glob("*.rst"))
    return [path.relative_to(root).with_suffix("").as_posix() for path in paths]


def toc(shelf: Shelf) -> dict[str, Any]:
    """Return the table of contents as Jupyter Book reads it."""
    shown = shelf.shown_parts()
    front = _matter(shelf.front.caption, shelf.front.pages)
    for chapter in front["chapters"]:
        if chapter["file"] == TEACH:
            chapter["sections"] = [{"file": f"book/teach/{name}"} for name in TEACHING]
    parts = [front]
    for part in shown:
        opening = _with_sections(part_page(part.key), [demo.page for demo in shelf.demos_of(part)])
        chapters = [_chapter(card, shelf.root) for card in shelf.of_part(part)]
        parts.append({"caption": part.caption, "chapters": [opening, *chapters]})
    pages = [page for page in shelf.back.pages if page != DEMOS or shelf.demos]
    back = _matter(shelf.back.caption, pages)
    for chapter in back["chapters"]:
        if chapter["file"] == CLAIMS:
            chapter["sections"] = [{"file": claims_page(part.key)} for part in shown]
        if chapter["file"] == REFERENCE:
            chapter["sections"] = [{"file": page} for page in reference_pages(shelf.root)]
    return {"format": "jb-book", "root": "book/index", "parts": [*parts, back]}


def _matter(caption: str, pages: tuple[str, ...] | list[str]) -> dict[str, Any]:
    return {"caption": caption, "chapters": [{"file": page} for page in pages]}


def _with_sections(page: str, sections: list[str]) -> dict[str, Any]:
    listed = {"sections": [{"file": section} for section in sections]} if sections else {}
    return {"file": page, **listed}


def _chapter(card: Card, root: Path) -> dict[str, Any]:
    theory, *labs = card.pages
    exercises = f"{card.folder}/exercises"
    solved = (root / f"{exercises}.ipynb").exists()
    sections = [*further_theory(root, card), *labs, *([exercises] if solved else [])]
    return _with_sections(theory, sections)


def further_theory(root: Path, card: Card) -> list[str]:
    """Return the pages ``theory_<subject>.md`` of a technique, relative to the root, no endings."""
    paths = sorted((root / card.folder).glob("theory_*.md"))
    return [f"{card.folder}/{path.stem}" for path in paths]


def toc_text(shelf: Shelf) -> str:
    """Return ``_toc.yml``."""
    return HEAD + str(yaml.safe_dump(toc(shelf), sort_keys=False, width=100, allow_unicode=True))


def readme_list(shelf: Shelf) -> str:
    """Return the README's list of techniques, part by part."""
    lines: list[str] = []
    for part in shelf.shown_parts():
        lines += [f"**{part.caption}**", ""]
        for card in shelf.of_part(part):
            lines.append(f"- [{card.title}]({card.folder}/theory.md): {card.question}")
        for demo in shelf.demos_of(part):
            lines.append(f"- Demo: [{demo.title}]({demo.page}.ipynb)")
        lines.append("")
    return "\n".join(lines).rstrip()


def with_list(readme: str, shelf: Shelf) -> str:
    """Return the README's text with the list between its two marks.

    Raises
    ------
    ValueError
        If the marks are not there once each, in order.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in before + after:
        raise ValueError(f"{README} must hold the lines {BEGIN} and {END} once, in this order")
    return f"{before}{BEGIN}\n\n{readme_list(shelf)}\n\n{END}{after}"


def expected(shelf: Shelf) -> dict[str, str]:
    """Return what the two files must hold, by their names."""
    readme = (shelf.root / README).read_text(encoding="utf-8")
    return {TOC: toc_text(shelf), README: with_list(readme, shelf)}


def faults(shelf: Shelf) -> Iterator[tuple[str, str]]:
    """Yield the files that differ from what the cards make, and pages that are not there."""
    try:
        written = expected(shelf)
    except (OSError, ValueError) as error:
        yield README, str(error)
        return
    for name, text in written.items():
        path = shelf.root / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield name, "its list is not what the cards make: run `make sync`"
    for part in shelf.shown_parts():
        for page in (part_page(part.key), claims_page(part.key)):
            if not (shelf.root / f"{page}.md").exists():
                yield f"{page}.md", f"the part {part.key} is shown and has no such page"
    yield from _unlisted(shelf)
    yield from _typed(shelf.root)


def _unlisted(shelf: Shelf) -> Iterator[tuple[str, str]]:
    """Yield pages that lie where the book's do and are in no list of contents."""
    listed = set(_files(toc(shelf)))
    for path in sorted(path for folder in PLACES for path in (shelf.root / folder).rglob("*")):
        page = path.relative_to(shelf.root)
        aside = path.stem in ASIDE or any(part.startswith((".", "_")) for part in page.parts)
        shown = page.with_suffix("").as_posix() in listed or page.parent.as_posix() in OWN
        if path.suffix in (".ipynb", ".md") and not (aside or shown):
            yield page.as_posix(), "it is not in the table of contents: list it on a card"


def _files(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node[key] for key in ("file", "root") if key in node)
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _files(part)


def _typed(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the pages that list techniques by hand: two lines do, for one may be an example."""
    for path in (root / README, *sorted((root / "book").rglob("*.md"))):
        text = path.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        typed = before + rest.partition(END)[2]
        if len(TYPED.findall(typed)) > 1:
            yield str(path.relative_to(root)), "a typed list of techniques: cards make such lists"


def write(shelf: Shelf) -> list[str]:
    """Write the files that differ and return their names."""
    changed = []
    for name, text in expected(shelf).items():
        path = shelf.root / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def lab_title(root: Path, page: str) -> str:
    """Return the title of a notebook's page, without a number before a colon."""
    title = title_of(root / f"{page}.ipynb")
    first, colon, rest = title.partition(": ")
    numbered = colon and re.fullmatch(r"lab( \d+)?", first, re.I)
    return rest[:1].upper() + rest[1:] if numbered else title
