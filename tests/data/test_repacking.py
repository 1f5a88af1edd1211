"""Pictures and gzip become the canonical files; what is too large or misshapen is refused."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from PIL import Image

from runtheory.data import repacking


def test_pictures_become_the_binary_layout(tiny_cifar) -> None:
    for file in tiny_cifar.spec.files:
        given = {
            name: (tiny_cifar.mirror / name).read_bytes()
            for name in repacking.picture_names(file.name)
        }
        assert repacking.from_picture(file.name, given, file.size) == tiny_cifar.contents[file.name]


@pytest.mark.parametrize(
    ("mode", "size"), [("RGB", (1024, 3)), ("RGB", (1023, 2)), ("RGBA", (1024, 2))]
)
def test_a_picture_of_another_shape_is_refused(mode, size) -> None:
    written = io.BytesIO()
    Image.new(mode, size).save(written, "PNG")
    given = {"test_batch.png": written.getvalue(), "test_lables.json": json.dumps([1, 2]).encode()}
    with pytest.raises(ValueError, match=r"not RGB \(1024, 2\)"):
        repacking.from_picture("test_batch.bin", given, 2 * 3073)


def test_a_picture_that_claims_to_be_huge_is_refused(monkeypatch) -> None:
    written = io.BytesIO()
    Image.new("RGB", (1024, 2)).save(written, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    given = {"test_batch.png": written.getvalue(), "test_lables.json": b"[1, 2]"}
    with pytest.raises(ValueError, match=r"test_batch\.png: Image size"):
        repacking.from_picture("test_batch.bin", given, 2 * 3073)


def test_decompression_stops_one_byte_beyond_the_known_size() -> None:
    given = {"file.gz": gzip.compress(bytes(10_000_000))}
    assert len(repacking.gunzipped("file", given, 100)) == 101
