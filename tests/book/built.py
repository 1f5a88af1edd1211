"""A tiny book that was built: its pages, its links, and what the build opened."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

from tests.book import tiny_book
from tests.book.tiny_book import page
from tests.book.tiny_texts import LAW

ADDRESS = "https://github.com/owner/name"
COUNTING = """
import json, os, sys
from collections import Counter
from pathlib import Path

from tools.sphinx_runtheory import shelf

OPENED, CALLED = Counter(), Counter()

def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
        OPENED[os.path.realpath(arguments[0])] += 1

def counted(name):
    original = getattr(shelf, name)
    def call(root):
        CALLED[name] += 1
        return original(root)
    setattr(shelf, name, call)

def write(app, exception):
    (Path(app.srcdir) / "counts.json").write_text(json.dumps([OPENED, CALLED]))

def setup(app):
    sys.addaudithook(hook)
    counted("read_ledgers")
    counted("read_shelf")
    app.connect("build-finished", write)
"""
EXTRA = [replace(LAW, id=f"one/more-{number}") for number in range(40)]


@dataclass(frozen=True)
class Built:
    """A book that was built: its folder, and what the build printed."""

    root: Path
    done: subprocess.CompletedProcess[str]

    def page(self, name: str) -> str:
        return page(self.root, name)

    def text(self, name: str) -> str:
        """Return what a reader reads of a page's own part, with one space between words."""
        reader = Reader()
        article = re.search(r"<article.*</article>", self.page(name), re.S)[0]
        reader.feed(article.replace("<wbr>", ""))  # where a word may break, no space
        return " ".join(" ".join(reader.parts).split())

    @property
    def said(self) -> str:
        return self.done.stdout + self.done.stderr


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def counting(root: Path, address: str = "") -> None:
    (root / "counting.py").write_text(COUNTING)
    tiny_book.configure(root, address, "counting")
