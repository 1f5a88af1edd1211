"""What a plan promises and what is really done to the pixels and the labels."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.mixing import (
    CLIPPED,
    EVEN_SIDES,
    INSIDE,
    PADDED,
    Placement,
    apply,
    draw_cutmix,
    draw_cutout,
    draw_mixup,
)

PLACEMENTS = (CLIPPED, INSIDE, PADDED, EVEN_SIDES, Placement(0.3))
DTYPES = (torch.uint8, torch.float32, torch.float16, torch.bfloat16, torch.float64)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(batch: int, height: int, width: int, dtype: torch.dtype) -> torch.Tensor:
    """Image i is the constant i: whose pixel it is can be read from its value."""
    values = torch.arange(batch, dtype=torch.float32).to(dtype)
    return values[:, None, None, None].expand(batch, 2, height, width).clone()


cases = st.fixed_dictionaries(
    {
        "batch": st.integers(1, 9),
        "height": st.integers(1, 40),
        "width": st.integers(1, 40),
        "alpha": st.sampled_from([0.05, 0.3, 1.0, 4.0]),
        "placement": st.sampled_from(PLACEMENTS),
        "per_image": st.booleans(),
        "probability": st.sampled_from([0.0, 0.5, 1.0]),
        "dtype": st.sampled_from(DTYPES),
        "seed": st.integers(0, 10**6),
    }
)


@given(case=cases)
def test_the_target_share_is_the_share_of_pixels_from_the_stated_partner(case):
    batch, height, width = case["batch"], case["height"], case["width"]
    images = numbered(batch, height, width, case["dtype"])
    labels = torch.arange(batch)
    before = images.clone(), labels.clone()
    plan = draw_cutmix(
        images.shape,
        alpha=case["alpha"],
        placement=case["placement"],
        per_image=case["per_image"],
        probability=case["probability"],
        generator=generator(case["seed"]),
    )
    mixed, targets = apply(plan, images, labels, classes=batch)
    assert mixed.dtype == images.dtype
    assert targets.dtype == torch.float32
    assert torch.equal(images, before[0])
    assert torch.equal(labels, before[1])
    assert torch.allclose(targets.sum(1), torch.ones(batch), atol=1e-6)
    donor = mixed[:, 0].to(torch.int64)
    for i in range(batch):
        counts = torch.bincount(donor[i].ravel(), minlength=batch).double() / (height * width)
        assert torch.allclose(targets[i].double(), counts, atol=1e-6)
        if plan.partner[i] != i:
            assert plan.share[i] == counts[plan.partner[i]]
    if case["probability"] == 0:
        assert torch.equal(mixed, images)
    if not case["per_image"]:
        assert (plan.share == plan.share[0]).all()


@given(seed=st.integers(0, 10**6), placement=st.sampled_from(PLACEMENTS))
def test_pixels_come_from_the_same_coordinates_inside_the_stated_box(seed, placement):
    source = generator(seed)
    images = torch.rand(5, 3, 7, 12, generator=source)
    plan = draw_cutmix(images.shape, placement=placement, derangement=True, generator=source)
    mixed, _ = apply(plan, images, torch.zeros(5, dtype=torch.int64), classes=1)
    for i, (top, bottom, left, right) in enumerate(plan.boxes.edges.tolist()):
        expected = images[i].clone()
        expected[:, top:bottom, left:right] = images[plan.partner[i], :, top:bottom, left:right]
        assert torch.equal(mixed[i], expected)


def test_mixup_against_a_float64_loop():
    source = generator(1)
    images = torch.randn(7, 3, 4, 5, generator=source)
    labels = torch.tensor([0, 1, 2, 2, 1, 0, 1])
    plan = draw_mixup(images.shape, alpha=0.4, generator=source)
    mixed, targets = apply(plan, images, labels, classes=3)
    for i in range(7):
        j, share = int(plan.partner[i]), float(plan.share[i])
        expected = (1 - share) * images[i].double() + share * images[j].double()
        assert torch.allclose(mixed[i].double(), expected, atol=1e-6)
        row = torch.zeros(3, dtype=torch.float64)
        row[labels[i]] += 1 - share
        row[labels[j]] += share
        assert torch.allclose(targets[i].double(), row, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_mixup_in_half_precision_rounds_once(dtype):
    images = torch.randn(16, 1, 8, 8, generator=generator(2)).to(dtype)
    plan = draw_mixup(images.shape, generator=generator(3))
    mixed, _ = apply(plan, images, torch.zeros(16, dtype=torch.int64), classes=1)
    wide, _ = apply(plan, images.float(), torch.zeros(16, dtype=torch.int64), classes=1)
    assert mixed.dtype == dtype
    assert torch.equal(mixed, wide.to(dtype))


def test_cutout_fills_the_box_and_leaves_the_label():
    images = torch.ones(64, 3, 9, 13)
    plan = draw_cutout(images.shape, size=4, placement=INSIDE, fill=-2.0, generator=generator())
    mixed, targets = apply(plan, images, torch.full((64,), 2), classes=5)
    assert ((mixed == -2.0).sum(dim=(2, 3)) == 16).all()
    assert torch.equal(targets, torch.eye(5)[torch.full((64,), 2)])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_class_ids_stay_exact_beside_half_precision_images(dtype):
    labels = torch.tensor([2049, 257, 4095, 2051])
    images = torch.zeros(4, 1, 8, 8, dtype=dtype)
    plan = draw_cutmix(images.shape, probability=0.0, generator=generator())
    _, targets = apply(plan, images, labels, classes=4096)
    assert torch.equal(targets.argmax(1), labels)


def test_soft_targets_pass_and_mix():
    soft = torch.softmax(torch.randn(6, 4, generator=generator()), dim=1).half()
    images = numbered(6, 8, 8, torch.float32)
    plan = draw_cutmix(images.shape, generator=generator(1))
    _, targets = apply(plan, images, soft)
    share = plan.share.float()[:, None]
    expected = (1 - share) * soft.float() + share * soft.float()[plan.partner]
    assert targets.dtype == torch.float32
    assert torch.allclose(targets, expected, atol=1e-6)


@pytest.mark.parametrize("draw", [draw_cutmix, draw_mixup])
def test_gradients_reach_the_images(draw):
    images = torch.randn(6, 2, 8, 8, dtype=torch.float64, requires_grad=True)
    plan = draw(images.shape, generator=generator())
    mixed, _ = apply(plan, images, torch.zeros(6, dtype=torch.int64), classes=1)
    constant, _ = apply(plan, images.detach(), torch.zeros(6, dtype=torch.int64), classes=1)
    assert torch.equal(mixed.detach(), constant)
    (gradient,) = torch.autograd.grad(mixed.sum(), images)
    # Each pixel of the batch is used once on average, by itself or by its receiver.
    assert gradient.sum().item() == pytest.approx(images.numel())


def test_special_numbers_pass_bit_by_bit():
    images = torch.tensor([float("nan"), float("inf"), -0.0, 1e-45])[:, None, None, None]
    images = images.expand(4, 1, 8, 8).contiguous()
    plan = draw_cutmix(images.shape, derangement=True, generator=generator(4))
    mixed, _ = apply(plan, images, torch.zeros(4, dtype=torch.int64), classes=1)
    expected = torch.where(plan.boxes.mask()[:, None], images[plan.partner], images)
    assert torch.equal(mixed.view(torch.int32), expected.view(torch.int32))


@pytest.mark.parametrize("draw", [draw_cutmix, draw_mixup])
def test_channels_last_is_preserved(draw):
    images = torch.randn(4, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    plan = draw(images.shape, generator=generator())
    mixed, _ = apply(plan, images, torch.zeros(4, dtype=torch.int64), classes=1)
    assert mixed.is_contiguous(memory_format=torch.channels_last)


def test_the_generator_alone_decides_and_the_global_one_is_left_alone():
    state = torch.get_rng_state()
    first, second, third = (
        draw_cutmix((32, 1, 28, 28), generator=generator(seed)) for seed in (5, 5, 6)
    )
    assert torch.equal(first.boxes.edges, second.boxes.edges)
    assert torch.equal(first.partner, second.partner)
    assert not torch.equal(first.boxes.edges, third.boxes.edges)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_probability_does_not_move_the_other_numbers():
    always = draw_cutmix((200, 1, 8, 8), generator=generator(5))
    half = draw_cutmix((200, 1, 8, 8), probability=0.5, generator=generator(5))
    drawn = half.boxes.edges.any(dim=1)
    assert torch.equal(always.partner, half.partner)
    assert torch.equal(always.boxes.edges[drawn], half.boxes.edges[drawn])


def wrong_inputs():
    shape = (4, 1, 8, 8)
    images, labels = torch.zeros(shape), torch.zeros(4, dtype=torch.int64)
    plan = draw_cutmix(shape, generator=generator())
    mixup = draw_mixup(shape, generator=generator())
    g = generator()
    return {
        "alpha zero": (lambda: draw_cutmix(shape, alpha=0.0, generator=g), "alpha must be pos"),
        "alpha nan": (lambda: draw_mixup(shape, alpha=float("nan"), generator=g), "alpha must be"),
        "probability": (lambda: draw_cutmix(shape, probability=1.2, generator=g), r"\[0, 1\]"),
        "three axes": (lambda: draw_cutmix((4, 8, 8), generator=g), "must have shape"),
        "one deranged": (
            lambda: draw_cutmix((1, 1, 8, 8), derangement=True, generator=g),
            "at least 2 images",
        ),
        "large cutout": (lambda: draw_cutout(shape, size=9, generator=g), r"size .*\[1, 8\]"),
        "overhang": (lambda: Placement(1.5), "overhang must lie"),
        "other batch": (lambda: apply(plan, images[:3], labels[:3], classes=2), "plan is for"),
        "other size": (
            lambda: apply(plan, torch.zeros(4, 1, 8, 9), labels, classes=2),
            "plan is for",
        ),
        "mixup batch": (lambda: apply(mixup, images[:3], labels[:3], classes=2), "for 4 images"),
        "mixup uint8": (lambda: apply(mixup, images.byte(), labels, classes=2), "floating-point"),
        "lengths": (lambda: apply(plan, images, labels[:3], classes=2), "one length"),
        "too high": (lambda: apply(plan, images, labels + 2, classes=2), "must lie in 0 to 1"),
        "negative": (lambda: apply(plan, images, labels - 1, classes=2), "must lie in 0 to 1"),
        "no classes": (lambda: apply(plan, images, labels), "number of classes"),
        "columns": (lambda: apply(plan, images, torch.ones(4, 3), classes=2), "2 columns"),
        "device": (lambda: apply(plan, images.to("meta"), labels.to("meta"), classes=2), "lies on"),
    }


@pytest.mark.parametrize("name", list(wrong_inputs()))
def test_wrong_input_gets_one_clear_error(name):
    call, message = wrong_inputs()[name]
    with pytest.raises(ValueError, match=message):
        call()
