"""A small good book passes; each rule, broken on purpose, is reported with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from runtheory.claims import MIME as CLAIM
from runtheory.exercises import MIME as EXERCISE
from tools import check, notebooks
from tools.exercises import reader_notebook, with_checked_outputs
from tools.widgets import STATE, VIEW

LEDGER = """
[[claim]]
id = "law"
statement = "One is one."
source = "thm-one"
kind = "identity"
lab = "lab_one"
"""
RECORD = {
    "id": "law",
    "statement": "One is one.",
    "source": "thm-one",
    "kind": "identity",
    "measured": 1.0,
    "measured_text": "1",
    "expected_text": "1",
    "tolerance_text": "0",
    "verdict": "holds",
}
ANSWER = "def double(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION"

Edit = Callable[[NotebookNode], None]


def shown(**data: object) -> NotebookNode:
    kinds = {"claim": CLAIM, "png": "image/png", "view": VIEW, "exercise": EXERCISE}
    bundle = {kinds.get(name, name): value for name, value in data.items()}
    return nbformat.v4.new_output("display_data", data={"text/plain": "x", **bundle})


def stored(cells: list[NotebookNode]) -> NotebookNode:
    """Return a notebook as if it had been run and stored."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = notebooks.with_install_cell(notebook, "")
    notebook.metadata["kernelspec"] = notebooks.KERNEL
    return refreshed(notebook)


def refreshed(notebook: NotebookNode) -> NotebookNode:
    for count, (_, cell) in enumerate(notebooks.code_cells(notebook), start=1):
        cell.execution_count = count
    notebook.metadata["runtheory"] = {"digest": notebooks.digest(notebook)}
    return notebook


def lab() -> NotebookNode:
    figure = nbformat.v4.new_code_cell("draw()", outputs=[shown(png="aGk=")])
    figure.metadata["mystnb"] = {"image": {"alt": "a line"}}
    claim = nbformat.v4.new_code_cell("claims.check('law')", outputs=[shown(claim=RECORD)])
    return stored([nbformat.v4.new_markdown_cell("# Lab\n\nText $x$."), claim, figure])


def solved(*, right: bool = True) -> NotebookNode:
    answer = nbformat.v4.new_code_cell(ANSWER)
    answer.metadata["tags"] = ["solution"]
    outputs = [shown(exercise={"name": "double", "right": right})]
    test = nbformat.v4.new_code_cell("exercises.check('double')", outputs=outputs)
    return with_checked_outputs(stored([nbformat.v4.new_markdown_cell("# Try"), answer, test]))


def reader(*, right: bool = False) -> NotebookNode:
    notebook = notebooks.with_install_cell(reader_notebook(solved()), "")
    notebook.metadata["kernelspec"] = notebooks.KERNEL
    outputs = [shown(exercise={"name": "double", "right": right})]
    [cell for _, cell in notebooks.code_cells(notebook)][-1]["outputs"] = outputs
    return refreshed(notebook)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "_config.yml").write_text('repository:\n  url: ""\n')
    chapter = tmp_path / "chapters" / "01_one"
    chapter.mkdir(parents=True)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "references.bib").write_text("@article{known2020,\n}\n")
    (chapter / "theory.md").write_text("# Theory\n\n:::{prf:theorem}\n:label: thm-one\n:::\n")
    (chapter / "claims.toml").write_text(LEDGER)
    for name, notebook in (("lab_one", lab()), ("solutions", solved()), ("exercises", reader())):
        notebooks.write(notebook, chapter / f"{name}.ipynb")
    return tmp_path


def found(book: Path) -> list[str]:
    return [str(one) for one in (*check.notebook_problems(book), *check.claim_problems(book))]


def edit(book: Path, change: Edit, *, rerun: bool = True, name: str = "lab_one") -> list[str]:
    path = book / "chapters" / "01_one" / f"{name}.ipynb"
    notebook = notebooks.read(path)
    change(notebook)
    path.write_text(nbformat.writes(refreshed(notebook) if rerun else notebook))
    return found(book)


def test_a_good_book_has_no_problem(book: Path) -> None:
    assert found(book) == []


def source(text: str, cell: int = 2) -> Edit:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[cell].source = text

    return change


def output(new: NotebookNode) -> Edit:
    return lambda notebook: notebook.cells[2].outputs.append(new)


def metadata(key: str, value: object, cell: int | None = None) -> Edit:
    def change(notebook: NotebookNode) -> None:
        (notebook if cell is None else notebook.cells[cell]).metadata[key] = value

    return change


def stream(name: str, text: str) -> Edit:
    return output(nbformat.v4.new_output("stream", name=name, text=text))


ERROR = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=["no"])
WIDGET = shown(view={"model_id": "1"})
BROKEN: dict[str, tuple[Edit, str]] = {
    "long": (source("x = 1\n" * 16), "cell 3: 16 lines of code, more than 15"),
    "class": (source("class Net:\n    pass"), "cell 3: a class, which belongs in the package"),
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
    "html image": (output(shown(**{"text/html": "<img src='x'>"})), "cell 3: an image without"),
    "widget": (output(WIDGET), "cell 3: a widget without stored state"),
    "cell metadata": (
        metadata("execution", {"iopub": "now"}, 2),
        "cell 3: metadata of one machine",
    ),
    "colab": (metadata("colab", {}), "lab_one.ipynb: metadata of one machine"),
    "kernel": (metadata("kernelspec", {"name": "mine"}), "the kernel is not python3"),
    "install": (source("import os", 1), "cell 2: the install cell is not the template's"),
    "no install": (lambda n: n.cells.pop(1), "the first code cell is not the install cell"),
    "two installs": (metadata("tags", ["install"], 2), "cell 3: a second install cell"),
    "size": (stream("stdout", "x" * 1_500_001), "bytes, more than 1500000"),
}


