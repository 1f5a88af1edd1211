"""What tests one technique alone: its module or package, its recipes, its notebooks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtheory.recipes import recipes
from tests.book.tiny_book import replace
from tools import only
from tools.cards import read_shelf
from tools.notebooks import ROOT


def test_a_single_module(good_book: Path) -> None:
    assert only.arguments("two", good_book) == ["tests/noise/test_two.py", "chapters/two"]


def test_a_package(good_book: Path) -> None:
    assert only.arguments("one", good_book) == ["tests/one", "chapters/one"]


def test_a_package_below_a_part(book: Path) -> None:
    replace(book / "chapters/two/chapter.toml", "noise.two", "noise.three")
    (book / "tests/noise/three").mkdir()
    assert only.arguments("two", book) == ["tests/noise/three", "chapters/two"]


def test_pictures_are_drawn_again(book: Path) -> None:
    (book / "chapters/two/picture.py").write_text("PICTURES = {}\n")
    test = "tests/book/test_pictures.py::test_what_is_stored_is_what_the_code_draws[two]"
    assert only.arguments("two", book) == ["tests/noise/test_two.py", test, "chapters/two"]


def test_a_demo(good_book: Path) -> None:
    assert only.arguments("known_paper", good_book) == ["demos/known_paper.ipynb"]


def test_a_demo_with_code_of_its_own(book: Path) -> None:
    test = "tests/noise/test_known_paper.py"
    (book / test).parent.mkdir(parents=True, exist_ok=True)
    (book / test).write_text("")
    assert only.arguments("known_paper", book) == [test, "demos/known_paper.ipynb"]


def test_an_unknown_slug_is_told_the_others(good_book: Path) -> None:
    with pytest.raises(
        ValueError, match="no technique or demo 'three'; there are: one, two, known"
    ):
        only.arguments("three", good_book)


def test_recipes_are_those_of_the_technique() -> None:
    by_name = recipes()
    slugs = {recipe.chapter for recipe in by_name.values()}
    assert slugs & {card.slug for card in read_shelf(ROOT).cards}
    named = [one for slug in sorted(slugs) for one in only._recipes(slug, ROOT) if "[" in one]
    test = "tests/contract/test_recipes.py::test_the_tiny_preset_runs_and_repeats"
    assert sorted(named) == sorted(f"{test}[{name}]" for name in by_name)
    assert only._recipes("nobody", ROOT) == []


def test_a_recipe_brings_the_tests_of_its_own() -> None:
    assert "tests/recipes/test_neural_collapse.py" in only._recipes("neural_collapse", ROOT)
    assert "tests/recipes/cutmix" in only._recipes("cutmix", ROOT)


def test_whatever_is_named_for_the_real_book_is_there() -> None:
    shelf = read_shelf(ROOT)
    for slug in (*(card.slug for card in shelf.cards), *(demo.slug for demo in shelf.demos)):
        named = only.arguments(slug)
        assert [one for one in named if not (ROOT / one.partition("::")[0]).exists()] == []
        assert any(one.startswith(("chapters/", "demos/")) for one in named)


def test_the_command_prints_the_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slug = read_shelf(ROOT).cards[0].slug
    monkeypatch.setattr(sys, "argv", ["only", slug])
    assert only.main() == 0
    assert capsys.readouterr().out.split() == only.arguments(slug)
    monkeypatch.setattr(sys, "argv", ["only", "nobody"])
    assert only.main() == 1
    assert "no technique or demo 'nobody'" in capsys.readouterr().err
