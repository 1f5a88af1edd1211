"""Docstrings of the package as reStructuredText: sections, formulas, citations, links.

A docstring is written to be read as it stands. So a sign that reStructuredText would take for
markup is text here, but for ``literals``, roles, lists, the numpydoc sections and examples.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"``(?P<literal>[^`]+?)``"
    r"|\$(?P<formula>[^\s$][^$]*)\$"
    r"|:(?P<role>[a-z:]+):`(?P<target>[^`]+)`"
    r"|\[(?P<key>[a-z]+[12]\d{3}[a-z]*)(?P<what>,[^]]*)?\]"
    r"|\b(?P<label>(?:def|thm|prop|lem|cor|rare)-[a-z-]*[a-z])\b"
    r"|(?P<sign>[\\*_|`])"
)
UNDERLINE = re.compile(r"^-{3,}$")
BULLET = re.compile(r"^(?:[-*]|\d+\.) ")


@dataclass(frozen=True)
class Links:
    """What words of a docstring may lead to.

    ``find`` takes a name as it stands in the text and gives the dotted name of the definition that
    it means, or None; ``labels`` are the book's statements and ``keys`` its works.
    """

    find: Callable[[str], str | None]
    labels: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()


def as_rst(doc: str, links: Links) -> str:
    """Return a docstring as reStructuredText."""
    blocks = (list(_block(block, links)) for block in _blocks(doc.splitlines()))
    return "\n\n".join("\n".join(lines) for lines in blocks)


def inline(text: str, links: Links) -> str:
    """Return running text with its links, and with every sign that would be markup as text."""
    return TOKEN.sub(lambda found: _token(found, links), text)


def _token(found: re.Match[str], links: Links) -> str:
    if found["sign"]:
        return "\\" + found["sign"]
    if found["formula"]:
        return rf"\ :math:`{' '.join(found['formula'].split())}`\ "
    if found["key"]:
        if found["key"] not in links.keys:
            return found[0]
        what = inline(found["what"] or "", links)
        return rf"\ :cite:t:`{found['key']}`\ {what}"
    if found["label"]:
        known = found["label"] in links.labels
        return rf"\ :prf:ref:`{found['label']}`\ " if known else inline_plain(found["label"])
    named = found["literal"] or found["target"]
    home = links.find(named)
    if home is None:
        return f"``{named}``"
    return rf"\ :py:obj:`{named} <{home}>`\ "


def inline_plain(text: str) -> str:
    """Return text in which nothing is markup."""
    return re.sub(r"([\\*_|`])", r"\\\1", text)


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield what empty lines part; an indented formula in the middle is no part of its text."""
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _block(lines: list[str], links: Links) -> Iterator[str]:
    """Yield one block: a section with its body, an example, a list, or text and its formulas."""
    if len(lines) > 1 and UNDERLINE.match(lines[1]):
        yield f".. rubric:: {lines[0].strip()}"
        body = lines[2:]
        if body and body[0].lstrip().startswith(">>>"):
            yield from ("", *body)
        elif body:
            yield from ("", *_joined(body, links))
    elif lines[0].lstrip().startswith(">>>"):
        yield from lines
    elif BULLET.match(lines[0]):
        yield from _joined([re.sub(r"^\* ", "- ", line) for line in lines], links)
    else:
        for indented, part in itertools.groupby(lines, lambda line: line.startswith("  ")):
            text = list(part)
            # Joined first: a citation or a literal may run over the end of a line.
            yield from ("", "::", "", *text, "") if indented else _joined(text, links)


def _joined(lines: list[str], links: Links) -> list[str]:
    # The formula or the code that a double colon announces is marked by itself.
    text = inline("\n".join(lines), links)
    return (text[:-1] if text.endswith("::") else text).splitlines()
