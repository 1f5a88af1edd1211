"""Slices and mask give the same bits, and each serves what it should."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, func, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx

from runtheory.mixing import Boxes, draw_cutmix, pasting
from runtheory.mixing.pasting import INTEGERS, is_plain, is_transformed, paste
from tests.mixing.batches import PLACEMENTS, generator

WHOLE = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16)
BROKEN = (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.complex64)
DTYPES = (*WHOLE, *BROKEN, torch.float8_e5m2, torch.complex128)

cases = st.fixed_dictionaries(
    {
        "batch": st.integers(1, 9),
        "channels": st.integers(1, 3),
        "height": st.integers(1, 12),
        "width": st.integers(1, 12),
        "alpha": st.sampled_from([0.1, 1.0, 4.0]),
        "placement": st.sampled_from(PLACEMENTS),
        "per_image": st.booleans(),
        "derangement": st.booleans(),
        "probability": st.sampled_from([0.5, 1.0]),
        "dtype": st.sampled_from(DTYPES),
        "layout": st.sampled_from(["plain", "channels last", "turned", "every other", "expanded"]),
        "seed": st.integers(0, 10**6),
    }
)


def random_bits(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> Tensor:
    """Return numbers whose bits are random, NaN with payloads and subnormal ones among them."""
    size = torch.empty((), dtype=dtype).element_size()
    if dtype is torch.bool:
        return torch.rand(shape, generator=generator(seed)) < 0.5
    raw = torch.randint(0, 256, (*shape, size), dtype=torch.uint8, generator=generator(seed))
    return raw.view(dtype)[..., 0]


def laid_out(images: Tensor, layout: str) -> Tensor:
    """Return the same images in another order of memory, but for those that are expanded."""
    if layout == "channels last":
        return images.contiguous(memory_format=torch.channels_last)
    if layout == "turned":
        return images.transpose(2, 3).contiguous().transpose(2, 3)
    if layout == "every other":
        return images.repeat_interleave(2, dim=3)[..., ::2]
    if layout == "expanded":
        return images[:, :1].expand_as(images)
    return images


def drawn(case: dict[str, Any]) -> tuple[Tensor, Boxes, Tensor]:
    """Return images, boxes and partners of a case."""
    shape = case["batch"], case["channels"], case["height"], case["width"]
    plan = draw_cutmix(
        shape,
        alpha=case["alpha"],
        placement=case["placement"],
        per_image=case["per_image"],
        derangement=case["derangement"] and case["batch"] > 1,
        probability=case["probability"],
        generator=generator(case["seed"]),
    )
    images = laid_out(random_bits(shape, case["dtype"], case["seed"]), case["layout"])
    return images, plan.boxes, plan.partner


def bits_of(images: Tensor) -> Tensor:
    """Return the bits, which compare where NaN does not."""
    laid = images.contiguous()
    if laid.element_size() == 16:
        return torch.view_as_real(laid).view(torch.int64)
    return laid.view(INTEGERS[laid.element_size()])


def same_bits(first: Tensor, second: Tensor) -> bool:
    return torch.equal(bits_of(first), bits_of(second))


@given(case=cases)
def test_slices_and_mask_give_the_same_bits(case: dict[str, Any]) -> None:
    images, boxes, partner = drawn(case)
    assert is_plain(images)
    by_slices = paste(boxes, partner, images)
    by_mask = pasting._by_mask(boxes, partner, images)
    if images.element_size() < 16:
        where = torch.where(boxes.mask()[:, None], bits_of(images[partner]), bits_of(images))
        assert torch.equal(bits_of(by_slices), where)
    assert same_bits(by_slices, by_mask)
    assert by_slices.dtype == images.dtype
    if case["layout"] in ("plain", "channels last"):
        assert by_slices.stride() == by_mask.stride() == images.stride()


@given(case=cases)
def test_a_buffer_and_the_images_themselves_take_the_same_bits(case: dict[str, Any]) -> None:
    images, boxes, partner = drawn(case)
    before = images.clone()
    expected = paste(boxes, partner, images)
    buffer = torch.empty_like(images.contiguous())
    assert paste(boxes, partner, images, buffer) is buffer
    assert same_bits(buffer, expected)
    assert same_bits(images, before)
    if case["layout"] != "expanded":
        assert paste(boxes, partner, images, images) is images
        assert same_bits(images, expected)


@pytest.mark.parametrize("images_at_a_time", [1, 2, 9])
def test_how_many_images_are_copied_at_a_time_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, images_at_a_time: int
) -> None:
    images = torch.arange(5 * 2 * 6 * 7, dtype=torch.int32).view(5, 2, 6, 7)
    plan = draw_cutmix(images.shape, generator=generator(0))
    expected = torch.where(plan.boxes.mask()[:, None], images[plan.partner], images)
    monkeypatch.setattr(pasting, "CACHED", images_at_a_time * images[:1].nbytes + 1)
    buffer = torch.zeros_like(images)
    for mixed in (plan.mix_images(images), plan.mix_images(images, buffer)):
        assert torch.equal(mixed, expected)
    assert torch.equal(images, torch.arange(images.numel(), dtype=torch.int32).view_as(images))


def test_a_backward_pass_notices_that_its_buffer_was_written() -> None:
    images, buffer = torch.ones(4, 1, 6, 6), torch.ones(4, 1, 6, 6)
    plan = draw_cutmix(images.shape, generator=generator(0))
    weight = torch.ones(1, requires_grad=True)
    loss = (weight * buffer).sum()
    plan.mix_images(images, buffer)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_donor_of_several_images_is_pasted_in_place_too() -> None:
    images = random_bits((4, 2, 5, 5), torch.float32, 0)
    boxes = Boxes(torch.tensor([[0, 3, 0, 3], [1, 5, 2, 5], [0, 5, 0, 5], [2, 4, 0, 1]]), 5, 5)
    partner = torch.tensor([1, 0, 0, 2])
    expected = paste(boxes, partner, images)
    paste(boxes, partner, images, images)
    assert same_bits(images, expected)


def test_edges_outside_the_image_are_cut_and_not_counted_from_the_other_end() -> None:
    images = random_bits((2, 1, 6, 6), torch.uint8, 1)
    partner = torch.tensor([1, 0])
    for edges in ([-2, 3, 0, 99], [4, 2, 0, 6], [-5, -1, -6, -2], [7, 9, 0, 6]):
        boxes = Boxes(torch.tensor([edges, edges]), 6, 6)
        expected = pasting._by_mask(boxes, partner, images)
        assert torch.equal(paste(boxes, partner, images), expected)
        assert torch.equal(paste(boxes, partner, images.clone(), images.clone()), expected)
        own = images.clone()
        assert torch.equal(paste(boxes, partner, own, own), expected)


@pytest.mark.parametrize("wrong", [-1, 2])
def test_a_partner_that_is_none_of_the_images_is_refused(wrong: int) -> None:
    images, boxes = torch.zeros(2, 1, 4, 4), Boxes(torch.tensor([[0, 2, 0, 2]] * 2), 4, 4)
    with pytest.raises(ValueError, match=f"partner must lie in 0 to 1, got {wrong}"):
        paste(boxes, torch.tensor([wrong, 0]), images)


def test_what_is_changed_in_place_is_noticed_by_a_backward_pass() -> None:
    images = torch.rand(3, 2, 4, 4, generator=generator())
    weight = torch.ones((), requires_grad=True)
    loss = (weight * images).sum()  # keeps the images for the gradient of the weight
    boxes = Boxes(torch.tensor([[0, 2, 0, 2]] * 3), 4, 4)
    paste(boxes, torch.tensor([1, 2, 0]), images, images)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
    with torch.inference_mode():
        inference = torch.rand(3, 2, 4, 4)
        paste(boxes, torch.tensor([1, 2, 0]), inference, inference)


class Marked(Tensor):
    """A tensor of a class of its own, as other packages have them."""


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
def test_only_bare_numbers_are_written_outside_of_pytorch() -> None:
    images = torch.rand(2, 1, 4, 4)
    assert is_plain(images)
    assert is_plain(images.contiguous(memory_format=torch.channels_last))
    for other in (
        images.to("meta"),
        images.clone().requires_grad_(),
        nn.Parameter(images),
        images.as_subclass(Marked),
        images.to_sparse(),
        images.to(torch.complex64).conj(),
        torch._neg_view(images),
    ):
        assert not is_plain(other)
    with FakeTensorMode():
        assert not is_plain(torch.empty(2, 1, 4, 4))
    with forward_ad.dual_level():
        assert not is_plain(forward_ad.make_dual(images, images))
    answers: list[bool] = []

    def ask(values: Tensor) -> Tensor:
        answers.append(is_plain(values))
        return values.sum()

    func.vmap(ask)(images)
    func.grad(ask)(images)
    func.jvp(ask, (images,), (images,))
    make_fx(ask)(images)
    assert answers == [False] * 4


def test_a_traced_step_follows_other_images() -> None:
    images = torch.rand(4, 1, 6, 6, generator=generator())
    plan = draw_cutmix(images.shape, generator=generator(1))
    traced = make_fx(lambda pixels: paste(plan.boxes, plan.partner, pixels))(images)
    assert torch.equal(traced(images + 1), paste(plan.boxes, plan.partner, images + 1))


def test_the_mask_serves_tensors_without_numbers() -> None:
    with FakeTensorMode():
        images = torch.empty(4, 3, 8, 8).contiguous(memory_format=torch.channels_last)
        boxes = Boxes(torch.zeros(4, 4, dtype=torch.int64), 8, 8)
        mixed = paste(boxes, torch.arange(4), images)
    assert mixed.stride() == images.stride()


def test_a_tensor_is_transformed_inside_torch_func_alone() -> None:
    answers: list[bool] = []

    def ask(values: torch.Tensor) -> torch.Tensor:
        answers.append(is_transformed(values))
        return values.sum()

    ask(torch.ones(3))
    func.grad(ask)(torch.ones(3))
    func.vmap(ask)(torch.ones(2, 3))
    assert answers == [False, True, True]
