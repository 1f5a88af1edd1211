from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory import data
from runtheory.information.certificates.two_classes import two_classes


@pytest.fixture(scope="module")
def source() -> data.ImageSet:
    return data.load("fashion-mini")


def test_rows_are_means_over_squares_scaled_by_the_other_classes(source: data.ImageSet) -> None:
    rows, is_second = two_classes(source, "Pullover", "Shirt")
    assert rows.shape == (3000, 49)
    assert int(is_second.sum()) == 1500
    labels = torch.cat([source.train_labels, source.test_labels])
    pixels = torch.cat([source.train_images, source.test_images]).double() / 255
    means = pixels.view(-1, 7, 4, 7, 4).mean((2, 4)).flatten(1)
    ours = [source.classes.index(name) for name in ("Pullover", "Shirt")]
    mine = (labels == ours[0]) | (labels == ours[1])
    others = means[~mine]
    expected = (means[mine] - others.mean(0)) / (others - others.mean(0)).square().mean().sqrt()
    torch.testing.assert_close(rows.double(), expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(is_second, labels[mine] == ours[1])


def test_a_square_of_one_keeps_every_pixel(source: data.ImageSet) -> None:
    rows, _ = two_classes(source, "Pullover", "Shirt", square=1)
    coarse, _ = two_classes(source, "Pullover", "Shirt", square=28)
    assert (rows.shape, coarse.shape) == ((3000, 784), (3000, 1))


def test_scaling_owes_nothing_to_the_two_classes(source: data.ImageSet) -> None:
    first = source.classes.index("Pullover")
    changed = source.train_images.clone()
    changed[source.train_labels == first] = 0
    rows, is_second = two_classes(source, "Pullover", "Shirt")
    again, _ = two_classes(replace(source, train_images=changed), "Pullover", "Shirt")
    assert torch.equal(rows[is_second], again[is_second])


@pytest.mark.parametrize("names", [("Shirt", "Shirt"), ("Shirt", "Sock")])
def test_wrong_classes_are_named(source: data.ImageSet, names: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="two of three or more classes"):
        two_classes(source, *names)
