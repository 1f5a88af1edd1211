"""The book's Markdown without its roles, for readers who have no links and no ledger."""

from __future__ import annotations

import re
from pathlib import Path

from tools.ledgers import Ledgers
from tools.statements import statements

ROLE = re.compile(r" ?\{(?P<role>[\w:]+)\}`(?P<text>[^`<]*)(?:<(?P<target>[^`>]*)>)?`")
LINK = re.compile(r"\[([^\]]+)\]\((?:https?:[^)\s]*|[\w./-]+\.(?:md|ipynb)(?:#[^)\s]*)?)\)")


class Plain:
    """The book's Markdown without its roles: links, citations and stored numbers become words."""

    def __init__(self, root: Path, ledgers: Ledgers) -> None:
        self.statements, self.ledgers = statements(root), ledgers

    def __call__(self, text: str) -> str:
        """Return ``text`` as plain Markdown."""
        return LINK.sub(r"\1", ROLE.sub(self._word, text)).strip()

    def _word(self, found: re.Match[str]) -> str:
        role, text = found["role"], found["text"].strip()
        before = " " if found[0].startswith(" ") else ""
        if role.startswith("cite"):
            return ""
        if role == "measured":
            claim, _, name = text.partition(":")
            return before + self.ledgers.found[claim].field(name or "measured")
        if role == "prf:ref" and text in self.statements:
            one = self.statements[text]
            return f"{before}the {one.kind} “{one.title}”"
        return before + text
