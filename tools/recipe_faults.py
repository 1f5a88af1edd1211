"""Recipes that nobody would find, and records that no recipe makes, told without importing any."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

RECIPES = "src/runtheory/recipes"
RESULTS = "results"


def faults(root: Path) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with recipes and their records, each with its file."""
    folder = root / RECIPES
    names: set[str] = set()
    for path in sorted(folder.rglob("*.py")):
        file, slug = str(path.relative_to(root)), path.relative_to(folder).with_suffix("").parts[0]
        for name in _recipes(path):
            names.add(f"{slug}/{name}")
            record = f"{RESULTS}/{slug}/{name}.json"
            if hidden := _without_init(path, folder):
                yield file, f"the recipe {name} is not found: {hidden}/ has no __init__.py"
            if not (root / record).exists():
                order = f"python -m runtheory.runs run {name} --preset full"
                yield file, f"the recipe {name} has no record {record}: {order}"
    for path in sorted((root / RESULTS).glob("*/*.json")):
        slug = path.parent.name
        if (root / "chapters" / slug).exists() and f"{slug}/{path.stem}" not in names:
            text = f"no recipe {path.stem} of {RECIPES}/{slug} makes this record"
            yield str(path.relative_to(root)), text


def _recipes(path: Path) -> Iterator[str]:
    """Yield the functions of a module that ``recipe`` decorates."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            calls = [one for one in node.decorator_list if isinstance(one, ast.Call)]
            if any(isinstance(one.func, ast.Name) and one.func.id == "recipe" for one in calls):
                yield node.name


def _without_init(path: Path, folder: Path) -> str | None:
    """Return the folder between ``path`` and ``folder`` that makes no package."""
    for parent in path.parents:
        if parent == folder:
            return None
        if not (parent / "__init__.py").exists():
            return parent.name
    return None
