"""The digest of a recipe's code follows its imports, and sees code alone."""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtheory.recipes import source
from runtheory.recipes.source import (
    code_digest,
    foreign_packages,
    modules_of,
    package_digest,
    users_files,
)
from runtheory.runs.provenance import versions

FILES = {
    "__init__.py": "from shelf.far import ANSWER",
    "near.py": """
        from __future__ import annotations
        import os, runtheory.shapes
        import beside, optional_and_missing
        from numpy import linalg
        from sklearn.datasets import load_digits
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
    "../beside.py": "HELPED = 1.0",
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
    for name in [name for name in sys.modules if name.partition(".")[0] in ("shelf", "beside")]:
        del sys.modules[name]
    asked = (code_digest, foreign_packages, users_files, source._path, source._is_own)
    for cached in asked:
        cached.cache_clear()


def digest_after(path: Path, old: str, new: str) -> str:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    forget()
    return code_digest("shelf.near")


def test_imports_are_followed_to_the_end_and_no_further(shelf) -> None:
    assert sorted(modules_of("shelf.near")) == [
        "beside", "runtheory.shapes", "shelf.far", "shelf.inner", "shelf.inner.deep", "shelf.near",
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
        ("../beside.py", "1.0", "2.0"),  # another top-level module of the user's
    ],
)
def test_code_of_every_module_counts(shelf, file: str, old: str, new: str) -> None:
    before = code_digest("shelf.near")
    assert digest_after(shelf / file, old, new) != before


def test_a_module_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere must be an importable module"):
        code_digest("nowhere")


def test_what_is_installed_or_pythons_own_is_named_and_not_followed(shelf) -> None:
    found = foreign_packages("shelf.near")
    assert found == ("__future__", "numpy", "optional_and_missing", "os", "sklearn")
    assert foreign_packages("runtheory.recipes.interplay") == ()


def test_the_modules_of_a_recipe_are_read_once_a_process_and_not_once_a_cell(
    shelf, monkeypatch
) -> None:
    read: list[str] = []
    parsed = source._parsed

    def noted(name: str) -> object:
        read.append(name)
        return parsed(name)

    monkeypatch.setattr(source, "_parsed", noted)
    for _ in range(3):
        versions("shelf.near")
    assert read.count("shelf.near") == 2  # for the packages, and for the files


def test_the_files_of_the_user_by_top_level_name(shelf) -> None:
    files = users_files("shelf.near")
    assert sorted(files) == ["beside", "shelf"]
    assert files["beside"] == [shelf.parent / "beside.py"]
    assert len(files["shelf"]) == 5
    assert users_files("runtheory.recipes.interplay") == {}


def test_a_compiled_module_counts_by_its_bytes(shelf) -> None:
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    (shelf.parent / "beside.py").unlink()
    compiled = shelf.parent / f"beside{suffix}"
    digests = set()
    for content in (b"one", b"two", b"two"):
        compiled.write_bytes(content)
        forget()
        digests.add(code_digest("shelf.near"))
    assert len(digests) == 2


def test_a_script_is_no_module() -> None:
    with pytest.raises(ValueError, match="__main__ must be an importable module"):
        code_digest("__main__")


def test_every_file_of_the_package_counts_for_workers(tmp_path, monkeypatch) -> None:
    place = tmp_path / "runtheory" / "recipes" / "source.py"
    place.parent.mkdir(parents=True)
    monkeypatch.setattr(source, "__file__", str(place))
    digests = set()
    for content in ("a = 1", "a = 1  # a comment", "a = 2", "a = 1"):
        (tmp_path / "runtheory" / "far.py").write_text(content)
        package_digest.cache_clear()
        digests.add(package_digest())
    assert len(digests) == 3
    monkeypatch.undo()
    package_digest.cache_clear()


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


def test_a_package_counts_that_an_import_of_its_module_binds(shelf: Path) -> None:
    (shelf.parent / "bound.py").write_text("import shelf.inner.deep\nVALUE = shelf.ANSWER")
    forget()
    named = {"bound", "shelf", "shelf.far", "shelf.inner", "shelf.inner.deep"}
    assert modules_of("bound").keys() == named
    (shelf.parent / "renamed.py").write_text("import shelf.inner.deep as deep")
    assert modules_of("renamed").keys() == {"renamed", "shelf.inner.deep", "shelf.far"}
