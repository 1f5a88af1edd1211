"""The reader's notebook: stubs where the answers were, and the answers folded after the checks."""

from __future__ import annotations

import nbformat
import pytest

from tools.exercises import ExerciseError, reader_notebook, without_solution

ANSWER = """def double(x):
    # BEGIN SOLUTION
    factor = 2
    return factor * x
    # END SOLUTION


def half(x):
    # BEGIN SOLUTION
    return x / 2
    # END SOLUTION"""


def test_every_solution_becomes_a_stub_with_its_indentation() -> None:
    stub = '    raise NotImplementedError("your turn")'
    assert without_solution(ANSWER) == f"def double(x):\n{stub}\n\n\ndef half(x):\n{stub}"


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "# BEGIN SOLUTION\nx = 1",
        "x = 1\n# END SOLUTION",
        "# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION",
    ],
)
def test_marks_that_do_not_take_turns_are_refused(source: str) -> None:
    with pytest.raises(ExerciseError):
        without_solution(source)


def cells(*sources: str) -> nbformat.NotebookNode:
    made = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    made[0].metadata["tags"] = ["solution"]
    return nbformat.v4.new_notebook(cells=made)


def test_the_folded_solution_follows_the_check() -> None:
    solved = cells(ANSWER, "check(double)", "check(half)")
    made = reader_notebook(solved)
    assert [(cell.cell_type, cell.id) for cell in made.cells] == [
        ("code", "c0"),
        ("code", "c1"),
        ("markdown", "c0-solution"),
        ("code", "c2"),
    ]
    folded = made.cells[2].source
    assert folded.startswith("<details><summary>Solution</summary>\n\n```python\ndef double(x):\n")
    assert "SOLUTION" not in folded
    assert "solution" not in made.cells[0].metadata["tags"]
    assert solved.cells[0].source == ANSWER


def test_an_answer_without_a_check_is_refused() -> None:
    with pytest.raises(ExerciseError, match="no check cell follows"):
        reader_notebook(cells(ANSWER))
