"""A new technique begins as a skeleton that lacks nothing but what its author has to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.tiny_book import replace
from tools import check, lists, new
from tools.cards import read_shelf
from tools.notebooks import ROOT

GAPS = [
    ("chapters/three/chapter.toml", "teach: refuted_by is missing"),
    ("chapters/three/chapter.toml", "0 objectives, outside 2 to 6"),
    ("chapters/three/claims.toml", "a technique makes at least 4 claims, here are 0"),
    ("chapters/three/chapter.toml", "papers: neither papers nor sources are named"),
    ("chapters/three/theory.md", "words, outside 600 to 1300"),
    ("chapters/three/quiz.toml", "0 questions, fewer than 3"),
    ("chapters/three/solutions.ipynb", "exercises.ipynb is not what this notebook makes"),
    ("chapters/three/solutions.ipynb", "no exercise is checked"),
]
TO_WRITE = {
    "chapters/three/credit.py": 1,
    "chapters/three/chapter.toml": 6,
    "chapters/three/theory.md": 7,
    "chapters/three/quiz.toml": 1,
    "chapters/three/lab.ipynb": 3,
    "chapters/three/solutions.ipynb": 1,
    "src/runtheory/noise/three.py": 1,
    "tests/noise/test_three.py": 1,
}


@pytest.fixture(autouse=True)
def no_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "COMMANDS", ())


def contents(book: Path) -> dict[str, bytes]:
    files = (path for path in book.rglob("*") if path.is_file())
    return {str(path.relative_to(book)): path.read_bytes() for path in files}


def test_a_skeleton_lacks_what_is_to_be_written_and_nothing_else(book: Path) -> None:
    new.lay("three", "noise", root=book)
    problems = [(problem.file, problem.text) for problem in check.problems(book)]
    to_write = [file for file, text in problems if text.startswith("to write: ")]
    assert {file: to_write.count(file) for file in to_write} == TO_WRITE
    gaps = [one for one in problems if not one[1].startswith("to write: ")]
    assert [file for file, _ in gaps] == [file for file, _ in GAPS]
    assert all(said in text for (_, text), (_, said) in zip(gaps, GAPS, strict=True))


def test_what_was_laid_is_said_and_nothing_else_is_touched(book: Path) -> None:
    before = contents(book)
    said = {str(path.relative_to(book)) for path in new.lay("three", "noise", root=book)}
    after = contents(book)
    assert {name for name in after if before.get(name) != after[name]} == said
    assert said == {*TO_WRITE, "chapters/three/claims.toml", "_toc.yml", "README.md"}


def test_its_card_stands_behind_the_others_of_its_part_and_in_the_lists(book: Path) -> None:
    replace(book / "chapters/two/chapter.toml", "order = 10", "order = 25")
    new.lay("new_noise", "noise", root=book)
    shelf = read_shelf(book)
    card = shelf.card("new_noise")
    assert (card.title, card.part, card.order) == ("New noise", "noise", 30)
    assert card.code == "runtheory.noise.new_noise"
    assert [one.slug for one in shelf.cards] == ["one", "two", "new_noise"]
    assert list(lists.faults(shelf)) == []
    assert "chapters/new_noise/lab" in (book / "_toc.yml").read_text(encoding="utf-8")
    assert "[New noise](chapters/new_noise/theory.md)" in (book / "README.md").read_text("utf-8")


def test_the_first_technique_of_a_part_lays_its_pages(book: Path) -> None:
    laid = {str(path.relative_to(book)) for path in new.lay("three", "limits", root=book)}
    shared = {
        "book/parts/limits.md",
        "book/claims/limits.md",
        "src/runtheory/limits/__init__.py",
    }
    assert shared <= laid
    assert read_shelf(book).card("three").order == 10
    assert list(lists.faults(read_shelf(book))) == []
    again = {str(path.relative_to(book)) for path in new.lay("four", "limits", root=book)}
    assert not shared & again


def test_code_that_is_there_is_taken(book: Path) -> None:
    before = contents(book)
    new.lay("three", "core", "runtheory.noise.two", root=book)
    assert read_shelf(book).card("three").code == "runtheory.noise.two"
    laid = set(contents(book)) - set(before)
    assert not {name for name in laid if name.startswith(("src/", "tests/"))}


REFUSED = {
    "taken": ("one", "noise", "", "the slug 'one' is taken"),
    "taken by a demo": ("known_paper", "noise", "", "the slug 'known_paper' is taken"),
    "letters": ("Three", "noise", "", "words in lower case"),
    "hyphen": ("three-four", "noise", "", "words in lower case"),
    "number": ("3d", "noise", "", "words in lower case"),
    "folder": ("../three", "noise", "", "words in lower case"),
    "keyword": ("lambda", "noise", "", "words in lower case"),
    "nothing": ("", "noise", "", "words in lower case"),
    "part": ("three", "noises", "", "there is no part 'noises'; there are core, noise, limits"),
    "front": ("three", "front", "", "there is no part 'front'"),
    "code": ("three", "noise", "runtheory.noise.three", "there is no module"),
}


@pytest.mark.parametrize(("slug", "part", "code", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_writes_nothing(
    book: Path, slug: str, part: str, code: str, expected: str
) -> None:
    before = contents(book)
    with pytest.raises(ValueError, match=expected):
        new.lay(slug, part, code, root=book)
    assert contents(book) == before


IN_THE_WAY = ["src/runtheory/noise/three.py", "tests/noise/test_three.py", "chapters/three/note.md"]


@pytest.mark.parametrize("file", IN_THE_WAY)
def test_what_is_there_already_is_not_written_over(book: Path, file: str) -> None:
    (book / file).parent.mkdir(exist_ok=True)
    (book / file).write_text("precious")
    before = contents(book)
    with pytest.raises(ValueError, match=r"there already|is taken"):
        new.lay("three", "noise", root=book)
    assert contents(book) == before


def test_a_readme_without_marks_stops_it_before_it_begins(book: Path) -> None:
    (book / "README.md").write_text("# A book\n")
    before = contents(book)
    with pytest.raises(ValueError, match="once, in this order"):
        new.lay("three", "noise", root=book)
    assert contents(book) == before


def test_the_command_says_what_was_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert new.main(["No", "noise"]) == 1
    assert "error: a slug is words in lower case" in capsys.readouterr().err
    assert not (ROOT / "chapters" / "No").exists()
