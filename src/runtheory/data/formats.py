"""Decoders read IDX files and the binary files of CIFAR-10 into tensors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]
Parts = tuple[Pair, Pair]

CIFAR_PIXELS = 32 * 32
CIFAR_RECORD = 1 + 3 * CIFAR_PIXELS


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
    rank = content[3]
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"not an IDX file of unsigned bytes: it begins with {content[:4]!r}")
    shape = np.frombuffer(content, ">u4", count=rank, offset=4).astype(np.int64)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
    # A copy, since torch may not own the read-only bytes.
    return torch.from_numpy(values.astype(np.int64 if rank == 1 else np.uint8, copy=True))


def decode_cifar(files: Mapping[str, bytes]) -> Parts:
    """Return ((training images, labels), (test images, labels)) from the CIFAR-10 binary files.

    A record is one label byte, then 1024 red, 1024 green and 1024 blue bytes, row by row.
    """
    train = b"".join(files[f"data_batch_{number}.bin"] for number in range(1, 6))
    return _cifar_records(train), _cifar_records(files["test_batch.bin"])


def _cifar_records(content: bytes) -> Pair:
    records = np.frombuffer(content, np.uint8).reshape(-1, CIFAR_RECORD)  # (image, byte)
    images = records[:, 1:].reshape(-1, 3, 32, 32).copy()
    return torch.from_numpy(images), torch.from_numpy(records[:, 0].astype(np.int64))
