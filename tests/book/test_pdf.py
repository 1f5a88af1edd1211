"""The printed book, as far as it can be looked at without TeX: what TeX is given and what it says.

The PDF itself is made by `make pdf` alone: its programs are no part of the test environment.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import NotebookNode

from runtheory.claims import MIME as CLAIM
from runtheory.exercises import MIME as EXERCISE
from tools import notebooks, pdf
from tools.sphinx_runtheory import printed
from tools.widgets import VIEW

RECORD = {
    "id": "law",
    "kind": "law",
    "statement": "The mean of $X$ is one half.",
    "measured_text": "0.4_9* (5 cases)",
    "expected_text": "0.5",
    "tolerance_text": "5.0 standard errors",
    "measured": 0.49,
    "verdict": "holds",
}
TOC = {
    "format": "jb-book",
    "root": "book/index",
    "parts": [
        {"caption": "Front", "chapters": [{"file": "book/how"}]},
        {
            "caption": "Chapters",
            "chapters": [
                {
                    "file": "chapters/01_one/theory",
                    "sections": [{"file": "chapters/01_one/lab_one"}],
                }
            ],
        },
        {"caption": "Back", "chapters": [{"file": "book/claims"}]},
    ],
}
THEORY = """# One: theory

:::{prf:theorem} Half
:label: thm-one

$$
a = b
$$
:::

:::{prf:proof}
Plain.
:::

