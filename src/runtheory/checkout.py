"""Find the book: the checkout that the code runs from, or its copy inside the installed package."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

MARK = "pyproject.toml"  # what the root of a checkout holds


def root_above(file: str | Path, *, levels: int) -> Path:
    """Return the root of the checkout, ``levels`` folders above the folder of ``file``.

    Raises
    ------
    FileNotFoundError
        If that folder is no root of a checkout.
    """
    folder = Path(file).resolve().parents[levels]
    if not (folder / MARK).is_file():
        raise FileNotFoundError(f"{folder} is no checkout of the book: there is no {MARK}")
    return folder


def root() -> Path | None:
    """Return the root of the checkout whose ``src`` runs, or None if the package is installed."""
    try:
        return root_above(__file__, levels=2)
    except FileNotFoundError:
        return None


def book() -> Path | Traversable:
    """Return the folder of chapters, demos and results: the checkout, or the copy in the wheel."""
    return root() or resources.files("runtheory") / "_book"
