"""The digest of a recipe's code follows its imports, and sees code alone."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtheory.recipes import source
from runtheory.recipes.source import code_digest, modules_of

FILES = {
    "__init__.py": "from shelf.far import ANSWER",
    "near.py": """
        from __future__ import annotations
        import os, runtheory.shapes
        from shelf import far, inner
        from . import sibling
        def run(x):
            # a comment
            return far.ANSWER + x
    """,
    "far.py": "ANSWER = 42",
    "sibling.py": "from .inner import DEEP",
    "inner/__init__.py": "from .deep import DEEP",
    "inner/deep.py": "from ..far import ANSWER\nDEEP = ANSWER",
    "unused.py": "OTHER = 1",
}


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> Iterator[Path]:
    """Write a package on its own path, and forget every digest before and after."""
    for name, text in FILES.items():
        path = tmp_path / "shelf" / name
        path.parent.mkdir(exist_ok=True)
        lines = text.splitlines()
        path.write_text("\n".join(line.removeprefix("        ") for line in lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    yield tmp_path / "shelf"
    forget()


def forget() -> None:
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.partition(".")[0] == "shelf"]:
        del sys.modules[name]
    for cached in (code_digest, source._path):
        cached.cache_clear()


def digest_after(path: Path, old: str, new: str) -> str:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    forget()
    return code_digest("shelf.near")


def test_imports_are_followed_to_the_end_and_no_further(shelf) -> None:
    assert sorted(modules_of("shelf.near")) == [
        "runtheory.shapes", "shelf.far", "shelf.inner", "shelf.inner.deep", "shelf.near",
        "shelf.sibling",
    ]  # fmt: skip


def test_words_and_layout_do_not_count(shelf) -> None:
    before = code_digest("shelf.near")
    text = "def run(x):"
    documented = text + '\n    """Say what it does."""'
    assert digest_after(shelf / "near.py", text, documented) == before
    assert digest_after(shelf / "near.py", "# a comment", "# another one\n\n") == before
    assert digest_after(shelf / "unused.py", "1", "2") == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("near.py", "+ x", "- x"),
        ("far.py", "42", "43"),
        ("inner/deep.py", "DEEP = ANSWER", "DEEP = -ANSWER"),
        ("inner/__init__.py", "DEEP", "DEEP as DEEP"),
    ],
)
def test_code_of_every_module_counts(shelf, file: str, old: str, new: str) -> None:
    before = code_digest("shelf.near")
    assert digest_after(shelf / file, old, new) != before


def test_a_module_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere must be an importable module"):
        code_digest("nowhere")


@pytest.mark.parametrize(
    ("recipe", "part"),
    [
        ("interplay", "runtheory.instruments.interplay"),
        ("interplay", "runtheory.recipes.shared"),
        ("cutmix.mixing_family", "runtheory.evaluation.corruption"),
        ("neural_collapse", "runtheory.training.loop"),
    ],
)
def test_a_recipe_covers_its_instruments_and_the_loop(recipe: str, part: str) -> None:
    assert part in modules_of(f"runtheory.recipes.{recipe}")
