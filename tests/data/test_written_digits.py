"""scikit-learn's digits: the values, the scaling, the fixed split."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets
import torch

from runtheory import data


def test_the_split_is_stratified_disjoint_and_complete() -> None:
    found = data.load("digits")
    assert found.train_images.shape == (1437, 1, 8, 8)
    assert found.test_images.shape == (360, 1, 8, 8)
    assert found.test_labels.bincount().tolist() == [36] * 10
    source = sklearn.datasets.load_digits()
    rows = [(*row, label) for row, label in zip(source.data, source.target, strict=True)]
    split = [
        (*image.flatten().tolist(), label)
        for images, labels in (
            (found.train_images // 15, found.train_labels),
            (found.test_images // 15, found.test_labels),
        )
        for image, label in zip(images, labels.tolist(), strict=True)
    ]
    assert sorted(split) == sorted(tuple(map(int, row)) for row in rows)


def test_the_scaling_is_fifteen_times_and_nothing_else() -> None:
    values = data.load("digits").train_images
    assert values.dtype == torch.uint8
    assert set(values.flatten().tolist()) == {15 * value for value in range(17)}


def test_the_split_stays_as_recorded() -> None:
    labels = data.load("digits").test_labels.to(torch.uint8).numpy().tobytes()
    images = data.load("digits").test_images.numpy().tobytes()
    assert (
        hashlib.sha256(images + labels).hexdigest()
        == "e75f8718811b1a21ba8ee536ddab372448b6b6eaaec91cdedcbb5aa44b2d3ba0"
    )


def test_other_digits_are_refused(monkeypatch) -> None:
    other = SimpleNamespace(images=np.zeros((3, 8, 8)), target=np.zeros(3))
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: other)
    with pytest.raises(data.DataError, match="digits: scikit-learn's digits have SHA-256"):
        data.load("digits")
