"""The printed book, as far as it can be looked at without TeX: what TeX is given and what it says.

The PDF itself is made by `make pdf` alone: its programs are no part of the test environment.
"""

from __future__ import annotations

import base64
import io
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from PIL import Image

from runtheory.exercises import MIME as EXERCISE
from runtheory.explore import MIME as EXPLORABLE
from runtheory.outcome import MIME as CLAIM
from tests.book import tiny_book
from tests.book.tiny_texts import OF_TWO
from tests.explore.pictures import stored
from tools import notebooks, pdf
from tools.sphinx_runtheory import printed

RECORD = tiny_book.record(OF_TWO[0], measured_text="0.4_9* (5 cases)")


def output(**data: object) -> NotebookNode:
    return nbformat.v4.new_output("display_data", data=data)


def lab() -> NotebookNode:
    outputs = [
        output(**{CLAIM: RECORD, "text/html": "<b>boxed</b>", "text/plain": "flat"}),
        output(**{EXERCISE: {}, "text/html": "<b>boxed</b>", "text/plain": "✗ not yet: a_b_c"}),
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
        ":::{container} runtheory-verdict holds\n"
        "✓ **holds** `two/variance` (law)\\\nThe variance falls.\\\n"
        r"measured 0\.4\_9\* \(5 cases\); expected 0\.5; tolerance 1e\-9; "
        "twin refused by 7 tolerances\n:::\n"
    )
    assert exercise.data["text/markdown"] == r"✗ not yet: a\_b\_c"


def test_exercises_are_printed_without_their_answers() -> None:
    printed_page = printed.for_print(lab(), exercises=True)
    assert [EXERCISE in output.data for output in printed_page.cells[1].outputs] == [False]
    solution = printed_page.cells[2].source
    assert solution.startswith("::::{container} runtheory-solution\n**Solution.**\n")
    assert "four" in solution


def test_code_that_the_site_folds_is_left_out_and_signs_for_tests_as_well() -> None:
    notebook = lab()
    notebook.cells[2].metadata["tags"] = ["hide-input"]
    notebook.cells[2].source = "# NBVAL_CHECK_OUTPUT\ncheck()"
    (cell,) = (cell for cell in printed.for_print(notebook).cells if cell.cell_type == "code")
    assert cell.metadata["tags"] == ["remove-input"]
    assert cell.source == "check()"


def test_what_a_recipe_says_of_itself_has_no_marks_on_paper() -> None:
    said = "After [inoue2019multi], with ``fashion-mini``; a[0] and [1, 2] stay."
    shown = "After [Inoue, 2019], with fashion-mini; a[0] and [1, 2] stay."
    assert printed.without_markup(said) == shown
    notebook = lab()
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", name="stdout", text=said)]
    (cell,) = (cell for cell in printed.for_print(notebook).cells if cell.cell_type == "code")
    assert [output.text for output in cell.outputs] == [shown]


def png(number: int, size: tuple[int, int] = (4, 3)) -> str:
    """Return a picture of one grey, as a notebook stores it."""
    made = io.BytesIO()
    Image.new("L", size, number).save(made, format="png")
    return base64.b64encode(made.getvalue()).decode()


def frames(count: int) -> dict[str, object]:
    """Return what a notebook stores of an explorable of frames with one slider."""
    slider = {"name": "M", "labels": [str(2**n) for n in range(count)], "start": 0}
    return {
        "kind": "frames",
        "title": "Figure with sliders",
        "controls": [slider],
        "pictures": [png(n) for n in range(count)],
        "texts": [f"at < {n}" for n in range(count)],
    }


def test_an_explorable_becomes_three_frames_that_say_where_its_slider_stands() -> None:
    notebook = lab()
    frame = output(**{EXPLORABLE: frames(5), "image/png": "AAAA", "text/plain": "Stack"})
    notebook.cells[2].outputs = [frame]
    result = printed.for_print(notebook)
    shown = [one.data["image/png"] for one in result.cells[1].outputs]
    assert shown == [png(0), png(2), png(4)]
    assert "frames" in result.cells[1].metadata["tags"]
    told = texts(result)[2]
    assert told.startswith("*3 frames of an explorable")
    assert "**M: 1**" in told
    assert "at \\< 4" in told


def test_wide_frames_stand_one_below_the_other() -> None:
    assert printed.Frame("M = 1", png(0, (40, 10)), "a line").wide
    assert not printed.Frame("M = 1", png(0), "a line").wide


def test_an_explorable_of_two_frames_has_two() -> None:
    assert [one.settings for one in printed.explorable_frames(frames(2))] == [
        "M: 1",
        "M: 2",
    ]


