"""Name what tests one technique alone: ``python -m tools.only SLUG`` prints pytest's arguments."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.cards import read_shelf
from tools.notebooks import ROOT

RECIPES = "tests/contract/test_recipes.py"
PICTURES = "tests/book/test_pictures.py::test_what_is_stored_is_what_the_code_draws"


def arguments(slug: str, root: Path = ROOT) -> list[str]:
    """Return the tests of a technique's code, recipes and pictures, and its notebooks.

    Of a demo it is the test that has its slug for a name, where there is one, and the notebook.

    Raises
    ------
    ValueError
        If neither a technique nor a demo has this slug.
    """
    shelf = read_shelf(root)
    demos = {demo.slug: demo for demo in shelf.demos}
    if slug in demos:
        own = Path("tests", demos[slug].part, f"test_{slug}.py")
        return [*([str(own)] if (root / own).exists() else []), f"demos/{slug}.ipynb"]
    cards = {card.slug: card for card in shelf.cards}
    if slug not in cards:
        known = ", ".join([*cards, *demos])
        raise ValueError(f"there is no technique or demo {slug!r}; there are: {known}")
    code = Path(*cards[slug].code.split(".")[1:])
    module = Path("tests") / code.parent / f"test_{code.name}.py"
    tests = module if (root / module).exists() else Path("tests") / code
    drawn = (root / "chapters" / slug / "picture.py").exists()
    pictures = [f"{PICTURES}[{slug}]"] if drawn else []
    return [str(tests), *_recipes(slug, root), *pictures, f"chapters/{slug}"]


def _recipes(slug: str, root: Path) -> list[str]:
    from runtheory import recipes

    names = [name for name, one in recipes.recipes().items() if one.chapter == slug]
    contract = [f"{RECIPES}::test_the_tiny_preset_runs_and_repeats[{name}]" for name in names]
    own = [Path("tests/recipes", slug), Path("tests/recipes", f"test_{slug}.py")]
    return [*contract, *(str(path) for path in own if (root / path).exists())]


def main() -> int:
    """Print the arguments; the exit status tells whether there is such a technique."""
    try:
        print(" ".join(arguments(sys.argv[1])))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
