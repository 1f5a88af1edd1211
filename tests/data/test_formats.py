"""IDX and CIFAR-10 binary, against layouts written byte by byte."""

from __future__ import annotations

import pytest
import torch

from runtheory.data import formats


def test_idx_is_read_as_written(tiny) -> None:
    (images, labels), (test_images, _) = formats.decode_idx(tiny.contents)
    raw = tiny.contents["train-images-idx3-ubyte"]
    assert images.shape == test_images.shape == (6, 1, 3, 3)
    assert images[4, 0, 1, 2] == raw[16 + 4 * 9 + 1 * 3 + 2]
    assert labels.tolist() == [0, 1, 0, 1, 1, 0]
    assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)


def test_what_is_no_idx_file_is_refused(tiny) -> None:
    broken = tiny.contents | {"t10k-labels-idx1-ubyte": b"\0\0\x0d\x01\0\0\0\0"}
    with pytest.raises(ValueError, match="not an IDX file"):
        formats.decode_idx(broken)
    for content, message in (
        (b"", "not an IDX file"),
        (b"\0\0\x08", "not an IDX file"),
        (b"\0\0\x08\x03\0\0\0", "of 3 axes is longer than 7 bytes"),
        (b"\0\0\x08\x01\0\0\0\x03ab", r"sizes \[3\] must hold their product, got 2 bytes"),
        (b"\0\0\x08\x01\0\0\0\x03abcd", r"sizes \[3\] must hold their product, got 4 bytes"),
        (b"\0\0\x08\x02" + b"\xff" * 8, "must hold their product, got 0 bytes"),
    ):
        with pytest.raises(ValueError, match=message):
            formats.decode_idx(tiny.contents | {"t10k-labels-idx1-ubyte": content})


def test_cifar_records_are_label_then_three_planes(tiny_cifar) -> None:
    (images, labels), (test_images, _) = formats.decode_cifar(tiny_cifar.contents)
    assert images.shape == (10, 3, 32, 32)
    assert test_images.shape == (2, 3, 32, 32)
    raw = tiny_cifar.contents["data_batch_3.bin"]  # records 4 and 5
    assert labels[5] == raw[3073]
    assert images[5, 2, 7, 9] == raw[3073 + 1 + 2 * 1024 + 7 * 32 + 9]


@pytest.mark.parametrize("cut", [0, 1, formats.CIFAR_RECORD])
@pytest.mark.parametrize("name", ["data_batch_3.bin", "test_batch.bin"])
def test_missing_records_of_cifar_are_missed(tiny_cifar, name: str, cut: int) -> None:
    short = tiny_cifar.contents | {name: tiny_cifar.contents[name][:cut]}
    with pytest.raises(ValueError, match="must be equally long and whole records of 3073 bytes"):
        formats.decode_cifar(short)
    every = {name: content[:-1] for name, content in tiny_cifar.contents.items()}
    with pytest.raises(ValueError, match="whole records"):
        formats.decode_cifar(every)
