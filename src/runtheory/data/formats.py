"""Decoders read IDX files and the binary files of CIFAR-10 into tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from runtheory.boundary import checked

Pair = tuple[Tensor, Tensor]
Parts = tuple[Pair, Pair]

CIFAR_PIXELS = 32 * 32
CIFAR_RECORD = 1 + 3 * CIFAR_PIXELS


@checked
def decode_idx(files: Mapping[str, bytes]) -> Parts:
    """Return ((training images, labels), (test images, labels)) from the four IDX files."""
    return (
        (_idx_images(files["train-images-idx3-ubyte"]), _idx(files["train-labels-idx1-ubyte"])),
        (_idx_images(files["t10k-images-idx3-ubyte"]), _idx(files["t10k-labels-idx1-ubyte"])),
    )


def _idx_images(content: bytes) -> Tensor:
    return _idx(content).unsqueeze(1)  # (image, channel, row, column)


def _idx(content: bytes) -> Tensor:
    """Read unsigned bytes in IDX form: 0, 0, 8, rank, then big-endian sizes, then the values.

    Rank 1 holds labels and comes back as int64; every other rank stays uint8.
    """
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"not an IDX file of unsigned bytes: it begins with {content[:4]!r}")
    rank = content[3]
    if len(content) < 4 + 4 * rank:
        raise ValueError(f"an IDX file of {rank} axes is longer than {len(content)} bytes")
    shape = np.frombuffer(content, ">u4", count=rank, offset=4)
    sizes, given = [int(size) for size in shape], len(content) - 4 - 4 * rank
    if math.prod(sizes) != given:
        raise ValueError(f"an IDX file of sizes {sizes} must hold their product, got {given} bytes")
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(sizes)
    # A copy, since torch may not own the read-only bytes.
    return torch.from_numpy(values.astype(np.int64 if rank == 1 else np.uint8, copy=True))


@checked
def decode_cifar(files: Mapping[str, bytes]) -> Parts:
    """Return ((training images, labels), (test images, labels)) from the CIFAR-10 binary files.

    A record is one label byte, then 1024 red, 1024 green and 1024 blue bytes, row by row.

    Raises
    ------
    ValueError
        If a file is no whole number of records, or the files are not equally long.
    """
    names = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
    sizes = {name: len(files[name]) for name in names}
    if len(set(sizes.values())) > 1 or sizes[names[0]] % CIFAR_RECORD:
        told = f"equally long and whole records of {CIFAR_RECORD} bytes"
        raise ValueError(f"the files of CIFAR-10 must be {told}, got {sizes}")
    train = b"".join(files[name] for name in names[:-1])
    return _cifar_records(train), _cifar_records(files["test_batch.bin"])


def _cifar_records(content: bytes) -> Pair:
    records = np.frombuffer(content, np.uint8).reshape(-1, CIFAR_RECORD)  # (image, byte)
    images = records[:, 1:].reshape(-1, 3, 32, 32).copy()
    return torch.from_numpy(images), torch.from_numpy(records[:, 0].astype(np.int64))
