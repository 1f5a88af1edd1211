"""Lists that are made from the cards: in the order of the book, and nobody's to type."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path

import pytest
import yaml

from tests.book.tiny_book import replace
from tools import lists
from tools.cards import Lab, Shelf, read_shelf
from tools.notebooks import ROOT
from tools.sphinx_runtheory.headers import links_of

FAULT = "its list is not what the cards make: run `make sync`"
TYPED = "a typed list of techniques: cards make such lists"


def faults(book: Path) -> list[tuple[str, str]]:
    return list(lists.faults(read_shelf(book)))


def captions(shelf: Shelf) -> list[str]:
    return [part["caption"] for part in lists.toc(shelf)["parts"]]


def files(shelf: Shelf, caption: str) -> list[object]:
    """Return the pages under a caption: a file, or a file and the list of those below it."""
    (chapters,) = (p["chapters"] for p in lists.toc(shelf)["parts"] if p["caption"] == caption)
    below = [[section["file"] for section in one.get("sections", [])] for one in chapters]
    return [
        (one["file"], sections) if sections else one["file"]
        for one, sections in zip(chapters, below, strict=True)
    ]


def test_every_page_of_the_tiny_book_has_its_place(good_book: Path) -> None:
    shelf = read_shelf(good_book)
    assert captions(shelf) == ["Before", "The core", "Noise & more", "Behind"]
    assert files(shelf, "Before") == ["book/how"]
    one = ("chapters/one/theory", ["chapters/one/lab_one", "chapters/one/exercises"])
    assert files(shelf, "The core") == ["book/parts/core", one]
    assert files(shelf, "Noise & more") == [
        ("book/parts/noise", ["demos/known_paper"]),
        ("chapters/two/theory", ["chapters/two/lab", "chapters/two/exercises"]),
    ]
    claims = ("book/claims", ["book/claims/core", "book/claims/noise"])
    others = [f"book/{name}" for name in ("not_reproduced", "theorems", "demos", "bibliography")]
    assert files(shelf, "Behind") == [claims, *others]


def test_a_second_theory_page_stands_before_the_labs(book: Path) -> None:
    (book / "chapters" / "one" / "theory_more.md").write_text("# The mean: more of it\n")
    names = ("theory_more", "lab_one", "exercises")
    pages = ("chapters/one/theory", [f"chapters/one/{name}" for name in names])
    shelf = read_shelf(book)
    assert files(shelf, "The core") == ["book/parts/core", pages]
    (_, links), *_ = links_of(shelf.card("one"), shelf, "chapters/one/theory")
    assert links[0] == ("chapters/one/theory_more", "More of it")


def test_labs_are_in_the_order_of_the_card(good_book: Path) -> None:
    shelf = read_shelf(good_book)
    labs = (Lab("lab_zebra"), Lab("lab_one"), Lab("lab_ape"))
    shelf = changed(shelf, cards=(changed(shelf.cards[0], labs=labs), *shelf.cards[1:]))
    names = ("lab_zebra", "lab_one", "lab_ape", "exercises")
    pages = ("chapters/one/theory", [f"chapters/one/{name}" for name in names])
    assert files(shelf, "The core") == ["book/parts/core", pages]


def test_without_exercises_none_are_listed(book: Path) -> None:
    (book / "chapters/two/exercises.ipynb").unlink()
    pages = files(read_shelf(book), "Noise & more")
    assert pages[1] == ("chapters/two/theory", ["chapters/two/lab"])


def test_a_part_without_technique_is_shown_for_its_demos_alone(good_book: Path) -> None:
    shelf = changed(read_shelf(good_book), cards=())
    assert captions(shelf) == ["Before", "Noise & more", "Behind"]
    assert files(shelf, "Noise & more") == [("book/parts/noise", ["demos/known_paper"])]
    assert "book/demos" in files(shelf, "Behind")
    assert "core" not in lists.readme_list(shelf)


def test_without_demos_there_is_no_gallery(good_book: Path) -> None:
    shelf = changed(read_shelf(good_book), demos=())
    assert "book/demos" not in files(shelf, "Behind")
    assert files(shelf, "Noise & more")[0] == "book/parts/noise"


def test_the_written_table_of_contents_is_what_jupyter_book_reads(good_book: Path) -> None:
    text = (good_book / "_toc.yml").read_text(encoding="utf-8")
    assert text.startswith("# Written by `make sync`")
    assert yaml.safe_load(text) == lists.toc(read_shelf(good_book))


def test_the_readme_lists_techniques_part_by_part(good_book: Path) -> None:
    assert (good_book / "README.md").read_text(encoding="utf-8") == (
        f"# A book\n\n{lists.BEGIN}\n\n"
        "**The core**\n\n"
        "- [The mean](chapters/one/theory.md): What is the mean?\n\n"
        "**Noise & more**\n\n"
        "- [Noise < signal](chapters/two/theory.md): What does noise do?\n"
        "- Demo: [A paper's idea](demos/known_paper.ipynb)\n\n"
        f"{lists.END}\n\nThe rest.\n"
    )


def test_what_was_written_has_no_fault_and_is_not_written_again(book: Path) -> None:
    replace(book / "chapters/one/chapter.toml", '"The mean"', '"Means"')
    assert faults(book) == [("_toc.yml", FAULT), ("README.md", FAULT)][1:]
    assert lists.write(read_shelf(book)) == ["README.md"]
    assert faults(book) == []
    assert lists.write(read_shelf(book)) == []


def test_a_lab_that_came_or_went_changes_the_table_of_contents(book: Path) -> None:
    replace(book / "chapters/one/chapter.toml", "[labs.one]", "[labs.zero]\n[labs.one]")
    assert faults(book) == [("_toc.yml", FAULT)]
    assert lists.write(read_shelf(book)) == ["_toc.yml"]
    assert faults(book) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("_toc.yml", "book/how", "book/other"),
        ("_toc.yml", "- file: demos/known_paper\n", ""),
        ("README.md", "What is the mean?", "What is a mean?"),
        ("README.md", "- Demo: [A paper's idea](demos/known_paper.ipynb)\n", ""),
    ],
)
def test_a_list_that_was_edited_by_hand_is_refused(
    book: Path, file: str, old: str, new: str
) -> None:
    replace(book / file, old, new)
    assert faults(book) == [(file, FAULT)]
    lists.write(read_shelf(book))
    assert faults(book) == []


@pytest.mark.parametrize(
    "page", [f"{place}/mine.ipynb" for place in ("chapters/one", "chapters/new", "demos", "book")]
)
def test_a_page_in_no_list_of_contents_is_named(book: Path, page: str) -> None:
    (book / page).parent.mkdir(exist_ok=True)
    (book / page).write_text("{}")
    told = "it is not in the table of contents: list it on a card"
    assert faults(book) == [(page, told)]
    for aside in ("solutions.ipynb", "README.md", ".ipynb_checkpoints/lab.ipynb"):
        path = book / "chapters" / "one" / aside
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    assert faults(book) == [(page, told)]


def test_a_list_that_is_missing_is_refused(book: Path) -> None:
    (book / "_toc.yml").unlink()
    assert faults(book) == [("_toc.yml", FAULT)]
    (book / "README.md").unlink()
    (fault,) = faults(book)
    assert fault[0] == "README.md"


@pytest.mark.parametrize(
    "marks",
    ["", lists.BEGIN, lists.END, "{1} {0}", "{0} {0} {1}", "{0} {1} {1}", "{1} {0} {1}"],
)
def test_marks_that_are_not_there_once_in_order_are_refused(book: Path, marks: str) -> None:
    text = marks.format(lists.BEGIN, lists.END)
    (book / "README.md").write_text(f"# A book\n\n{text}\n")
    with pytest.raises(ValueError, match="once, in this order"):
        lists.write(read_shelf(book))
    (fault,) = faults(book)
    assert fault[0] == "README.md"
    assert (book / "README.md").read_text() == f"# A book\n\n{text}\n"


@pytest.mark.parametrize("page", ["book/parts/core.md", "book/claims/noise.md"])
def test_a_shown_part_without_its_pages_is_refused(book: Path, page: str) -> None:
    (book / page).unlink()
    (fault,) = faults(book)
    assert fault == (page, f"the part {Path(page).stem} is shown and has no such page")


COME_BACK = {
    "bullets": "- [One](../chapters/one/theory.md)\n- **[Two](../chapters/two/theory.md)**: new\n",
    "numbers": "1. [One](/chapters/one/theory.md)\n2. [Two](/chapters/two/theory.md)\n",
    "table": "| [One](chapters/one/theory.md) | 9 |\n| [Two](chapters/two/theory.md) | 8 |\n",
    "roles": "* {doc}`/chapters/one/theory`\n* {doc}`Two </chapters/two/theory>`\n",
}


@pytest.mark.parametrize("file", ["README.md", "book/index.md", "book/parts/noise.md"])
@pytest.mark.parametrize("text", COME_BACK.values(), ids=COME_BACK.keys())
def test_a_typed_list_that_has_come_back_is_refused(book: Path, file: str, text: str) -> None:
    path = book / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}", encoding="utf-8")
    assert faults(book) == [(file, TYPED)]


def test_prose_that_links_to_techniques_is_no_list(book: Path) -> None:
    text = "[One](../chapters/one/theory.md) and\n[two](../chapters/two/theory.md).\n\n"
    text += "- See [one](../chapters/one/theory.md).\n- [Two](../chapters/two/theory.md) is one.\n"
    (book / "book/how.md").write_text(text)
    assert faults(book) == []


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Lab 1: how many masks", "How many masks"),
        ("Lab: means", "Means"),
        ("How many: a lab", "How many: a lab"),
        ("Label smoothing: lab", "Label smoothing: lab"),
        ("Means", "Means"),
    ],
)
def test_a_lab_is_listed_without_its_number(book: Path, title: str, shown: str) -> None:
    replace(book / "chapters/one/lab_one.ipynb", "# Lab: means", f"# {title}")
    assert lists.lab_title(book, "chapters/one/lab_one") == shown


def test_the_real_lists_are_what_the_cards_make() -> None:
    assert list(lists.faults(read_shelf(ROOT))) == []
