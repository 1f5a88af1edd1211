"""Ledgers are read whole or refused, with the file and the claim in the message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtheory import checkout, ledger
from runtheory.ledger import Claim, by_id, find, ledger_paths, read_ledger, slug_of

ENTRY = '[[claim]]\nid = "{id}"\nstatement = "It is so."\nsource = "thm-some"\nkind = "law"\n'


def entry(claim_id: str, *more: str) -> str:
    return ENTRY.format(id=claim_id) + "".join(f"{line}\n" for line in more)


def chapter(root: Path, slug: str, text: str) -> Path:
    path = root / "chapters" / slug / "claims.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def demo(root: Path, slug: str, text: str) -> Path:
    path = root / "demos" / f"{slug}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    words = (
        'verdict = "inconclusive"',
        'direction = "negative"',
        'twin = "n for n - 1."',
        'stated = "after"',
    )
    more = (*words, "arithmetic = true", 'why = "Few seeds."', 'would_take = "Twenty seeds."')
    path = chapter(tmp_path, "masks", entry("masks/first") + entry("masks/second", *more))
    first, second = read_ledger(path)
    assert first == Claim("masks/first", "It is so.", "thm-some", "law")
    assert (first.verdict, first.direction, first.twin) == ("holds", "positive", "")
    assert (first.arithmetic, first.stated) == (False, "before")
    assert (first.why, first.would_take) == ("", "")
    assert (second.verdict, second.direction) == ("inconclusive", "negative")
    assert (second.twin, second.arithmetic, second.stated) == ("n for n - 1.", True, "after")
    assert (second.why, second.would_take) == ("Few seeds.", "Twenty seeds.")
    assert second.slug == "masks"


@pytest.mark.parametrize(
    ("field", "word"),
    [("kind", "guess"), ("verdict", "perhaps"), ("direction", "up"), ("stated", "later")],
)
def test_an_unknown_word_is_refused(field: str, word: str) -> None:
    words: dict[str, Any] = {"kind": "law", field: word}
    with pytest.raises(ValueError, match=f"masks/first: {field} must be one of .*, got '{word}'"):
        Claim("masks/first", "It is so.", "thm-some", **words)


@pytest.mark.parametrize("claim_id", ["", "first", "/first", "masks/", "masks/first/again", "/"])
def test_an_id_is_a_slug_and_a_name(claim_id: str) -> None:
    with pytest.raises(ValueError, match="an id is slug/name"):
        Claim(claim_id, "It is so.", "thm-some", "law")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (entry("masks/first", 'verdict = "perhaps"'), "masks/first: verdict must be one of"),
        (entry("first"), "claim first: an id is slug/name"),
        (
            entry("masks/first", 'lab = "lab_one"'),
            "claim masks/first: there is no key 'lab'; known",
        ),
        (
            entry("masks/first").replace("statement", "statment"),
            "claim masks/first: there is no key 'statment', did you mean 'statement'?",
        ),
        ('[[claim]]\nid = "masks/first"\nkind = "law"\n', "first lacks statement, source"),
        ('[[claim]]\nkind = "law"\n', "claim number 1 lacks id, statement, source"),
        (entry("masks/first", 'arithmetic = "yes"'), "arithmetic must be true or false, got 'yes'"),
        (entry("masks/first").replace('"masks/first"', "3"), "claim 3: id must be text, got 3"),
        ('claim = ["masks/first"]\n', "claim number 1 must have keys, got 'masks/first'"),
        (entry("masks/first").replace("]]", "]"), "line 1"),
        (entry("masks/first").replace("[[claim]]", "[claim]"), "in double brackets, got .claim."),
        (entry("masks/first") + "twin =\n", "line 6"),
        (entry("masks/first") + 'kind = "bound"\n', "line 6"),
    ],
)
def test_a_ledger_that_is_wrong_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ValueError, match=rf"^masks/claims\.toml: .*{message}"):
        read_ledger(chapter(tmp_path, "masks", text))
    with pytest.raises(ValueError, match=rf"^demos/masks\.toml: .*{message}"):
        read_ledger(demo(tmp_path, "masks", text))


def test_a_ledger_under_another_heading_is_not_empty(tmp_path: Path) -> None:
    text = entry("masks/first").replace("claim", "claims")
    with pytest.raises(ValueError, match=r"a ledger holds ..claim.. alone, got claims"):
        read_ledger(chapter(tmp_path, "masks", text))


def test_a_claim_of_another_slug_than_its_folder_or_file_is_refused(tmp_path: Path) -> None:
    text = entry("masks/first") + entry("boxes/second")
    message = r"masks/claims\.toml: claim boxes/second must begin with masks/"
    with pytest.raises(ValueError, match=message):
        read_ledger(chapter(tmp_path, "masks", text))
    with pytest.raises(ValueError, match=r"demos/masks\.toml: claim boxes/second must begin"):
        read_ledger(demo(tmp_path, "masks", text))


def test_ledgers_of_chapters_and_of_demos_are_found(tmp_path: Path) -> None:
    paths = [
        chapter(tmp_path, "boxes", entry("boxes/first")),
        chapter(tmp_path, "masks", entry("masks/first")),
        demo(tmp_path, "a_paper", 'title = "A paper"\npart = "noise"\n' + entry("a_paper/first")),
        demo(tmp_path, "two_paths", 'title = "No claim yet"\n'),
    ]
    (tmp_path / "demos" / "a_paper.ipynb").write_text("{}")
    (tmp_path / "chapters" / "masks" / "chapter.toml").write_text('title = "Masks"\n')
    assert ledger_paths(tmp_path) == paths
    assert [slug_of(path) for path in paths] == ["boxes", "masks", "a_paper", "two_paths"]
    found = by_id(claim for path in paths for claim in read_ledger(path))
    assert list(found) == ["boxes/first", "masks/first", "a_paper/first"]
    assert ledger_paths(tmp_path / "nowhere") == []


def test_an_id_that_is_used_twice_is_refused(tmp_path: Path) -> None:
    path = chapter(tmp_path, "masks", entry("masks/first") + entry("masks/first"))
    with pytest.raises(ValueError, match="masks/first is used twice"):
        by_id(read_ledger(path))


def test_the_book_is_found_in_the_checkout_and_in_the_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "runtheory"
    monkeypatch.setattr(checkout, "__file__", str(package / "checkout.py"))
    monkeypatch.setattr(checkout.resources, "files", lambda name: package)
    assert ledger.book_folder() == package / "_book"
    (tmp_path / "pyproject.toml").touch()
    assert ledger.book_folder() == tmp_path


def test_a_claim_is_found_by_its_id_or_its_neighbours_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter(tmp_path, "masks", entry("masks/first") + entry("masks/second"))
    demo(tmp_path, "a_paper", entry("a_paper/only"))
    monkeypatch.setattr(ledger, "book_folder", lambda: tmp_path)
    ledger.ledger.cache_clear()
    assert find("masks/second").id == "masks/second"
    assert find("a_paper/only").id == "a_paper/only"
    with pytest.raises(KeyError, match=r"claim 'masks/frist'; the nearest are masks/first"):
        find("masks/frist")
    with pytest.raises(KeyError, match=r"claim 'mask/first'; the nearest are masks/first"):
        find("mask/first")
    with pytest.raises(KeyError, match=r"claim 'masks/zzzz'; none is near \(a claim of your own"):
        find("masks/zzzz")
    own = Claim("paper/half", "It is one half.", "own", "law")
    assert find(own) is own
    ledger.ledger.cache_clear()


def test_the_book_s_ledgers_are_readable_and_their_ids_differ() -> None:
    paths = ledger_paths(ledger.book_folder())
    listed = by_id(claim for path in paths for claim in read_ledger(path))
    assert len(listed) > 200
    for path in paths:
        slug = slug_of(path)
        assert ledger.ledger(slug) == {i: c for i, c in listed.items() if c.slug == slug}