By {prf:ref}`thm-one`.
"""
LEDGER = """
[[claim]]
id = "law"
statement = "The mean of $X$ is one half."
source = "thm-one"
kind = "law"
lab = "lab_one"
"""


def output(**data: object) -> NotebookNode:
    return nbformat.v4.new_output("display_data", data=data)


def lab() -> NotebookNode:
    outputs = [
        output(**{CLAIM: RECORD, "text/html": "<b>boxed</b>", "text/plain": "flat"}),
        output(**{EXERCISE: {}, "text/html": "<b>boxed</b>", "text/plain": "✗ not yet: a_b_c"}),
        output(**{"text/html": "<noscript><img></noscript>", "text/plain": "<HTML object>"}),
    ]
    cells = [
        nbformat.v4.new_markdown_cell("# Lab one", id="title"),
        nbformat.v4.new_code_cell("install()", id="install", metadata={"tags": ["install"]}),
        nbformat.v4.new_code_cell("check()", id="check", outputs=outputs, execution_count=1),
        nbformat.v4.new_markdown_cell(
            "<details><summary>Solution</summary>\n\nfour\n\n</details>", id="fold"
        ),
    ]
    metadata = {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def texts(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells]


def test_install_cells_and_folds_are_not_printed() -> None:
    given = lab()
    result = printed.for_print(given)
    assert texts(result) == ["# Lab one", "check()", "**Solution.**\n\nfour\n\n"]
    assert given == lab()


def test_verdicts_are_printed_as_text() -> None:
    claim, exercise = printed.for_print(lab()).cells[1].outputs
    assert list(claim.data) == list(exercise.data) == ["text/markdown"]
    assert "✓ **holds** `law` (law)" in claim.data["text/markdown"]
    assert "The mean of $X$ is one half." in claim.data["text/markdown"]
    assert r"measured 0\.4\_9\* \(5 cases\)" in claim.data["text/markdown"]
    assert exercise.data["text/markdown"] == r"✗ not yet: a\_b\_c"


def test_a_slider_becomes_its_first_frame() -> None:
    notebook = lab()
    frame = output(**{VIEW: {"model_id": "1"}, "image/png": "AAAA", "text/plain": "Stack"})
    notebook.cells[2].outputs = [frame]
    result = printed.for_print(notebook)
    assert set(result.cells[1].outputs[0].data) == {"image/png", "text/plain"}
    assert texts(result)[2] == printed.SLIDER


@pytest.fixture
def source(tmp_path: Path) -> Path:
    config = yaml.safe_load((notebooks.ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["local_extensions"] = {"tools.sphinx_runtheory": str(notebooks.ROOT)}
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config))
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(TOC))
    shutil.copytree(notebooks.ROOT / "book" / "theme", tmp_path / "book" / "theme")
    chapter = tmp_path / "chapters" / "01_one"
    chapter.mkdir(parents=True)
    (tmp_path / "book" / "references.bib").write_text("")
    (tmp_path / "book" / "index.md").write_text("# A book\n\nOpening.\n\n## For whom\n\nYou.\n")
    (tmp_path / "book" / "how.md").write_text("# How\n\nSo, says {prf:ref}`thm-one`.\n")
    (tmp_path / "book" / "claims.md").write_text("# Claims\n\n```{claims}\n```\n")
    (chapter / "theory.md").write_text(THEORY)
    (chapter / "claims.toml").write_text(LEDGER)
    notebooks.write(lab(), chapter / "lab_one.ipynb")
    return tmp_path


def in_order(text: str, *parts: str) -> bool:
    """Tell whether the parts follow one another in ``text``, each after the end of the last."""
    return re.search(".*?".join(map(re.escape, parts)), text, re.S) is not None


def test_one_document_in_the_order_of_the_table_of_contents(source: Path) -> None:
    program = Path(sys.executable).parent / "jupyter-book"
    options = ["--builder", "latex", "--all", "-n", "-W", "--keep-going"]
    command = [str(program), "build", str(source), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tex = (source / "_build" / "latex" / f"{pdf.NAME}.tex").read_text(encoding="utf-8")
    pages = (r"\frontmatter", r"\chapter{About this book}", r"\section{For whom}")
    pages += (r"\chapter{How}", r"\mainmatter", r"\chapter{One: theory}", r"\section{Lab one}")
    assert in_order(tex, r"\release{", *pages, r"\backmatter", r"\chapter{Claims}")
    label = r"\label{chapters/01_one/theory:thm-one}"
    proof = (r"\begin{runtheoryproof}", "Plain.", r"\end{runtheoryproof}")
    assert in_order(tex, r"\phantomsection", label, "Theorem 1 (Half)", *proof)
    assert r"\label{\detokenize{book/claims:claim-law}}" in tex
    assert "HTML object" not in tex
    assert "install()" not in tex
    assert (source / "_build" / "latex" / "runtheory.sty").is_file()


LOG = f"""Overfull \\hbox (3.1pt too wide) in paragraph at lines 1--2
Overfull \\hbox (40.5pt too wide) in paragraph at lines 3--4
LaTeX Warning: Hyper reference `{"x" * 47}
y' on page 8 undefined on input line 9.
Missing character: There is no ∮ ("222E) in font x!
Missing character: There is no ∮ ("222E) in font x!
LaTeX Warning: Label `thm' multiply defined.
LaTeX Font Info: nothing.
"""


def test_what_a_reader_would_see_is_a_fault() -> None:
    faults = list(pdf.log_faults(LOG))
    assert [fault.split()[0] for fault in faults] == ["Overfull", "LaTeX", "Missing", "LaTeX"]
    assert "40.5pt" in faults[0]
    assert "undefined on input line 9" in faults[1]


def test_missing_programs_are_named_with_their_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pdf.missing() == list(pdf.PROGRAMS)
    assert pdf.main() == 1
    told = capsys.readouterr().err
    assert "the PDF needs xelatex, latexmk, rsvg-convert" in told
    assert "texlive-xetex" in told
    assert "librsvg2-bin" in told


def test_a_fault_in_the_log_leaves_no_pdf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / f"{pdf.NAME}.log").write_text(LOG)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "latexmk").write_text("#!/bin/sh\nexit 0\n")
    (programs / "latexmk").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    with pytest.raises(pdf.PdfError, match="undefined on input line 9"):
        pdf.set_pages(tmp_path)


def test_a_drawing_has_words_for_those_who_do_not_see_it() -> None:
    drawing = (notebooks.ROOT / "book" / "theme" / "map.svg").read_text(encoding="utf-8")
    assert "<title" in drawing
    assert "<desc" in drawing
    assert not re.search(r"href|url\(http|@import|<script", drawing)
