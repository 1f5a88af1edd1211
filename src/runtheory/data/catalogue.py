"""What describes a full set: its files, the digests of those files, and who holds copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runtheory.data import formats


@dataclass(frozen=True)
class CanonicalFile:
    """One file of a set: its name, its size in bytes and its digests (hexadecimal)."""

    name: str
    size: int
    sha256: str
    md5: str


@dataclass(frozen=True)
class Recipe:
    """How a canonical file is made from what a mirror holds.

    ``ingredients(name)`` lists the mirror's files; ``make(name, contents, size)`` returns the
    canonical bytes. The result counts for nothing until its SHA-256 has been checked.
    """

    ingredients: Callable[[str], tuple[str, ...]]
    make: Callable[[str, Mapping[str, bytes], int], bytes]


@dataclass(frozen=True)
class Archive:
    """One downloadable file, its SHA-256, and the canonical files that can be made from it."""

    name: str
    sha256: str
    gives: tuple[str, ...]


@dataclass(frozen=True)
class Download:
    """A folder on the web (its address ends in a slash) and the archives that lie in it."""

    address: str
    archives: tuple[Archive, ...]


@dataclass(frozen=True)
class Holding:
    """A full set: its canonical files and every place that is known to hold copies."""

    name: str
    classes: tuple[str, ...]
    files: tuple[CanonicalFile, ...]
    recipes: tuple[Recipe, ...]
    decode: Callable[[Mapping[str, bytes]], formats.Parts]
    folders: tuple[Path, ...] = ()
    downloads: tuple[Download, ...] = ()
    package: str | None = None
