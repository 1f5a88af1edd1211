"""What is really done to the pixels and the labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, func
from torch.autograd import forward_ad

from runtheory.mixing import INSIDE, apply, apply_, draw_cutmix, draw_cutout, draw_mixup
from runtheory.mixing.placement import IntervalRule
from runtheory.mixing.plans import CutmixPlan, MixupPlan, Plan
from tests.mixing.batches import PLACEMENTS, generator, numbered, zeros

DTYPES = (torch.uint8, torch.float32, torch.float16, torch.bfloat16, torch.float64)
# PyTorch loads its own forward-mode formulas through a way that it calls deprecated.
JVP_SCRIPTS = "ignore:.torch.jit.script. is deprecated"
DRAWS: dict[str, Callable[..., Plan]] = {"cutmix": draw_cutmix, "mixup": draw_mixup}


def by_where(plan: CutmixPlan, images: Tensor) -> Tensor:
    """Return the pasted images by ``torch.where``, through which everything passes."""
    return torch.where(plan.boxes.mask()[:, None], images[plan.partner], images)


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


def drawn(case: dict[str, Any]) -> tuple[Tensor, CutmixPlan]:
    """Return the numbered images of a case and a plan for them."""
    images = numbered(case["batch"], case["height"], case["width"], dtype=case["dtype"])
    plan = draw_cutmix(
        images.shape,
        alpha=case["alpha"],
        placement=case["placement"],
        per_image=case["per_image"],
        probability=case["probability"],
        generator=generator(case["seed"]),
    )
    return images, plan


@given(case=cases)
def test_the_target_share_is_the_share_of_pixels_from_the_stated_partner(
    case: dict[str, Any],
) -> None:
    images, plan = drawn(case)
    batch, pixels = len(images), case["height"] * case["width"]
    mixed, targets = apply(plan, images, torch.arange(batch), classes=batch)
    donor = mixed[:, 0].to(torch.int64)
    for i in range(batch):
        counts = torch.bincount(donor[i].ravel(), minlength=batch).double() / pixels
        assert torch.allclose(targets[i].double(), counts, atol=1e-6)
        if plan.partner[i] != i:
            assert plan.share[i] == counts[plan.partner[i]]


@given(case=cases)
def test_types_are_kept_and_nothing_is_overwritten(case: dict[str, Any]) -> None:
    images, plan = drawn(case)
    labels = torch.arange(len(images))
    before = images.clone(), labels.clone()
    mixed, targets = apply(plan, images, labels, classes=len(images))
    assert mixed.dtype == images.dtype
    assert targets.dtype == torch.float32
    assert torch.equal(images, before[0])
    assert torch.equal(labels, before[1])
    assert case["probability"] > 0 or torch.equal(mixed, images)


@given(seed=st.integers(0, 10**6), placement=st.sampled_from(PLACEMENTS))
def test_pixels_come_from_the_same_coordinates_inside_the_stated_box(
    seed: int, placement: IntervalRule
) -> None:
    source = generator(seed)
    images = torch.rand(5, 3, 7, 12, generator=source)
    plan = draw_cutmix(images.shape, placement=placement, derangement=True, generator=source)
    mixed, _ = apply(plan, images, zeros(5), classes=1)
    for i, (top, bottom, left, right) in enumerate(plan.boxes.edges.tolist()):
        expected = images[i].clone()
        expected[:, top:bottom, left:right] = images[plan.partner[i], :, top:bottom, left:right]
        assert torch.equal(mixed[i], expected)


def test_mixup_against_a_float64_loop() -> None:
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
def test_mixup_in_half_precision_rounds_once(dtype: torch.dtype) -> None:
    images = torch.randn(16, 1, 8, 8, generator=generator(2)).to(dtype)
    plan = draw_mixup(images.shape, generator=generator(3))
    mixed, _ = apply(plan, images, zeros(16), classes=1)
    wide, _ = apply(plan, images.float(), zeros(16), classes=1)
    assert mixed.dtype == dtype
    assert torch.equal(mixed, wide.to(dtype))


def test_cutout_fills_the_box_and_leaves_the_label() -> None:
    images = torch.ones(64, 3, 9, 13)
    plan = draw_cutout(images.shape, size=4, placement=INSIDE, fill=-2.0, generator=generator())
    mixed, targets = apply(plan, images, torch.full((64,), 2), classes=5)
    assert ((mixed == -2.0).sum(dim=(2, 3)) == 16).all()
    assert torch.equal(targets, torch.eye(5)[torch.full((64,), 2)])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_class_ids_stay_exact_beside_half_precision_images(dtype: torch.dtype) -> None:
    labels = torch.tensor([2049, 257, 4095, 2051])
    images = torch.zeros(4, 1, 8, 8, dtype=dtype)
    plan = draw_cutmix(images.shape, probability=0.0, generator=generator())
    _, targets = apply(plan, images, labels, classes=4096)
    assert torch.equal(targets.argmax(1), labels)


def test_soft_targets_pass_and_mix() -> None:
    soft = torch.softmax(torch.randn(6, 4, generator=generator()), dim=1).half()
    images = numbered(6, 8, 8, dtype=torch.float32)
    plan = draw_cutmix(images.shape, generator=generator(1))
    _, targets = apply(plan, images, soft)
    share = plan.share.float()[:, None]
    expected = (1 - share) * soft.float() + share * soft.float()[plan.partner]
    assert targets.dtype == torch.float32
    assert torch.allclose(targets, expected, atol=1e-6)


@pytest.mark.parametrize("draw", [draw_cutmix, draw_mixup])
def test_gradients_reach_the_images(draw: Callable[..., Plan]) -> None:
    images = torch.randn(6, 2, 8, 8, dtype=torch.float64, requires_grad=True)
    plan = draw(images.shape, generator=generator())
    mixed, _ = apply(plan, images, zeros(6), classes=1)
    constant, _ = apply(plan, images.detach(), zeros(6), classes=1)
    assert torch.equal(mixed.detach(), constant)
    (gradient,) = torch.autograd.grad(mixed.sum(), images)
    # Each pixel of the batch is used once on average, by itself or by its receiver.
    assert gradient.sum().item() == pytest.approx(images.numel())


def test_special_numbers_pass_bit_by_bit() -> None:
    images = torch.tensor([float("nan"), float("inf"), -0.0, 1e-45])[:, None, None, None]
    images = images.expand(4, 1, 8, 8).contiguous()
    plan = draw_cutmix(images.shape, derangement=True, generator=generator(4))
    mixed, _ = apply(plan, images, zeros(4), classes=1)
    expected = torch.where(plan.boxes.mask()[:, None], images[plan.partner], images)
    assert torch.equal(mixed.view(torch.int32), expected.view(torch.int32))


@pytest.mark.parametrize("draw", [draw_cutmix, draw_mixup])
def test_channels_last_is_preserved(draw: Callable[..., Plan]) -> None:
    images = torch.randn(4, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    plan = draw(images.shape, generator=generator())
    mixed, _ = apply(plan, images, zeros(4), classes=1)
    assert mixed.is_contiguous(memory_format=torch.channels_last)


def test_numbers_of_sixteen_bytes_are_pasted_too() -> None:
    images = torch.randn(4, 1, 8, 8, dtype=torch.complex128, generator=generator())
    plan = draw_cutmix(images.shape, generator=generator(1))
    mixed, _ = apply(plan, images, zeros(4), classes=1)
    assert torch.equal(mixed, by_where(plan, images))


@pytest.mark.filterwarnings(JVP_SCRIPTS)
def test_forward_mode_carries_the_tangent_of_the_pasted_pixels() -> None:
    images, tangent = torch.randn(2, 6, 2, 8, 8, dtype=torch.float64, generator=generator())
    plan = draw_cutmix(images.shape, generator=generator(1))
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(images, tangent)
        mixed = forward_ad.unpack_dual(apply(plan, dual, zeros(6), classes=1)[0])
    assert torch.equal(mixed.primal, by_where(plan, images))
    assert torch.equal(mixed.tangent, by_where(plan, tangent))


@pytest.mark.filterwarnings(JVP_SCRIPTS)
@pytest.mark.parametrize("name", list(DRAWS))
def test_forward_and_reverse_mode_agree(name: str) -> None:
    images, direction = torch.randn(2, 6, 2, 8, 8, dtype=torch.float64, generator=generator())
    plan = DRAWS[name](images.shape, generator=generator(1))

    def objective(pixels: Tensor) -> Tensor:
        return apply(plan, pixels, zeros(6), classes=1)[0].square().sum()

    forward = func.jvp(objective, (images,), (direction,))[1]
    reverse = (func.grad(objective)(images) * direction).sum()
    torch.testing.assert_close(forward, reverse)
    assert forward.abs() > 1


@pytest.mark.parametrize("name", list(DRAWS))
def test_one_plan_maps_over_stacked_batches(name: str) -> None:
    stacked = torch.randn(3, 6, 2, 8, 8, generator=generator())
    labels = torch.randint(4, (3, 6), generator=generator(1))
    plan = DRAWS[name](stacked.shape[1:], generator=generator(2))
    mixed, targets = func.vmap(lambda x, y: apply(plan, x, y, classes=4))(stacked, labels)
    for i in range(3):
        alone = apply(plan, stacked[i], labels[i], classes=4)
        assert torch.equal(mixed[i], alone[0])
        assert torch.equal(targets[i], alone[1])


@pytest.mark.parametrize("shape", [(6,), (6, 10), (6, 2, 16), (6, 3, 2, 4, 4)])
def test_mixup_blends_examples_of_any_shape(shape: tuple[int, ...]) -> None:
    examples = torch.randn(shape, dtype=torch.float64, generator=generator())
    plan = draw_mixup(shape, generator=generator(1))
    mixed, _ = apply(plan, examples, zeros(6), classes=1)
    for i in range(6):
        share, partner = plan.share[i], plan.partner[i]
        expected = (1 - share) * examples[i] + share * examples[partner]
        torch.testing.assert_close(mixed[i], expected)


EVERY: dict[str, Callable[..., Plan]] = {
    **DRAWS,
    "cutout": lambda shape, **options: draw_cutout(shape, size=3, fill=1.0, **options),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", list(EVERY))
def test_every_plan_gives_the_same_in_a_buffer_and_in_place(name: str, dtype: torch.dtype) -> None:
    images = torch.randn(7, 3, 8, 8, generator=generator()).to(dtype)
    soft = torch.softmax(torch.randn(7, 4, generator=generator(2)), dim=1)
    plan = EVERY[name](images.shape, generator=generator(1))
    for form in (torch.contiguous_format, torch.channels_last):
        laid = images.contiguous(memory_format=form)
        expected, rows = apply(plan, laid, soft)
        assert expected.stride() == laid.stride()
        buffer = torch.full_like(laid, 3.0)
        mixed, targets = apply(plan, laid, soft, out=buffer)
        assert mixed is buffer
        assert torch.equal(buffer, expected)
        assert torch.equal(laid, images)
        assert torch.equal(targets, rows)
        own = laid.clone()
        mixed, targets = apply_(plan, own, soft)
        assert mixed is own
        assert torch.equal(own, expected)
        assert torch.equal(targets, rows)


def test_two_halves_of_one_buffer_do_not_overlap() -> None:
    both = torch.rand(8, 1, 8, 8, generator=generator())
    plan = draw_cutmix((4, 1, 8, 8), generator=generator(1))
    expected, _ = apply(plan, both[:4], zeros(4), classes=1)
    apply(plan, both[:4], zeros(4), classes=1, out=both[4:])
    assert torch.equal(both[4:], expected)


def test_labels_are_mixed_as_their_rows_are() -> None:
    labels = torch.randint(5, (400,), generator=generator())
    for draw in DRAWS.values():
        plan = draw((400, 1, 9, 9), generator=generator(1))
        images = torch.zeros(400, 1, 9, 9)
        for kind in (torch.int64, torch.int32, torch.uint8):
            _, targets = apply(plan, images, labels.to(kind), classes=5)
            assert torch.equal(targets, plan.mix_targets(torch.eye(5)[labels]))


def test_a_plan_with_a_label_of_its_own_keeps_it() -> None:
    class Uncredited(MixupPlan):
        def mix_targets(self, targets: Tensor) -> Tensor:
            return targets

    plan = draw_mixup((4, 3), generator=generator())
    own = Uncredited(plan.partner, plan.share)
    _, targets = apply(own, torch.zeros(4, 3), torch.arange(4), classes=4)
    assert torch.equal(targets, torch.eye(4))
