"""What keeps readers out of a page: axe-core's rules of WCAG 2.2, levels A and AA, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RULES = {
    "label-content-name-mismatch": {"enabled": True},  # level A; axe asks for it to be turned on
    "target-size": {"enabled": True},
}
# MathJax's elements, tens of thousands on a page, are its own affair and left out. A page is looked
# at from its top: a target that the header covers while it scrolls is no fault.
RUN = """async ([tags, rules]) => {
  window.scrollTo({ top: 0, behavior: "instant" });
  const only = { type: "tag", values: tags };
  const options = { runOnly: only, rules, resultTypes: ["violations"] };
  const found = await axe.run({ exclude: ["mjx-container"] }, options);
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(node => [id, help, node.target.join(" "), node.html]));
}"""
CONTRAST = """async () => {
  const found = await axe.run({ exclude: ["mjx-container"] }, {
    runOnly: ["color-contrast"], resultTypes: ["violations"] });
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(node => [id, help, node.target.join(" "), node.html]));
}"""
# Colours that change slowly are read when they have changed.
AT_ONCE = "*, *::before, *::after { transition: none !important; }"
PAINT = "theme => { document.documentElement.dataset.theme = theme; }"


@cache
def programme() -> str:
    """Return the source of axe-core, out of the package that carries it."""
    folder = Path(axe_playwright_python.__file__).parent
    return (folder / "axe.min.js").read_text(encoding="utf-8")


def faults(page: Page) -> list[str]:
    """Return what breaks a rule on the open ``page``, a sentence for each element."""
    page.evaluate(programme())
    return list(_sentences(page.evaluate(RUN, [list(STANDARDS), RULES])))


def contrast_faults(page: Page, *, theme: str) -> list[str]:
    """Return text of the open ``page`` that is too faint in ``theme``; its own comes back."""
    before = page.evaluate("document.documentElement.dataset.theme")
    page.evaluate(programme())
    page.add_style_tag(content=AT_ONCE)
    page.evaluate(PAINT, theme)
    try:
        return list(_sentences(page.evaluate(CONTRAST)))
    finally:
        page.evaluate(PAINT, before)


def _sentences(found: list[list[str]]) -> Iterator[str]:
    for rule, text, target, element in found:
        yield f"{rule}: {text}: {target}: {element[:120]}"
