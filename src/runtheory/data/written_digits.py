"""``digits`` gives the 8 x 8 digits of scikit-learn a fixed split [pedregosa2011scikit]."""

from __future__ import annotations

import hashlib

import numpy as np
import torch

from runtheory import lazy
from runtheory.data.datasets import DIGIT_CLASSES
from runtheory.data.errors import DataError
from runtheory.data.formats import Parts
from runtheory.randomness import stream

NAME = "digits"
TEST_PER_CLASS = 36
SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


def read_digits() -> Parts:
    """Return ((1437 training images, labels), (360 test images, labels)).

    The values 0 to 16 become 15 times the value, 0 to 240: exact, linear and invertible by
    ``// 15``. The test part holds 36 images of each class, drawn from the stream ``digits`` of
    seed 0; both parts keep the order of scikit-learn.

    Raises
    ------
    DataError
        If scikit-learn's digits are not the ones that this book was written with.
    """
    with lazy.needed_by(__name__, extra="data"):
        from sklearn.datasets import load_digits  # takes a second, and only this set needs it

    source = load_digits()
    values, labels = source.images.astype(np.uint8), source.target.astype(np.uint8)
    digest = hashlib.sha256(values.tobytes() + labels.tobytes()).hexdigest()
    if digest != SHA256:
        raise DataError(
            f"{NAME}: scikit-learn's digits have SHA-256 {digest[:12]}..., not the one recorded "
            f"here ({SHA256[:12]}...); install the scikit-learn that requirements.lock names"
        )
    images = torch.from_numpy(15 * values).unsqueeze(1)
    targets = torch.from_numpy(labels.astype(np.int64))
    generator = stream(0, NAME)
    testing = torch.zeros(len(targets), dtype=torch.bool)
    for label in range(len(DIGIT_CLASSES)):
        members = (targets == label).nonzero().squeeze(1)
        testing[members[torch.randperm(len(members), generator=generator)][:TEST_PER_CLASS]] = True
    return (images[~testing], targets[~testing]), (images[testing], targets[testing])
