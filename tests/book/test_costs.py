"""The line under each title: what is counted, what it costs, and that the site shows it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx_proof.nodes import proof_node

from tools import links, notebooks
from tools.sphinx_runtheory import costs
from tools.sphinx_runtheory.costs import Load


def document(*parts: nodes.Node) -> nodes.document:
    page = new_document("page")
    page += nodes.section("", nodes.title("", "A title"), *parts)
    return page


def notebook(path: Path, stored: dict[str, object] | None) -> Path:
    metadata: dict[str, object] = {
        "kernelspec": notebooks.KERNEL,
        "language_info": notebooks.LANGUAGE,
    }
    if stored is not None:
        metadata["runtheory"] = stored
    cells = [nbformat.v4.new_markdown_cell("# Lab", id="title")]
    notebooks.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def test_prose_formulas_proofs_and_code_are_counted() -> None:
    sentence = nodes.paragraph("", "", nodes.Text("Well-known isn’t new: "), nodes.math("", "a+b"))
    proof = proof_node("", nodes.paragraph("", "Put it in."), nodes.math_block("", "x = y + z"))
    code = nodes.literal_block("", "one = 1\n\ntwo = 2\n")
    page = document(sentence, proof, code, nodes.comment("", "not for readers"))
    assert costs.load_of(page) == Load(words=2 + 3 + 1 + 3, formulas=1, proofs=1, lines=2)


def test_what_a_cell_put_out_is_not_read() -> None:
    output = nodes.container("", nodes.literal_block("", "1\n" * 100), classes=["cell_output"])
    assert costs.load_of(document(output)) == Load(words=2, formulas=0, proofs=0, lines=0)


@pytest.mark.parametrize(
    ("load", "minutes"),
    [
        (Load(0, 0, 0, 0), 1),
        (Load(2000, 0, 0, 0), 10),
        (Load(0, 30, 0, 0), 5),
        (Load(0, 0, 7, 0), 7),
        (Load(0, 0, 0, 80), 4),
        (Load(2000, 30, 7, 80), 26),
    ],
)
def test_minutes(load: Load, minutes: int) -> None:
    assert load.minutes == minutes


def test_a_notebook_says_how_long_it_ran_and_where(tmp_path: Path) -> None:
    stored = {"seconds": 31, "device": "cpu", "threads": 1}
    path = notebook(tmp_path / "lab.ipynb", stored)
    assert costs.cost_text(document(), path) == (
        "About 1 min to read · ran in 31 s on a CPU, one thread"
    )
    path = notebook(path, {"seconds": 3, "device": "NVIDIA H200", "threads": 8})
    assert costs.run_text(path) == "ran in 3 s on NVIDIA H200"
    path = notebook(path, {**stored, "processor_seconds": 12.4})
    assert costs.run_text(path) == "runs in 12 processor seconds on a CPU, one thread"


def test_a_notebook_that_was_never_run_and_a_page_promise_nothing(tmp_path: Path) -> None:
    path = notebook(tmp_path / "lab.ipynb", None)
    assert costs.cost_text(document(), path) == "About 1 min to read"
    assert costs.cost_text(document(), tmp_path / "theory.md") == "About 1 min to read"
    path = notebook(path, {"digest": "0"})  # a skeleton
    assert costs.cost_text(document(), path) == "About 1 min to read"


@pytest.mark.parametrize(
    ("page", "timed"),
    [
        ("book/claims", False),
        ("book/claims/noise", False),
        ("book/theorems", False),
        ("book/glossary", False),
        ("book/not_reproduced", True),
        ("book/parts/noise", True),
        ("chapters/claims/theory", True),
    ],
)
def test_pages_that_are_looked_up_have_no_reading_time(page: str, timed: bool) -> None:
    assert (costs.UNTIMED.fullmatch(page) is None) is timed


def test_every_page_says_what_it_costs(site: Path) -> None:
    pages = {path.relative_to(site).with_suffix("").as_posix(): path for path in links.pages(site)}
    silent = {name for name, path in pages.items() if 'class="cost"' not in path.read_text("utf-8")}
    looked_up = {name for name in pages if costs.UNTIMED.fullmatch(name)}
    assert "book/claims/core" in looked_up
    assert silent - {"search", "index", "genindex", "404"} == looked_up
