"""``load`` and ``fetch`` lead from the name of a set to the set."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import torch

from runtheory.boundary import checked
from runtheory.data import embedded, written_digits
from runtheory.data.cache import VARIABLE, cache_folder, expanded
from runtheory.data.datasets import DATASETS, DIGIT_CLASSES, FASHION_CLASSES
from runtheory.data.errors import DataError
from runtheory.data.fetching import Attempt, Fetched, FetchRequest, fetch_files, inspect_cache
from runtheory.data.formats import Parts
from runtheory.data.image_set import ImageSet, assemble

# Sets that need no fetching: how to read them, their classes, and where they are.
INSTALLED: dict[str, tuple[Callable[[], Parts], tuple[str, ...], str]] = {
    embedded.NAME: (embedded.read_embedded, FASHION_CLASSES, "inside runtheory"),
    written_digits.NAME: (written_digits.read_digits, DIGIT_CLASSES, "inside scikit-learn"),
}


def names() -> tuple[str, ...]:
    """Return the names that :func:`load` knows."""
    return (*INSTALLED, *DATASETS)


@checked
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

    Examples
    --------
    >>> from runtheory.data import load
    >>> digits = load("digits")
    >>> digits.train_images.shape, digits.train_images.dtype
    (torch.Size([1437, 1, 8, 8]), torch.uint8)
    >>> digits.train_labels[:5], digits.classes[:3]
    (tensor([1, 3, 4, 5, 6]), ('0', '1', '2'))
    """
    _require(name)
    if name in INSTALLED:
        read, classes, _ = INSTALLED[name]
        train, test = read()
    else:
        request = request_of(name, cache)
        classes = request.spec.classes
        train, test = request.spec.decode(_contents(request))
    return assemble(name, train, test=test, classes=classes).to(device)


@checked
def fetch(
    name: str,
    cache: Path | str | None = None,
    *,
    source: Path | str | None = None,
    progress: bool = False,
) -> Fetched:
    """Make the set ``name`` lie verified in the cache folder and report what was asked for it.

    ``source`` names a folder or a tar archive to take it from, and then nothing else is asked.
    ``progress`` shows bars of downloads on stderr.

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
        return Fetched(name, None, (Attempt(where, "verified"),))
    path = None if source is None else expanded(source)
    return fetch_files(request_of(name, cache, source=path, progress=progress))


@checked
def request_of(
    name: str,
    cache: Path | str | None,
    *,
    source: Path | None = None,
    progress: bool = False,
) -> FetchRequest:
    """Return the request for a full set, into its folder of the cache."""
    folder = cache_folder(cache) / name
    return FetchRequest(DATASETS[name], folder, tuple(DATASETS.values()), source, progress)


def _require(name: str) -> None:
    if name not in names():
        close = difflib.get_close_matches(name, names(), n=2, cutoff=0.4)
        hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise ValueError(f"no data set is called {name!r}; {hint}known: {', '.join(names())}")


def _contents(request: FetchRequest) -> dict[str, bytes]:
    """Return the verified bytes of every file, fetching first if any is missing or refused."""
    inspected = inspect_cache(request)  # hashes every file
    if any(file.content is None for file in inspected.values()):
        fetch_files(request)
        inspected = inspect_cache(request)  # the bytes that are used are those hashed here
    contents = {name: file.content for name, file in inspected.items() if file.content is not None}
    for name in inspected.keys() - contents.keys():
        raise DataError(
            f"{request.folder / name} was fetched and verified, but is now "
            f"{inspected[name].outcome}: something else is writing there; "
            f"name another folder in {VARIABLE} or cache="
        )
    return contents
