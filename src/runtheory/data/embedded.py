"""``fashion-mini`` puts 15,000 Fashion-MNIST images inside the package [xiao2017fashion].

The file is an xz stream of four runs of bytes, one after another: 10,000 training labels, 10,000
training images, 5,000 test labels, 5,000 test images; images 28 x 28 row by row, in the order of
the official files. ``tools/build_fashion_mini.py`` makes it; the choice is this module's.
Fashion-MNIST is under the MIT licence; its notice lies beside this file.
"""

from __future__ import annotations

import hashlib
import lzma
from importlib import resources

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from runtheory.boundary import checked
from runtheory.data.datasets import FASHION_CLASSES
from runtheory.data.errors import DataError
from runtheory.data.formats import Pair, Parts
from runtheory.randomness import stream
from runtheory.shapes import Labels

NAME = "fashion-mini"
FILE = "fashion_mini.xz"
PER_CLASS = {"train": 1000, "test": 500}
SHA256 = "18a2244fa13bb8ab0c312fe6372a694582e9eea25278285b1d127f047501cd1a"
_PIXELS = 28 * 28


@checked
def choose(labels: Labels, part: str) -> Int64[Tensor, " chosen"]:
    """Return the ascending positions of the images chosen from the official ``part``.

    For each class, the first ``PER_CLASS[part]`` of a random permutation of its images; the
    classes draw one after another from the stream ``fashion-mini part`` of seed 0.
    """
    generator = stream(0, f"{NAME} {part}")
    chosen = []
    for label in range(len(FASHION_CLASSES)):
        members = (labels == label).nonzero().squeeze(1)
        chosen.append(members[torch.randperm(len(members), generator=generator)][: PER_CLASS[part]])
    return torch.cat(chosen).sort().values


@checked
def pack(parts: Parts) -> bytes:
    """Return the uncompressed content of the file for ((images, labels), (images, labels))."""
    runs = (run for images, labels in parts for run in (labels.to(torch.uint8), images))
    return b"".join(run.numpy().tobytes() for run in runs)


@checked
def unpack(content: bytes) -> Parts:
    """Undo :func:`pack`."""
    train = len(FASHION_CLASSES) * PER_CLASS["train"]
    boundary = train * (1 + _PIXELS)  # a label and the pixels of each image
    return _unpack_part(content[:boundary]), _unpack_part(content[boundary:])


def _unpack_part(content: bytes) -> Pair:
    values = np.frombuffer(content, np.uint8)
    count = len(values) // (1 + _PIXELS)
    images = values[count:].reshape(count, 1, 28, 28).copy()  # the labels come first
    return torch.from_numpy(images), torch.from_numpy(values[:count].astype(np.int64))


def read_embedded() -> Parts:
    """Return ((training images, labels), (test images, labels)) of the embedded set.

    Raises
    ------
    DataError
        If the file is missing from the installation or its content is not the published one.
    """
    path = resources.files("runtheory.data") / FILE
    try:
        content = lzma.decompress(path.read_bytes())
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise _damaged(f"{type(error).__name__}: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise _damaged(f"its SHA-256 is {digest[:12]}...")
    return unpack(content)


def _damaged(reason: str) -> DataError:
    return DataError(f"{NAME}: the embedded file {FILE} is damaged ({reason}); reinstall runtheory")
