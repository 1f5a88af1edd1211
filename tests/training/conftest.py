"""A set of images small enough to train on in a blink, with classes that can be told apart."""

from __future__ import annotations

import pytest
import torch

from runtheory.data import ImageSet
from runtheory.data.image_set import assemble
from runtheory.randomness import stream


@pytest.fixture
def image_set() -> ImageSet:
    generator = stream(0, "images")
    labels = torch.arange(60) % 3
    patterns = torch.randint(256, (3, 1, 8, 8), generator=generator)
    noise = torch.randint(256, (60, 1, 8, 8), generator=generator)
    images = ((patterns[labels] + noise) // 2).to(torch.uint8)
    return assemble(
        "patterns",
        (images[:48], labels[:48]),
        test=(images[48:], labels[48:]),
        classes=("a", "b", "c"),
    )


@pytest.fixture
def one_thread():
    """Run on one thread, as the processes do whose numbers are compared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
