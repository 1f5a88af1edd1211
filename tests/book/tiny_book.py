"""A tiny book without fault, which tests break on purpose or build into a site.

It has a technique of the long form (``one``), one of the short form (``two``), a demo
(``known_paper``) and a part that holds nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from runtheory.exercises import MIME as EXERCISE
from runtheory.ledger import Claim
from runtheory.outcome import MIME as CLAIM
from runtheory.outcome import STATED
from tests.book.tiny_texts import DEMO, FILES, LAW, OF_DEMO, OF_TWO, PAGES, PROVED, QUIZ, SUM, TABLE
from tools import lists, notebooks
from tools.cards import read_shelf
from tools.exercises import reader_notebook, with_checked_outputs
from tools.forms import SECTIONS
from tools.widgets import VIEW

Edit = Callable[[NotebookNode], None]

ANSWER = "def double(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION"
RUN = {"device": "cpu", "threads": 1, "seconds": 2, "processor_seconds": 1.5}
PNG = (  # one grey pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg=="
)


def write(root: Path) -> Path:
    """Write the book into the folder ``root`` and return it."""
    texts = {f"{name}.md": text for name, text in PAGES.items()} | FILES
    texts["chapters/two/theory.md"] = short_theory()
    texts["chapters/one/claims.toml"] = ledger(LAW, TABLE, SUM)
    texts["chapters/two/claims.toml"] = ledger(*OF_TWO)
    texts["demos/known_paper.toml"] = DEMO + ledger(*OF_DEMO)
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    made = {
        "chapters/one/lab_one": lab("Lab: means", LAW, TABLE, SUM),
        "chapters/two/lab": lab("Lab 1: noise", *OF_TWO),
        "demos/known_paper": lab("A paper's idea", *OF_DEMO),
    }
    for slug in ("one", "two"):
        made |= {f"chapters/{slug}/solutions": solved(), f"chapters/{slug}/exercises": reader()}
    for name, notebook in made.items():
        notebooks.write(notebook, root / f"{name}.ipynb")
    configure(root)
    lists.write(read_shelf(root))
    return root


def short_theory(words: int = 640) -> str:
    """Return a theory page of the short form with some ``words`` of prose."""
    prose = "word " * (words // (len(SECTIONS) - 1))
    sections = {name: f"## {name}\n\n{prose}\n\n" for name in SECTIONS[:-1]}
    sections["What can be proved"] += f"{PROVED}\n"
    return "# Noise < signal\n\n```{objectives}\n```\n\n" + "".join(sections.values()) + QUIZ


def ledger(*claims: Claim) -> str:
    """Return the entries of a ledger."""
    entries = []
    for claim in claims:
        fields = {name: value for name, value in asdict(claim).items() if value not in ("", False)}
        lines = (f"{name} = {json.dumps(value)}" for name, value in fields.items())
        entries.append("\n".join(["[[claim]]", *lines]))
    return "\n" + "\n\n".join(entries) + "\n"


def record(claim: Claim, **changes: object) -> dict[str, object]:
    """Return what a notebook stores of a claim, with an invented measurement."""
    effect = claim.kind == "effect"
    more = {"levels": "2.5 against 2.4", "seen from": "0.3 on"} if effect else {}
    more |= {"twin": "refused by 7 tolerances"} if claim.twin else {}
    return {
        **{name: getattr(claim, name) for name in STATED},
        "measured": -0.123456,
        "measured_text": "-0.123456 (the tightest of 3 cases)",
        "expected_text": "0.5",
        "tolerance_text": "1e-9",
        "interval": [-0.5, 1.25] if effect else None,
        "verdict": claim.verdict,
        "expected_verdict": claim.verdict,
        "more": more,
        **changes,
    }


def shown(**data: object) -> NotebookNode:
    """Return an output; ``claim``, ``exercise``, ``png`` and ``view`` stand for their types."""
    kinds = {"claim": CLAIM, "png": "image/png", "view": VIEW, "exercise": EXERCISE}
    bundle = {kinds.get(name, name): value for name, value in data.items()}
    return nbformat.v4.new_output("display_data", data={"text/plain": "x", **bundle})


def stored(cells: Sequence[NotebookNode]) -> NotebookNode:
    """Return a notebook as if it had been run and stored."""
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    notebook = notebooks.with_install_cell(notebook, "")
    notebook.metadata |= {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    return refreshed(notebook)


def refreshed(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook as if it had been run again with the outputs that it has."""
    for count, (_, cell) in enumerate(notebooks.code_cells(notebook), start=1):
        cell.execution_count = count
    notebook.metadata["runtheory"] = {"digest": notebooks.digest(notebook), **RUN}
    return notebook


