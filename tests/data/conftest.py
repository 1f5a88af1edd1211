"""Tiny data sets with digests of their own, and a wall between the tests and the network."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import socket
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from runtheory.data import datasets, formats, repacking
from runtheory.data.datasets import DATASETS, Archive, CanonicalFile, DatasetSpec
from runtheory.data.fetching import FetchRequest


def idx(values: np.ndarray) -> bytes:
    """Write unsigned bytes in IDX form."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return header + values.astype(np.uint8).tobytes()


def canonical(name: str, content: bytes) -> CanonicalFile:
    sha256, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest()
    return CanonicalFile(name, len(content), sha256, md5)


def tarball(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@dataclass(frozen=True)
class Tiny:
    """A tiny set: its true files, its spec, its mirror folder and its cache folder."""

    contents: dict[str, bytes]
    spec: DatasetSpec
    mirror: Path
    cache: Path

    def request(self, **changes: Any) -> FetchRequest:
        return replace(FetchRequest(self.spec, self.cache, (self.spec,)), **changes)

    def with_mirrors(self, **changes: Any) -> Tiny:
        return replace(self, spec=replace(self.spec, **changes))

    def online(self, address: str) -> Tiny:
        """Return the set with its mirror folder at ``address`` and nowhere else."""
        contents = {name: (self.mirror / f"{name}.gz").read_bytes() for name in self.contents}
        archives = tuple(
            Archive(f"{name}.gz", hashlib.sha256(content).hexdigest(), gives=(name,))
            for name, content in contents.items()
        )
        return self.with_mirrors(folders=(), addresses=(address,), archives=archives)

    def fill(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)

    def cached(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.cache.iterdir()}


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """Six training and four test images of 3 x 3 pixels, gzipped in a mirror folder."""
    random = np.random.default_rng(7)
    contents = {
        "train-images-idx3-ubyte": idx(random.integers(0, 256, (6, 3, 3))),
        "train-labels-idx1-ubyte": idx(np.array([0, 1, 0, 1, 1, 0])),
        "t10k-images-idx3-ubyte": idx(random.integers(0, 256, (6, 3, 3))),
        "t10k-labels-idx1-ubyte": idx(np.array([1, 0, 0, 1, 0, 1])),
    }
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    for name, content in contents.items():
        (mirror / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    spec = DatasetSpec(
        name="tiny",
        classes=("zero", "one"),
        files=tuple(canonical(name, content) for name, content in contents.items()),
        repackings=(repacking.UNCHANGED, repacking.GZIP),
        decode=formats.decode_idx,
        folders=(mirror,),
    )
    return Tiny(contents, spec, mirror, tmp_path / "cache" / "tiny")


@pytest.fixture
def tiny_cifar(tmp_path: Path) -> Tiny:
    """Six batches of two 32 x 32 colour images, as pictures and label lists in a mirror folder."""
    random = np.random.default_rng(8)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    mirror, contents, labels = tmp_path / "mirror", {}, {}
    mirror.mkdir()
    for name in names:
        rows = random.integers(0, 256, (2, 1024, 3)).astype(np.uint8)
        labels[name] = random.integers(0, 10, 2).tolist()
        # The CIFAR-10 binary layout, written down byte by byte.
        record = bytearray()
        for row, label in zip(rows, labels[name], strict=True):
            record.append(label)
            for colour in range(3):
                record.extend(int(pixel[colour]) for pixel in row)
        contents[f"{name}.bin"] = bytes(record)
        Image.fromarray(rows).save(mirror / f"{name}.png")
    train = [label for name in names[:5] for label in labels[name]]
    (mirror / "train_lables.json").write_text(json.dumps(train))
    (mirror / "test_lables.json").write_text(json.dumps(labels["test_batch"]))
    spec = DatasetSpec(
        name="tiny-cifar",
        classes=datasets.CIFAR_CLASSES,
        files=tuple(canonical(name, content) for name, content in contents.items()),
        repackings=(repacking.UNCHANGED, repacking.PICTURE),
        decode=formats.decode_cifar,
        folders=(mirror,),
    )
    return Tiny(contents, spec, mirror, tmp_path / "cache" / "tiny-cifar")


@pytest.fixture(autouse=True)
def unplugged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Refuse every connection that leaves this machine, every npm, and the user's own cache."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_INET and address[0] == "127.0.0.1":
            return connect(self, address)
        raise OSError(f"unplugged: {address}")

    def unresolved(host: str, *_: Any, **__: Any) -> list:
        if host == "127.0.0.1":
            return resolve(host, *_, **__)
        raise socket.gaierror(f"unplugged: {host}")

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", local_only)
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    monkeypatch.setenv("PATH", str(tmp_path / "no-commands"))
    monkeypatch.setenv("RUNTHEORY_DATA", str(tmp_path / "own-cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)


@pytest.fixture
def listed(tiny, monkeypatch):
    """Put the tiny set into the table of full sets."""
    monkeypatch.setitem(DATASETS, "tiny", tiny.spec)
    return tiny
