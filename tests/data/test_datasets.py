"""The table of full sets: MD5s as published elsewhere, and no slip in the layout."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from runtheory.data import embedded, written_digits
from runtheory.data.datasets import DATASETS
from tools.notebooks import ROOT

# As independent projects publish them for the uncompressed files, not derived from our copies.
PUBLISHED_MD5 = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
EVERY = [(name, file) for name, spec in DATASETS.items() for file in spec.files]


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_the_md5s_are_the_published_ones(name) -> None:
    for file in DATASETS[name].files:
        assert file.md5 == PUBLISHED_MD5[file.name]


def test_no_two_files_share_a_digest() -> None:
    assert len({file.sha256 for _, file in EVERY}) == len(EVERY) == 14
    assert len({file.md5 for _, file in EVERY}) == 14
    assert all(len(file.sha256) == 64 and len(file.md5) == 32 for _, file in EVERY)


@pytest.mark.parametrize("name", DATASETS)
def test_the_archives_give_every_file_once(name) -> None:
    spec = DATASETS[name]
    given = [file for archive in spec.archives for file in archive.gives]
    assert sorted(given) == sorted(file.name for file in spec.files)
    assert all(len(archive.sha256) == 64 for archive in spec.archives)
    assert all(address.endswith("/") for address in spec.addresses)


@pytest.mark.skipif(
    not DATASETS["fashion-mnist"].folders[0].is_dir(), reason="needs Debian's Fashion-MNIST"
)
def test_the_debian_files_are_the_canonical_ones() -> None:
    for file in DATASETS["fashion-mnist"].files:
        path = DATASETS["fashion-mnist"].folders[0] / f"{file.name}.gz"
        content = gzip.decompress(path.read_bytes())
        assert len(content) == file.size
        assert hashlib.sha256(content).hexdigest() == file.sha256
        assert hashlib.md5(content).hexdigest() == file.md5


def test_the_appendix_prints_every_digest() -> None:
    page = (ROOT / "book" / "appendices" / "data.md").read_text(encoding="utf-8")
    for name, file in EVERY:
        row = f"| {name} | `{file.name}` | {file.size:,} | `{file.sha256}` | `{file.md5}` |"
        assert row in page
    assert embedded.SHA256 in page
    assert written_digits.SHA256 in page
