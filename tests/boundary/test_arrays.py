"""Axes, kinds of number and containers of one annotation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from jaxtyping import Bool, Float, Float64, Int64, Real, Shaped
from torch import Tensor

from runtheory.boundary.arrays import ArrayOf


def read(annotation, value, sizes=None):
    return ArrayOf(annotation)("values", value, {} if sizes is None else sizes)


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ("", ()),
        ("a b", (2, 3)),
        ("a a", (2, 2)),
        ("a 2", (5, 2)),
        ("sign=2 a", (2, 7)),
        ("_ a", (9, 1)),
        ("...", ()),
        ("a ...", (1, 2, 3)),
        ("*batch a a", (4, 5, 3, 3)),
        ("*batch a", (3,)),
        ("a a-1", (4, 9)),
    ],
)
def test_shapes_that_fit(axes: str, shape: tuple[int, ...]) -> None:
    value = torch.zeros(shape)
    assert read(Float[Tensor, axes], value) is value


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ("", (1,)),
        ("a b", (2,)),
        ("a b", (2, 3, 1)),
        ("a a", (2, 3)),
        ("a 2", (2, 5)),
        ("sign=2 a", (3, 7)),
        ("a ...", ()),
        ("*batch a a", (4, 5, 3, 2)),
        ("a *batch b", (4,)),
    ],
)
def test_shapes_that_do_not(axes: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="values must have"):
        read(Float[Tensor, axes], torch.zeros(shape))


def test_named_axes_agree_between_arguments_also_several_at_once() -> None:
    sizes = {"batch": (4, "features"), "case": ((2, 3), "other")}
    assert read(Float[Tensor, "batch"], torch.zeros(4), sizes) is not None
    assert read(Float[Tensor, "*case 1"], torch.zeros(2, 3, 1), sizes) is not None
    with pytest.raises(ValueError, match=r"values must have batch = 4 as features has"):
        read(Float[Tensor, "batch"], torch.zeros(1), sizes)
    with pytest.raises(ValueError, match=r"values must have case = \(2, 3\) as other has"):
        read(Float[Tensor, "*case 1"], torch.zeros(3, 1), sizes)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
def test_integers_of_any_width_become_int64(dtype: torch.dtype) -> None:
    assert read(Int64[Tensor, "a"], torch.zeros(3, dtype=dtype)).dtype == torch.int64


def test_floats_widen_and_never_narrow() -> None:
    half = torch.zeros(3, dtype=torch.bfloat16)
    assert read(Float64[Tensor, "a"], half).dtype == torch.float64
    assert read(Float[Tensor, "a"], half) is half
    assert read(Float64[np.ndarray, "a"], [1, 2]).dtype == np.float64
    with pytest.raises(TypeError, match="values must hold float64, got int64"):
        read(Float64[Tensor, "a"], torch.zeros(3, dtype=torch.int64))
    with pytest.raises(TypeError, match="values must hold real numbers, got bool"):
        read(Real[np.ndarray, "a"], np.array([True]))
    with pytest.raises(TypeError, match="values must hold truth values, got int64"):
        read(Bool[Tensor, "a"], torch.ones(3, dtype=torch.int64))


def test_an_array_is_taken_for_a_tensor_and_numbers_for_an_array() -> None:
    array = np.zeros((2, 3), dtype=np.float32)
    tensor = read(Float[Tensor, "a b"], array)
    tensor[0, 0] = 1
    assert array[0, 0] == 1
    array.flags.writeable = False
    assert read(Float[Tensor, "a b"], array).shape == (2, 3)
    assert read(Float[Tensor, "a b"], np.arange(6.0).reshape(2, 3)[:, ::-1])[0].tolist() == [
        2,
        1,
        0,
    ]
    assert read(Float64[np.ndarray, ""], 2.0).shape == ()
    assert read(Float64[np.ndarray, "a"], torch.zeros(3, requires_grad=True)).shape == (3,)


@pytest.mark.parametrize("value", [None, "text", {}, [[1.0], [1.0, 2.0]], ["a"], True])
def test_what_is_no_array_is_refused(value) -> None:
    with pytest.raises((TypeError, ValueError), match="values must"):
        read(Shaped[np.ndarray, "..."], value)
    with pytest.raises(TypeError, match="values must be a tensor"):
        read(Shaped[Tensor, "..."], value)
