"""The book is found where the code runs from, and the copy in the package where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtheory import checkout
from tools.notebooks import ROOT


def test_this_is_a_checkout() -> None:
    assert checkout.root() == checkout.book() == ROOT
    assert checkout.root_above(__file__, levels=1) == ROOT


def test_a_folder_without_the_mark_is_no_root(tmp_path: Path) -> None:
    file = tmp_path / "tools" / "notebooks.py"
    with pytest.raises(FileNotFoundError, match=r"is no checkout .* no pyproject\.toml"):
        checkout.root_above(file, levels=1)
    (tmp_path / checkout.MARK).touch()
    assert checkout.root_above(file, levels=1) == tmp_path


def test_an_installed_package_has_its_own_copy(tmp_path: Path, monkeypatch) -> None:
    # An environment inside a checkout: the checkout further up is not the book that is installed.
    (tmp_path / checkout.MARK).touch()
    package = tmp_path / ".venv" / "lib" / "site-packages" / "runtheory"
    monkeypatch.setattr(checkout, "__file__", str(package / "checkout.py"))
    monkeypatch.setattr(checkout.resources, "files", lambda name: package)
    assert checkout.root() is None
    assert checkout.book() == package / "_book"
