"""Labs compute nothing untested, and the package offers nothing that only tests use."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.book import tiny_book
from tools import check, shown

FIVE = "def f(x):\n    a = x\n    b = a\n    c = b\n    {}\n    return c"
OFFER = '''"""Means."""


def mean(x):
    """Return x."""
    return x if x else mean(x)
'''


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (FIVE.format("d = c"), ["f"]),
        (FIVE.format("d = c").replace("    b = a\n", ""), []),  # four lines
        (FIVE.format("plot.lines(c)"), []),
        (FIVE.format("axes.plot(c)"), []),
        (FIVE.format("print(c)"), []),
        (FIVE.format("d = [\n        c,\n    ]").replace("    b = a\n", ""), []),  # four, broken
        ("%matplotlib inline\n" + FIVE.format("d = c"), ["f"]),
        ("if True:\n    " + FIVE.format("d = c").replace("\n", "\n    "), ["f"]),
        ("def f(:", []),
    ],
)
def test_a_long_calculation_belongs_in_the_package(source: str, named: list[str]) -> None:
    notebook = new_notebook(cells=[new_code_cell("1"), new_code_cell(source)])
    found = list(shown.untested_calculations(notebook))
    assert [text.split()[0] for _, text in found] == named
    assert {position for position, _ in found} <= {2}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("src/runtheory/one/more.py", "from runtheory.one.means import mean\n\nmean(2)\n"),
        ("tools/of_mine.py", "from runtheory.one import means\n\nmeans.mean(2)\n"),
        ("benchmarks/one.py", "from runtheory.one.means import mean\n\nprint(map(mean, []))\n"),
        ("src/runtheory/one/means.py", OFFER.replace("Return x.", "Return x.\n\n    >>> mean(2)")),
        ("src/runtheory/one/means.py", OFFER.replace("def mean", "@recipe(full=1)\ndef mean")),
        ("src/runtheory/one/means.py", OFFER.replace("mean", "_mean")),
    ],
)
def test_what_is_offered_has_a_caller(tmp_path: Path, file: str, text: str) -> None:
    offered = tmp_path / "src/runtheory/one/means.py"
    offered.parent.mkdir(parents=True)
    offered.write_text(OFFER)
    tests = tmp_path / "tests/test_means.py"
    tests.parent.mkdir()
    tests.write_text("from runtheory.one.means import mean\n\nmean(3)\n")  # is none
    found = list(shown.definitions_without_caller(tmp_path))
    assert found == [
        (
            "src/runtheory/one/means.py",
            "nothing but tests uses mean: show it in a lab, or remove it",
        )
    ]
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert list(shown.definitions_without_caller(tmp_path)) == []


def test_a_lab_is_a_caller(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "COMMANDS", ())
    (book / "src/runtheory/one/means.py").write_text(OFFER)
    assert [str(p) for p in check.problems(book)] == [
        "src/runtheory/one/means.py: nothing but tests uses mean: show it in a lab, or remove it"
    ]
    change = lambda notebook: setattr(notebook.cells[3], "source", "mean(1)")  # noqa: E731
    tiny_book.edit(book / "chapters/one/lab_one.ipynb", change)
    assert not list(shown.definitions_without_caller(book))


def test_a_block_of_a_page_is_a_use(book: Path) -> None:
    module = book / "src" / "runtheory" / "shown.py"
    module.parent.mkdir(parents=True, exist_ok=True)
    module.write_text("def lonely() -> None: ...\n", encoding="utf-8")
    assert any("lonely" in text for _, text in shown.definitions_without_caller(book))
    page = book / "book" / "recipes.md"
    page.write_text("```python\nlonely()\n```\n", encoding="utf-8")
    assert not any("lonely" in text for _, text in shown.definitions_without_caller(book))
