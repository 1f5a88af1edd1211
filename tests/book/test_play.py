"""Copies to play with: saving them changes nothing of the book, and they are never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.problems import found, no_commands  # noqa: F401
from tools import play


def test_what_is_done_to_a_copy_leaves_the_book_as_it_is(book: Path) -> None:
    (book / "chapters/one/theory_more.md").write_text("# More\n")
    made = play.copies(book)
    assert book / "play/chapters/one/lab_one.ipynb" in made
    assert (book / "play/chapters/one/theory.md").exists()
    assert (book / "play/chapters/one/theory_more.md").exists()
    (book / "chapters/one/theory_more.md").unlink()
    for path in made:
        path.write_text("{}")
    assert found(book) == []
    assert play.copies(book) == []
    assert {path.read_text() for path in made} == {"{}"}


def test_a_copy_that_was_removed_comes_again(book: Path) -> None:
    first, *_ = play.copies(book)
    first.unlink()
    assert play.copies(book) == [first]


def test_without_jupyterlab_it_says_what_to_install(
    book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(play, "find_spec", lambda name: None)
    assert play.main(book) == 1
    assert "pip install jupyterlab" in capsys.readouterr().out
