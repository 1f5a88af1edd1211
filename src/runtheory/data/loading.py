"""``load`` and ``fetch``: from the name of a set to the set."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import torch

from runtheory.data import embedded, store, written_digits
from runtheory.data.catalogue import Holding
from runtheory.data.errors import DataError
from runtheory.data.formats import Parts
from runtheory.data.holdings import DIGIT_CLASSES, FASHION_CLASSES, HOLDINGS
from runtheory.data.image_set import ImageSet, assemble
from runtheory.data.obtain import Errand, Fetched, Finding, obtain, read_cache

# Sets that need no fetching: how to read them, their classes, and where they are.
INSTALLED: dict[str, tuple[Callable[[], Parts], tuple[str, ...], str]] = {
    embedded.NAME: (embedded.read_embedded, FASHION_CLASSES, "inside runtheory"),
    written_digits.NAME: (written_digits.read_digits, DIGIT_CLASSES, "inside scikit-learn"),
}


def names() -> tuple[str, ...]:
    """Return the names that :func:`load` knows."""
    return (*INSTALLED, *HOLDINGS)


def load(
    name: str, *, device: torch.device | str = "cpu", cache: Path | str | None = None
) -> ImageSet:
    """Return the set ``name`` whole on ``device``: images uint8 (n, c, h, w), labels int64 (n,).

    ``fashion-mini`` and ``digits`` come with the installation. ``fashion-mnist``, ``mnist`` and
    ``cifar10`` are read from the cache folder (``cache``, else RUNTHEORY_DATA, else the user's
    cache) and fetched first where that is needed. Every file is checked against its SHA-256 at
    every load, and the bytes used are the bytes that were checked.
    Keys: [xiao2017fashion], [lecun1998gradient], [krizhevsky2009learning], [pedregosa2011scikit].

    Raises
    ------
    ValueError
        If there is no set of this name.
    DataError
        If the set cannot be had.
    """
    _require(name)
    if name in INSTALLED:
        read, classes, _ = INSTALLED[name]
        train, test = read()
    else:
        holding = HOLDINGS[name]
        classes = holding.classes
        train, test = holding.decode(_contents(_errand(holding, cache)))
    return assemble(name, train, test=test, classes=classes).to(device)


def fetch(
    name: str,
    cache: Path | str | None = None,
    *,
    place: Path | str | None = None,
    progress: bool = False,
) -> Fetched:
    """Make the set ``name`` lie verified in the cache folder and report where it was looked for.

    ``place`` names a folder or a tar archive to take it from, and then nothing else is asked.
    ``progress`` shows bars on stderr.

    Raises
    ------
    ValueError
        If there is no set of this name.
    DataError
        If the set cannot be had.
    """
    _require(name)
    if name in INSTALLED:
        read, _, where = INSTALLED[name]
        read()
        return Fetched(name, None, (Finding(where, "verified"),))
    source = None if place is None else Path(place).expanduser()
    return obtain(_errand(HOLDINGS[name], cache, place=source, progress=progress))


def _require(name: str) -> None:
    if name not in names():
        close = difflib.get_close_matches(name, names(), n=2, cutoff=0.4)
        hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise ValueError(f"no data set is called {name!r}; {hint}known: {', '.join(names())}")


def _errand(
    holding: Holding,
    cache: Path | str | None,
    *,
    place: Path | None = None,
    progress: bool = False,
) -> Errand:
    folder = store.cache_folder(cache) / holding.name
    return Errand(holding, folder, tuple(HOLDINGS.values()), place, progress)


def _contents(errand: Errand) -> dict[str, bytes]:
    """Return the verified bytes of every file, fetching first if any is missing or refused."""
    inspected = read_cache(errand)
    if any(found.content is None for found in inspected.values()):
        obtain(errand)
        inspected = read_cache(errand)
    contents = {n: found.content for n, found in inspected.items() if found.content is not None}
    for name, found in inspected.items():
        if name not in contents:
            raise DataError(
                f"{errand.folder / name} was fetched and verified, but is now {found.outcome}: "
                "something else is writing there; name another folder in RUNTHEORY_DATA or cache="
            )
    return contents