@pytest.mark.parametrize(("change", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_is_reported(book: Path, change: Edit, expected: str) -> None:
    problems = edit(book, change)
    assert [problem for problem in problems if expected in problem], problems


def test_code_edited_after_its_run(book: Path) -> None:
    (problem,) = edit(book, source("claims.check('law', measured=2)"), rerun=False)
    assert "edited after the stored run" in problem


def test_execution_counts_with_a_gap(book: Path) -> None:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[3].execution_count = 7

    (problem,) = edit(book, change, rerun=False)
    assert "cell 4: execution count 7 where 3 should be" in problem


def test_widget_with_state_is_let_through(book: Path) -> None:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[2].outputs.append(WIDGET)
        notebook.metadata["widgets"] = {STATE: {"state": {"1": {}}}}

    assert edit(book, change) == []


def test_formulas_are_no_roles(book: Path) -> None:
    prose = "$\\mathrm{KL}$ and `{x}` and $\\frac{a}{b}$`x`, {curly} `code`"
    assert edit(book, source(prose, 0)) == []


def test_install_cell_follows_the_address(book: Path) -> None:
    (book / "_config.yml").write_text("repository:\n  url: https://github.com/a/b/\n")
    assert len([text for text in found(book) if "make sync" in text]) == 3
    for path in notebooks.notebook_paths(book):
        changed = notebooks.with_install_cell(notebooks.read(path), notebooks.address(book))
        notebooks.write(changed, path)
    assert found(book) == []


def test_claim_that_nobody_checks(book: Path) -> None:
    problems = edit(book, lambda notebook: notebook.cells[2].outputs.clear())
    assert problems == ["chapters/01_one/claims.toml: no notebook checks the claim law"]


def record(**changes: object) -> Edit:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[2].outputs[0].data[CLAIM].update(changes)

    return change


def test_claim_that_does_not_hold(book: Path) -> None:
    (problem,) = edit(book, record(verdict="contradicted"))
    assert "cell 3: the claim law is stored as contradicted, its ledger expects holds" in problem


def test_check_that_no_ledger_lists(book: Path) -> None:
    assert (
        "no ledger lists the claim other that this cell checks" in edit(book, record(id="other"))[1]
    )


def test_statement_changed_in_the_ledger(book: Path) -> None:
    (problem,) = edit(book, record(statement="One is two."))
    assert "the claim law has another statement in its ledger" in problem


LEDGERS = {
    "twice": (LEDGER + LEDGER, "the claim id law is used 2 times"),
    "lab": (LEDGER.replace("lab_one", "lab_two"), "names a lab that is not there: lab_two"),
    "theorem": (LEDGER.replace("thm-one", "thm-two"), "has no such source: thm-two"),
    "citation": (LEDGER.replace("thm-one", "cite:unknown2020 Table 1"), "has no such source"),
    "kind": (LEDGER.replace("identity", "guess"), "a ledger cannot be read"),
    "field": (LEDGER + 'colour = "red"\n', "a ledger cannot be read"),
}


@pytest.mark.parametrize(("ledger", "expected"), LEDGERS.values(), ids=LEDGERS.keys())
def test_a_wrong_ledger_is_reported(book: Path, ledger: str, expected: str) -> None:
    (book / "chapters" / "01_one" / "claims.toml").write_text(ledger)
    assert [problem for problem in found(book) if expected in problem]


def test_a_known_citation_is_a_source(book: Path) -> None:
    cited = LEDGER.replace("thm-one", "cite:known2020 Table 1")
    (book / "chapters" / "01_one" / "claims.toml").write_text(cited)
    assert edit(book, record(source="cite:known2020 Table 1")) == []


def test_exercises_that_were_edited_by_hand(book: Path) -> None:
    problems = edit(book, source("# Tried", 0), name="exercises")
    assert [p for p in problems if "exercises.ipynb is not what this notebook makes" in p]


def test_exercise_that_passes_without_an_answer(book: Path) -> None:
    notebooks.write(reader(right=True), book / "chapters" / "01_one" / "exercises.ipynb")
    assert [p for p in found(book) if "the check of 'double' passes without an answer" in p]


def test_solution_that_does_not_pass(book: Path) -> None:
    notebooks.write(solved(right=False), book / "chapters" / "01_one" / "solutions.ipynb")
    assert [p for p in found(book) if "'double' does not pass with its solution" in p]


def test_what_a_linter_says_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.py").write_text("import os\n")
    monkeypatch.setattr(check, "COMMANDS", (("ruff", "check", "--quiet", "--isolated", "."),))
    (problem,) = check.command_problems(tmp_path)
    assert "F401" in str(problem)


def test_a_missing_linter_is_no_silent_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "COMMANDS", (("no-such-linter",),))
    with pytest.raises(FileNotFoundError):
        list(check.command_problems(tmp_path))
