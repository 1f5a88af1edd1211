"""Tensors are refused in one wording; their values are read only where that costs no wait."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from runtheory import tensor_checks


@pytest.mark.parametrize("kind", [torch.uint8, torch.int32, torch.int64])
def test_labels_of_any_integer_type_become_int64(kind: torch.dtype) -> None:
    labels = tensor_checks.class_labels(torch.tensor([0, 2, 1], dtype=kind), classes=3, batch=3)
    assert labels.dtype == torch.int64
    assert labels.tolist() == [0, 2, 1]
    assert tensor_checks.class_labels(np.array([1, 0], dtype=np.int32), classes=2).tolist() == [
        1,
        0,
    ]


LABELS = {
    "labels must be integers, got torch.float32": (torch.tensor([0.0, 1.0]), TypeError),
    "labels must be integers, got torch.bool": (torch.tensor([True, False]), TypeError),
    "labels must be a tensor or a NumPy array of numbers, got list": ([0, 1], TypeError),
    "labels must be a tensor or a NumPy array of numbers, got array of <U1": (
        np.array(["a", "b"]),
        TypeError,
    ),
    "labels must have shape (2,), got (2, 1)": (torch.tensor([[0], [1]]), ValueError),
    "labels must have shape (2,), got (3,)": (torch.tensor([0, 1, 0]), ValueError),
    "labels must lie in 0 to 1, got -100": (torch.tensor([0, -100]), ValueError),
}


@pytest.mark.parametrize("message", LABELS)
def test_other_labels_are_refused(message: str) -> None:
    labels, error = LABELS[message]
    with pytest.raises(error, match=re.escape(message)):
        tensor_checks.class_labels(labels, classes=2, batch=2)


def test_values_without_storage_or_elsewhere_are_not_looked_at() -> None:
    assert tensor_checks.readable(torch.ones(2))
    assert not tensor_checks.readable(torch.ones(2, device="meta"))
    with FakeTensorMode():
        assert not tensor_checks.readable(torch.ones(2))
    looked = torch.func.vmap(lambda row: row * tensor_checks.readable(row))(torch.ones(2, 3))
    assert not looked.any()
    tensor_checks.finite(features=torch.ones(2, device="meta"))


@pytest.mark.parametrize("value", [torch.tensor([1.0, torch.nan]), np.array([np.inf]), math.nan])
def test_what_is_not_finite_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="features must be finite, got NaN or infinity"):
        tensor_checks.finite(weights=torch.tensor([1]), features=value)


def test_lengths_and_shapes_are_not_broadcast() -> None:
    tensor_checks.equal_lengths(inputs=[1, 2], labels=torch.zeros(2))
    with pytest.raises(ValueError, match="lengths must be equal, got inputs 2, labels 1"):
        tensor_checks.equal_lengths(inputs=[1, 2], labels=torch.zeros(1))
    with pytest.raises(ValueError, match=re.escape("got weight (3,), bias (3, 1)")):
        tensor_checks.equal_shapes(weight=torch.zeros(3), bias=torch.zeros(3, 1))


def test_images_are_floats_between_0_and_1() -> None:
    tensor_checks.unit_range(images=torch.tensor([0.0, 1.0]))
    with pytest.raises(TypeError, match=re.escape("float images in [0, 1], got torch.uint8")):
        tensor_checks.unit_range(images=torch.zeros(2, dtype=torch.uint8))
    for wrong in (255.0, -0.1, math.nan):
        with pytest.raises(ValueError, match=re.escape("images must lie in [0, 1], got")):
            tensor_checks.unit_range(images=torch.tensor([0.5, wrong]))


@pytest.mark.parametrize("brightest", [1 + 1e-6, 1.9, 255.0])
def test_images_a_little_too_bright_are_refused(brightest: float) -> None:
    tensor_checks.unit_range(images=torch.tensor([0.0, 1.0]))
    with pytest.raises(ValueError, match="images must lie in"):
        tensor_checks.unit_range(images=torch.tensor([0.0, brightest]))
