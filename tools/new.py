"""Lay the skeleton of a technique: ``python -m tools.new SLUG PART``, or ``make new``.

Every line that its author has to write says TO WRITE; ``make check`` names them one by one.
"""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools import lists, notebooks
from tools.cards import Part, Shelf, read_shelf
from tools.notebooks import ROOT
from tools.quizzes import HEADING

CARD = """title     = "{title}"
part      = "{part}"
order     = {order}
question  = "TO WRITE: one question in plain words"
idea      = "TO WRITE: the idea in two sentences that a friend would understand"
papers    = []
sources   = []
builds_on = []
code      = "{code}"

[teach]
minutes       = 45
board         = "TO WRITE: what is proved at the board"
projector     = "lab"
misconception = "TO WRITE: one wrong belief that a claim of this page refutes"
prediction    = "TO WRITE: what everybody writes down before the lab"
probe         = ["TO WRITE: two questions that show whether it was understood"]
refuted_by    = "" # the claim that refutes the belief
objectives    = [] # [["what a reader can do after this page", 1], ...], 1 being an exercise

[letters]
"""
ABOUT = {
    "The question": "the question in plain words, and a picture",
    "By hand": "one worked example with small numbers",
    "The method": "the method exactly; what could not be read is said so",
    "What can be proved": "one to three numbered statements with complete proofs",
    "What the paper claims, and what we can show": "claim by claim, what we show of it",
    "What could be wrong": "where our evidence may mislead",
    "Take-away": "three lines",
}
QUIZ = "# TO WRITE: three questions at least, half of them about what people get wrong"
CREDIT = '''"""The exercises, changed for credit: ``tools/credit.py`` says how.

TO WRITE: a function for each answer of the solved notebook, under its name.
"""
'''
LAB = (
    "# Lab: {title}\n\nTO WRITE: what the lab asks and what it shows",
    "## Before you run it\n\nTO WRITE: a prediction that the reader writes down",
    "## What we found\n\nTO WRITE: the verdicts, and what to try next",
)
SOLVED = (
    "# Exercises: {title}\n\nTO WRITE: one or two exercises, each with its level and minutes",
)
MODULE = '''"""TO WRITE: what this module computes, in one sentence."""
'''
TEST = '''"""TO WRITE: a property over random inputs, a loop from the equation, a closed form."""
'''
PART = """# {caption}

TO WRITE: the story of the part

```{{techniques}} {key}
```
"""
CLAIMS = """# Claims: {caption}

What the words mean is said on the page [Claims](../claims.md).

```{{claims}} {key}
```
"""


def lay(slug: str, key: str, code: str = "", *, root: Path = ROOT) -> list[Path]:
    """Write the files of a new technique and return them.

    ``code`` names a module that exists already; then no module and no test are laid.

    Raises
    ------
    ValueError
        If the slug is no plain lower-case name or is taken, if there is no such part or code, or
        if the lists cannot be written; nothing is written then.
    """
    shelf = read_shelf(root)
    part = _checked(slug, key, shelf)
    lists.expected(shelf)  # raises before anything is written
    title = slug.replace("_", " ").capitalize()
    order = max((card.order for card in shelf.of_part(part)), default=0) // 10 * 10 + 10
    names = {"title": title, "part": key, "order": order, "code": code or f"runtheory.{key}.{slug}"}
    folder = root / "chapters" / slug
    texts = {
        folder / "chapter.toml": CARD.format(**names),
        folder / "claims.toml": "",
        folder / "quiz.toml": f"{QUIZ}\n",
        folder / "credit.py": CREDIT,
        folder / "theory.md": _theory(title),
    }
    shared = {
        root / f"{lists.part_page(key)}.md": PART.format(caption=part.caption, key=key),
        root / f"{lists.claims_page(key)}.md": CLAIMS.format(caption=part.caption, key=key),
    }
    if not code:
        texts[root / "src" / "runtheory" / key / f"{slug}.py"] = MODULE
        texts[root / "tests" / key / f"test_{slug}.py"] = TEST
        package = root / "src" / "runtheory" / key / "__init__.py"
        shared[package] = f'"""{part.caption}."""\n'
    else:
        _check_code(code, root)
    if there := [path for path in texts if path.exists()]:
        raise ValueError(f"{there[0].relative_to(root)} is there already: name it as the code")
    texts |= {path: text for path, text in shared.items() if not path.exists()}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    written = [*texts, *_notebooks(folder, title, notebooks.address(root))]
    changed = lists.write(read_shelf(root))
    return [*written, *(root / name for name in changed)]


def _checked(slug: str, key: str, shelf: Shelf) -> Part:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", slug) or keyword.iskeyword(slug):
        raise ValueError(f"a slug is words in lower case joined by _, got {slug!r}")
    taken = {card.slug for card in shelf.cards} | {demo.slug for demo in shelf.demos}
    if slug in taken or (shelf.root / "chapters" / slug).exists():
        raise ValueError(f"the slug {slug!r} is taken")
    parts = {part.key: part for part in shelf.parts}
    if key not in parts:
        raise ValueError(f"there is no part {key!r}; there are {', '.join(parts)}")
    return parts[key]


def _check_code(code: str, root: Path) -> None:
    module = root.joinpath("src", *code.split("."))
    if not (module / "__init__.py").exists() and not module.with_suffix(".py").exists():
        raise ValueError(f"there is no module {code!r}")


def _theory(title: str) -> str:
    sections = (f"## {name}\n\nTO WRITE: {words}\n" for name, words in ABOUT.items())
    last = f"## {HEADING}\n\n```{{quiz}}\n```\n"
    return "\n".join([f"# {title}\n\n```{{objectives}}\n```\n", *sections, last])


def _notebooks(folder: Path, title: str, repository: str) -> list[Path]:
    made = []
    for name, texts in (("lab", LAB), ("solutions", SOLVED)):
        path = folder / f"{name}.ipynb"
        notebooks.write(_skeleton([text.format(title=title) for text in texts], repository), path)
        made.append(path)
    return made


def _skeleton(texts: list[str], repository: str) -> NotebookNode:
    cells = [nbformat.v4.new_markdown_cell(text, id=f"text-{i}") for i, text in enumerate(texts)]
    metadata = {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    made = nbformat.v4.new_notebook(cells=cells, metadata=metadata, nbformat_minor=5)
    made = notebooks.with_install_cell(made, repository)
    for _, cell in notebooks.code_cells(made):
        cell.execution_count = 1  # the install cell alone, which puts out nothing
    made.metadata["runtheory"] = {"digest": notebooks.digest(made)}
    return made


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; the exit status tells whether it could be done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("slug")
    parser.add_argument("part")
    parser.add_argument("code", nargs="?", default="", help="a module that is there already")
    options = parser.parse_args(arguments)
    try:
        for path in lay(options.slug, options.part, options.code):
            print(path.relative_to(ROOT))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("now `make check` names what is to be written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
