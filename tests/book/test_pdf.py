"""The printed book, as far as it can be looked at without TeX: what TeX is given and what it says.

The PDF itself is made by `make pdf` alone: its programs are no part of the test environment.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from runtheory.exercises import MIME as EXERCISE
from runtheory.outcome import MIME as CLAIM
from tests.book import tiny_book
from tests.book.tiny_texts import OF_TWO
from tools import notebooks, pdf
from tools.sphinx_runtheory import printed
from tools.widgets import VIEW

RECORD = tiny_book.record(OF_TWO[0], measured_text="0.4_9* (5 cases)")


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
    assert claim.data["text/markdown"] == (
        "> ✓ **holds** `two/variance` (law)\\\n> The variance falls.\\\n"
        r"> measured 0\.4\_9\* \(5 cases\); expected 0\.5; tolerance 1e\-9; "
        "twin refused by 7 tolerances\n"
    )
    assert exercise.data["text/markdown"] == r"✗ not yet: a\_b\_c"


def test_a_slider_becomes_its_first_frame() -> None:
    notebook = lab()
    frame = output(**{VIEW: {"model_id": "1"}, "image/png": "AAAA", "text/plain": "Stack"})
    notebook.cells[2].outputs = [frame]
    result = printed.for_print(notebook)
    assert set(result.cells[1].outputs[0].data) == {"image/png", "text/plain"}
    assert texts(result)[2] == printed.SLIDER


def in_order(text: str, *parts: str) -> bool:
    """Tell whether the parts follow one another in ``text``, each after the end of the last."""
    return re.search(".*?".join(map(re.escape, parts)), text, re.S) is not None


def test_one_document_in_the_order_of_the_table_of_contents(book: Path) -> None:
    slider = output(**{"text/html": "<noscript><img></noscript>", "text/plain": "<HTML object>"})
    lab = book / "chapters" / "one" / "lab_one.ipynb"
    tiny_book.edit(lab, lambda notebook: notebook.cells[2].outputs.append(slider))
    done = tiny_book.build(book, "--builder", "latex")
    assert done.returncode == 0, done.stdout + done.stderr
    tex = (book / "_build" / "latex" / f"{pdf.NAME}.tex").read_text(encoding="utf-8")
    pages: tuple[str, ...] = (r"\frontmatter", r"\chapter{About this book}", r"\section{For whom}")
    pages += (r"\chapter{How}", r"\mainmatter", r"\chapter{The core}", r"\chapter{The mean}")
    pages += (r"\section{Lab: means}", r"\chapter{Noise}", r"\section{A paper’s idea}")
    assert in_order(tex, r"\release{", *pages, r"\backmatter", r"\chapter{Claims}")
    label = r"\label{chapters/one/theory:thm-one}"
    proof = (r"\begin{runtheoryproof}", "Plain, by", r"\end{runtheoryproof}")
    assert in_order(tex, r"\phantomsection", label, "Theorem 1 (Half)", *proof)
    assert r"\label{\detokenize{book/claims/core:claim-one-law}}" in tex
    assert r"\label{\detokenize{book/claims/noise:claim-known_paper-idea}}" in tex
    assert in_order(tex, "Noise < signal", "builds on", "The mean", r"\chapter{How}")
    assert "svg" not in tex
    assert "HTML object" not in tex
    assert "find_spec" not in tex
    assert (book / "_build" / "latex" / "runtheory.sty").is_file()


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


def test_the_map_of_ideas_has_words_for_those_who_do_not_see_it() -> None:
    drawing = (notebooks.ROOT / "chapters" / "interplay" / "map.svg").read_text(encoding="utf-8")
    assert "<title" in drawing
    assert "<desc" in drawing
    assert not re.search(r"href|url\(http|@import|<script", drawing)
