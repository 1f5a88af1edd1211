"""The numbered statements of the theory pages, and on which others their proofs lean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tools.notebooks import ROOT

OPENING = re.compile(r"^(?P<fence>:{3,})\{prf:(?P<kind>\w+)\} *(?P<title>.*)$")
LABEL = re.compile(r"^:label: (\S+)$")
REFERENCE = re.compile(r"\{prf:ref\}`(?:[^`<]*<)?([\w-]+)>?`")
PROVED = ("theorem", "proposition", "lemma", "corollary")


@dataclass(frozen=True)
class Statement:
    """One numbered statement: its label, its kind, its page, and what its proof refers to."""

    label: str
    kind: str
    title: str
    slug: str
    leans_on: tuple[str, ...] = ()
    name: str = "theory"

    @property
    def page(self) -> str:
        """The page that states it, relative to the root, without ending."""
        return f"chapters/{self.slug}/{self.name}"


def statements(root: Path = ROOT) -> dict[str, Statement]:
    """Return the statements of all theory pages by their labels, page by page in order."""
    found: dict[str, Statement] = {}
    for path in theory_pages(root):
        last = ""
        for kind, title, body in blocks(path.read_text(encoding="utf-8")):
            label = next((m[1] for line in body if (m := LABEL.match(line))), "")
            if label:
                found[label] = Statement(label, kind, title, path.parent.name, name=path.stem)
            if kind in PROVED:
                last = label
            elif kind == "proof" and last:
                # A proof belongs to the last statement above it that can have one.
                own = found[last]
                named = REFERENCE.findall("\n".join(body))
                found[last] = replace(own, leans_on=tuple(dict.fromkeys((*own.leans_on, *named))))
    return {
        label: replace(one, leans_on=tuple(x for x in one.leans_on if x in found and x != label))
        for label, one in found.items()
    }


def theory_pages(root: Path = ROOT) -> list[Path]:
    """Return the theory pages of all techniques: ``theory.md``, then ``theory_<subject>.md``."""
    return sorted((root / "chapters").glob("*/theory*.md"), key=lambda path: path.with_suffix(""))


def blocks(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield kind, title and lines of each ``prf`` block of a page, in order."""
    lines = iter(text.splitlines())
    for line in lines:
        opened = OPENING.match(line)
        if opened:
            body = []
            for inner in lines:
                if inner.strip() == opened["fence"]:
                    break
                body.append(inner)
            yield opened["kind"], opened["title"].strip(), body
