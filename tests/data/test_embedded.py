"""``fashion-mini`` is what it says, is refused when damaged, and is rebuilt from the full set."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import time
from importlib import resources
from pathlib import Path

import pytest
import torch

from runtheory import data
from runtheory.data import embedded, formats
from runtheory.data.datasets import DATASETS

DEBIAN = DATASETS["fashion-mnist"].folders[0]
MEBIBYTE = 2**20


def packaged() -> Path:
    return Path(str(resources.files("runtheory.data") / embedded.FILE))


def test_it_is_balanced_whole_and_of_the_stated_types() -> None:
    found = data.load("fashion-mini")
    assert found.train_images.shape == (10_000, 1, 28, 28)
    assert found.test_images.shape == (5_000, 1, 28, 28)
    assert found.train_images.dtype == found.test_images.dtype == torch.uint8
    assert found.train_labels.dtype == found.test_labels.dtype == torch.int64
    assert found.train_labels.bincount().tolist() == [1000] * 10
    assert found.test_labels.bincount().tolist() == [500] * 10
    assert found.classes[0] == "T-shirt/top"
    assert found.classes[9] == "Ankle boot"


def test_no_prefix_holds_one_class_only() -> None:
    # In the official order, not sorted by class: the front is a fair sample.
    assert (data.load("fashion-mini").train_labels[:500].bincount(minlength=10) > 25).all()


def test_it_is_small_and_loads_fast() -> None:
    assert packaged().stat().st_size < 6 * MEBIBYTE
    begin = time.process_time()  # a crowded machine does not count
    data.load("fashion-mini")
    assert time.process_time() - begin < 2


def test_its_licence_is_beside_it() -> None:
    notice = packaged().with_name("fashion_mini.LICENSE").read_text()
    assert "Copyright (c) 2017 Zalando SE, https://tech.zalando.com" in notice
    assert "The above copyright notice and this permission notice shall be included" in notice


def test_packing_and_unpacking_are_inverse() -> None:
    whole = embedded.read_embedded()
    content = embedded.pack(whole)
    assert hashlib.sha256(content).hexdigest() == embedded.SHA256
    for part, again in zip(whole, embedded.unpack(content), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(part, again, strict=True))


@pytest.mark.parametrize("damage", ["cut", "flip", "swap", "gone"])
def test_a_damaged_file_is_refused_by_name(damage, tmp_path, monkeypatch) -> None:
    content = packaged().read_bytes()
    if damage == "cut":
        content = content[: len(content) // 50]
    elif damage == "flip":
        content = content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]
    elif damage == "swap":
        train, test = embedded.read_embedded()
        content = lzma.compress(embedded.pack((test, train)), preset=0)
    if damage != "gone":
        (tmp_path / embedded.FILE).write_bytes(content)
    monkeypatch.setattr(embedded.resources, "files", lambda package: tmp_path)
    with pytest.raises(data.DataError, match=r"fashion-mini: .*fashion_mini\.xz is damaged"):
        data.load("fashion-mini")


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs the full Fashion-MNIST of Debian")
def test_every_image_is_the_official_one_at_the_chosen_place() -> None:
    official = formats.decode_idx(
        {
            file.name: gzip.decompress((DEBIAN / f"{file.name}.gz").read_bytes())
            for file in DATASETS["fashion-mnist"].files
        }
    )
    for part, (images, labels), mini in zip(
        ("train", "test"), official, embedded.read_embedded(), strict=True
    ):
        chosen = embedded.choose(labels, part)
        assert torch.equal(images[chosen], mini[0])
        assert torch.equal(labels[chosen], mini[1])