def test_an_explorable_of_numbers_is_drawn_three_times() -> None:
    first, middle, last = printed.explorable_frames(stored())
    assert first.settings == "height: 0, kind: plain"
    assert last.alt == "A parabola. height: 2, kind: double; end (m) 12"
    assert len({first.png, middle.png, last.png}) == 3
    assert Image.open(io.BytesIO(base64.b64decode(first.png))).width == 960


def in_order(text: str, *parts: str) -> bool:
    """Tell whether the parts follow one another in ``text``, each after the end of the last."""
    return re.search(".*?".join(map(re.escape, parts)), text, re.S) is not None


def test_one_document_in_the_order_of_the_table_of_contents(book: Path) -> None:
    slider = output(**{EXPLORABLE: frames(2), "image/png": png(0), "text/plain": "a figure"})
    lab = book / "chapters" / "one" / "lab_one.ipynb"
    tiny_book.edit(lab, lambda notebook: notebook.cells[2].outputs.append(slider))
    done = tiny_book.build(book, "--builder", "latex")
    assert done.returncode == 0, done.stdout + done.stderr
    tex = (book / "_build" / "latex" / f"{pdf.NAME}.tex").read_text(encoding="utf-8")
    pages: tuple[str, ...] = (
        r"\runtheoryfront",
        r"\chapter{About this book}",
        r"\section{For whom}",
    )
    pages += (r"\chapter{How}", r"\mainmatter", r"\chapter{The core}", r"\chapter{The mean}")
    pages += (r"\section{Lab 1.1: means}", r"\chapter{Noise}", r"\section{A paper’s idea}")
    assert in_order(tex, r"\release{", *pages, r"\backmatter", r"\chapter{Claims}")
    label = r"\label{chapters/one/theory:thm-one}"
    proof = (r"\begin{runtheoryproof}", "Plain, by", r"\end{runtheoryproof}")
    assert in_order(tex, r"\phantomsection", label, "Theorem 1.2 (Half)", *proof)
    assert r"\label{\detokenize{book/claims/core:claim-one-law}}" in tex
    assert r"\label{\detokenize{book/claims/noise:claim-known_paper-idea}}" in tex
    assert in_order(tex, "Noise < signal", "builds on", "The mean", r"\chapter{How}")
    assert in_order(tex, r"\runtheorycites{", "hyperlink{cite.", r"\bibitem", r"\runtheorycited{")
    assert "svg" not in tex
    assert in_order(tex, "2 frames of an explorable", "M: 1", "M: 2")
    assert "a figure" not in tex
    assert "find_spec" not in tex
    assert (book / "_build" / "latex" / "runtheory.sty").is_file()


LOG = f"""Overfull \\hbox (3.1pt too wide) in paragraph at lines 1--2
Overfull \\hbox (40.5pt too wide) in paragraph at lines 3--4
Overfull \\vbox (1.5pt too high) has occurred while \\output is active []
Overfull \\vbox (5.3pt too high) has occurred while \\output is active []
LaTeX Warning: Hyper reference `{"x" * 47}
y' on page 8 undefined on input line 9.
Missing character: There is no ∮ ("222E) in font x!
Missing character: There is no ∮ ("222E) in font x!
LaTeX Warning: Label `thm' multiply defined.
LaTeX Font Info: nothing.
"""


def test_what_a_reader_would_see_is_a_fault() -> None:
    faults = list(pdf.log_faults(LOG))
    first = [fault.split()[0] for fault in faults]
    assert first == ["Overfull", "Overfull", "LaTeX", "Missing", "LaTeX"]
    assert "40.5pt" in faults[0]
    assert "5.3pt too high" in faults[1]
    assert "undefined on input line 9" in faults[2]


def test_missing_programs_are_named_with_their_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pdf.missing() == list(pdf.PROGRAMS)
    assert pdf.main([]) == 1
    told = capsys.readouterr().err
    assert "the PDF needs xelatex, latexmk, rsvg-convert" in told
    assert "texlive-xetex" in told
    assert "librsvg2-bin" in told
    assert "texlive-luatex" not in told
    assert pdf.main(["--tagged"]) == 1
    told = capsys.readouterr().err
    assert "the PDF needs lualatex, latexmk, rsvg-convert" in told
    assert "texlive-luatex" in told


def test_a_tagged_book_says_so_once_before_all_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / f"{pdf.NAME}.tex").write_text("\\documentclass{book}\n", encoding="utf-8")
    (tmp_path / f"{pdf.NAME}.log").write_text("")
    asked: list[list[str]] = []

    def latexmk(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", latexmk)
    for _ in range(2):
        assert pdf.set_pages(tmp_path, tagged=True) == tmp_path / f"{pdf.NAME}.pdf"
    lines = (tmp_path / f"{pdf.NAME}.tex").read_text(encoding="utf-8").split()
    assert lines[-1] == r"\documentclass{book}"
    assert sum(line.startswith(r"\DocumentMetadata") for line in lines) == 1
    assert "-lualatex" in asked[0]


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