def lab(title: str, *claims: Claim) -> NotebookNode:
    """Return a lab: title, install cell, a cell that checks all claims, a figure."""
    figure = nbformat.v4.new_code_cell("draw()", outputs=[shown(png=PNG)])
    figure.metadata["mystnb"] = {"image": {"alt": "a line"}}
    outputs = [shown(claim=record(claim)) for claim in claims]
    for output in outputs:
        output.data["text/html"] = "<p>x</p>"
    check = nbformat.v4.new_code_cell("claims.check('law')", outputs=outputs)
    return stored([nbformat.v4.new_markdown_cell(f"# {title}\n\nText $x$."), check, figure])


def solved(*, right: bool = True) -> NotebookNode:
    """Return a solved exercise; ``right`` says what its check has stored."""
    answer = nbformat.v4.new_code_cell(ANSWER)
    answer.metadata["tags"] = ["solution"]
    outputs = [shown(exercise={"name": "double", "right": right})]
    test = nbformat.v4.new_code_cell("exercises.check('double')", outputs=outputs)
    return with_checked_outputs(
        stored(
            [
                nbformat.v4.new_markdown_cell(
                    "# Try\n\n## 1. Double it\n\n*Level: first steps, 5 minutes.* Return it twice."
                ),
                answer,
                test,
            ]
        )
    )


def reader(*, right: bool = False) -> NotebookNode:
    """Return the reader's version of :func:`solved`."""
    notebook = notebooks.with_install_cell(reader_notebook(solved()), "")
    notebook.metadata |= {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    outputs = [shown(exercise={"name": "double", "right": right})]
    [cell for _, cell in notebooks.code_cells(notebook)][-1]["outputs"] = outputs
    return refreshed(notebook)


def edit(path: Path, change: Edit, *, rerun: bool = True) -> None:
    """Change the notebook at ``path``, as if it had then been run or not."""
    notebook = notebooks.read(path)
    change(notebook)
    path.write_text(nbformat.writes(refreshed(notebook) if rerun else notebook), encoding="utf-8")


def replace(path: Path, old: str, new: str) -> None:
    """Put ``new`` in the place of ``old`` in the file at ``path``, which must hold it once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def configure(root: Path, address: str = "", *extensions: str) -> None:
    """Write the settings of the real book, with another address and extensions beside the book."""
    config = yaml.safe_load((notebooks.ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = address
    places = dict.fromkeys(extensions, str(root))
    config["sphinx"]["local_extensions"] = {"tools.sphinx_runtheory": str(notebooks.ROOT), **places}
    config["sphinx"]["config"]["extensions"] = [
        *extensions,
        *config["sphinx"]["config"]["extensions"],
    ]
    (root / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")


def build(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build the book at ``root`` as ``make book`` does; a warning is an error."""
    shutil.copytree(notebooks.ROOT / "book" / "theme", root / "book" / "theme", dirs_exist_ok=True)
    program = str(Path(sys.executable).parent / "jupyter-book")
    command = [program, "build", str(root), *options, "--all", "-n", "-W", "--keep-going"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def page(root: Path, name: str) -> str:
    """Return a built page."""
    return (root / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")
