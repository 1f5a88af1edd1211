"""A small good book passes; each rule, broken on purpose, is reported with its place."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from runtheory.explore import MIME as EXPLORABLE
from tests.book import tiny_book
from tests.book.problems import DEMO, LAB, edit, found, no_commands, output  # noqa: F401
from tests.book.tiny_book import Edit, reader, shown, solved
from tools import notebooks

ONE, OF_DEMO = "chapters/one/claims.toml", "demos/known_paper.toml"


def test_a_good_book_has_no_problem(book: Path) -> None:
    assert found(book) == []


def source(text: str, cell: int = 2) -> Edit:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[cell].source = text

    return change


def metadata(key: str, value: object, cell: int | None = None) -> Edit:
    def change(notebook: NotebookNode) -> None:
        (notebook if cell is None else notebook.cells[cell]).metadata[key] = value

    return change


def stream(name: str, text: str) -> Edit:
    return output(nbformat.v4.new_output("stream", name=name, text=text))


ERROR = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=["no"])
WIDGET = shown(view={"model_id": "1"})
BROKEN: dict[str, tuple[Edit, str]] = {
    "long": (source("x = 1\n" * 21), "cell 3: 21 lines of code, more than 20"),
    "wide": (source(f"x = {'1' * 85}"), "cell 3: a line of 89 letters, more than 88: 'x = 111"),
    "folded on the site alone": (metadata("tags", ["hide-input"], 2), "cell 3: JupyterLab folds"),
    "folded in JupyterLab alone": (
        metadata("jupyter", {"source_hidden": True}, 2),
        "cell 3: JupyterLab folds",
    ),
    "shown by force": (
        metadata("jupyter", {"source_hidden": False}, 2),
        "cell 3: JupyterLab folds",
    ),
    "class": (source("class Net:\n    pass"), "cell 3: a class, which belongs in the package"),
    "calculation": (
        source("def mean(x):\n    a = 1\n    b = 2\n    c = 3\n    d = 4\n    return x"),
        "cell 3: mean has 5 lines and does not draw: it belongs in the package",
    ),
    "path": (source("open('/home/me/data')"), "cell 3: an absolute path or an address: '/home/"),
    "address": (source("get('https://example.org')"), "cell 3: an absolute path or an address"),
    "drive": (source(r"open('C:\data')"), "cell 3: an absolute path or an address"),
    "stderr": (stream("stderr", "careful"), "cell 3: stored output to stderr"),
    "error": (output(ERROR), "cell 3: a stored error: ValueError"),
    "local output": (stream("stdout", "read /tmp/x"), "cell 3: output that another machine"),
    "object": (stream("stdout", "<Net at 0x7f00aabbcc>"), "cell 3: output that another machine"),
    "strange output": (output(shown(**{"text/x": "?"})), "cell 3: output of a type that the site"),
    "directive": (source("```{note}\nx\n```", 0), "cell 1: MyST syntax"),
    "colons": (source(":::{note}\nx\n:::", 0), "cell 1: MyST syntax"),
    "role": (source("see {ref}`x`", 0), "cell 1: MyST syntax"),
    "macro": (source(r"$\newcommand{\E}{E}$", 0), "cell 1: a TeX macro of one's own"),
    "prose image": (source("![](a.png)", 0), "cell 1: an image without text alternative"),
    "figure": (metadata("mystnb", {}, 3), "cell 4: a figure without text alternative"),
    "legend": (source("axes.set_title('train_loss')"), "cell 3: an underscore in a figure"),
    "html image": (output(shown(**{"text/html": "<img src='x'>"})), "cell 3: an image without"),
    "widget": (output(WIDGET), "cell 3: output of a type that the site does not show"),
    "cell metadata": (
        metadata("execution", {"iopub": "now"}, 2),
        "cell 3: metadata of one machine",
    ),
    "colab": (metadata("colab", {}), f"{LAB}: metadata of one machine"),
    "kernel": (metadata("kernelspec", {"name": "mine"}), "the kernel is not python3"),
    "install": (source("import os", 1), "cell 2: the install cell is not the template's"),
    "no install": (lambda n: n.cells.pop(1), "the first code cell is not the install cell"),
    "two installs": (metadata("tags", ["install"], 2), "cell 3: a second install cell"),
    "size": (stream("stdout", "x" * 1_500_001), "bytes, more than 1500000"),
}


@pytest.mark.parametrize(("change", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_is_reported(book: Path, change: Edit, expected: str) -> None:
    problems = edit(book, change)
    assert [text for text in problems if text.startswith(LAB) and expected in text], problems


@pytest.mark.parametrize(
    "rule", ["long", "class", "calculation", "stderr", "install", "figure", "kernel"]
)
def test_a_demo_keeps_the_rules_of_a_lab(book: Path, rule: str) -> None:
    change, expected = BROKEN[rule]
    problems = edit(book, change, file=DEMO)
    assert [text for text in problems if text.startswith(DEMO) and expected in text], problems


def test_exercises_may_hold_a_class(book: Path) -> None:
    for file in ("solutions", "exercises"):
        path = book / "chapters" / "one" / f"{file}.ipynb"
        tiny_book.edit(path, source("class Net:\n    pass", 3))
    assert [text for text in found(book) if "a class" in text] == []


def test_code_edited_after_its_run(book: Path) -> None:
    (problem,) = edit(book, source("claims.check('law', measured=2)"), rerun=False)
    assert "edited after the stored run" in problem


def test_execution_counts_with_a_gap(book: Path) -> None:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[3].execution_count = 7

    (problem,) = edit(book, change, rerun=False)
    assert "cell 4: execution count 7 where 3 should be" in problem


def test_an_explorable_brings_its_own_words(book: Path) -> None:
    shown_one = shown(**{EXPLORABLE: {"kind": "frames", "pictures": ["a/tmp/b"]}, "png": "x"})
    assert edit(book, output(shown_one)) == []
    told = shown(**{EXPLORABLE: {"kind": "frames", "texts": ["in /tmp/b"]}, "png": "x"})
    (problem,) = edit(book, output(told))
    assert "output that another machine would not repeat: '/tmp/'" in problem


def test_formulas_are_no_roles(book: Path) -> None:
    prose = "$\\mathrm{KL}$ and `{x}` and $\\frac{a}{b}$`x`, {curly} `code`"
    assert edit(book, source(prose, 0)) == []


REPOSITORY = "repository:\n  url: https://github.com/a/b/\n"


@pytest.mark.parametrize(
    "settings", [REPOSITORY, f"html:\n  baseurl: https://a.org/\n{REPOSITORY}"]
)
def test_install_cell_follows_the_address(settings: str, book: Path) -> None:
    (book / "_config.yml").write_text(settings)
    said = {text.split(",")[0] for text in found(book) if "make sync" in text}
    paths = [str(path.relative_to(book)) for path in notebooks.notebook_paths(book)]
    assert said == set(paths)
    assert DEMO in said
    for path in notebooks.notebook_paths(book):
        changed = notebooks.with_install_cell(notebooks.read(path), notebooks.address(book))
        notebooks.write(changed, path)
    assert found(book) == []
    place = "https://a.org/_static/runtheory-" if "a.org" in settings else "git+https://github.com"
    assert f'pip install --quiet "runtheory[labs] @ {place}' in changed.cells[1].source


def test_exercises_that_were_edited_by_hand(book: Path) -> None:
    problems = edit(book, source("# Tried", 0), file="chapters/one/exercises.ipynb")
    assert [p for p in problems if "exercises.ipynb is not what this notebook makes" in p]


def test_exercise_that_passes_without_an_answer(book: Path) -> None:
    notebooks.write(reader(right=True), book / "chapters/one/exercises.ipynb")
    assert [p for p in found(book) if "the check of 'double' passes without an answer" in p]


def test_solution_that_does_not_pass(book: Path) -> None:
    notebooks.write(solved(right=False), book / "chapters/one/solutions.ipynb")
    assert [p for p in found(book) if "'double' does not pass with its solution" in p]
