"""Which batches, buffers and images to be changed in place are refused, and what is said."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from runtheory.mixing import apply, apply_, draw_cutmix, draw_cutout, draw_mixup
from runtheory.mixing.apply import check_batch
from runtheory.mixing.plans import Plan
from tests.mixing.batches import generator, zeros


def wrong_batches() -> dict[str, tuple[Plan, Tensor, Tensor, str]]:
    """Return plans with images and labels that do not fit, and what is said."""
    images, labels = torch.zeros(4, 1, 8, 8), zeros(4)
    plan = draw_cutmix(images.shape, generator=generator())
    mixup = draw_mixup(images.shape, generator=generator())
    grey = draw_cutout(images.shape, size=3, fill=127.6, generator=generator())
    return {
        "other batch": (plan, images[:3], labels[:3], "plan is for"),
        "other size": (plan, torch.zeros(4, 1, 8, 9), labels, "plan is for"),
        "mixup batch": (mixup, images[:3], labels[:3], "for 4 images"),
        "mixup uint8": (mixup, images.byte(), labels, "floating-point"),
        "half a grey level": (grey, images.byte(), labels, "cannot be filled with 127.6"),
        "lengths": (plan, images, labels[:3], "one length"),
        "too high": (plan, images, labels + 2, "must lie in 0 to 1"),
        "negative": (plan, images, labels - 1, "must lie in 0 to 1"),
        "device": (plan, images.to("meta"), labels.to("meta"), "lies on"),
    }


@pytest.mark.parametrize("name", list(wrong_batches()))
def test_what_the_plan_was_not_drawn_for_is_refused(name: str) -> None:
    plan, images, labels, message = wrong_batches()[name]
    with pytest.raises(ValueError, match=message):
        apply(plan, images, labels, classes=2)


def test_arrays_and_lists_are_refused_by_their_names() -> None:
    with pytest.raises(TypeError, match="images must be a tensor, got ndarray"):
        check_batch(torch.zeros(2, 1, 4, 4).numpy(), zeros(2))
    with pytest.raises(TypeError, match="targets must be a tensor, got list"):
        check_batch(torch.zeros(2, 1, 4, 4), [0, 1])


def test_what_holds_no_examples_is_refused() -> None:
    with pytest.raises(ValueError, match="got a single number"):
        check_batch(torch.tensor(1.0), zeros(2))
    with pytest.raises(ValueError, match="got a single number"):
        check_batch(torch.zeros(2, 1, 4, 4), torch.tensor(1))


@pytest.mark.parametrize("shape", [(4, 10), (4, 6, 6), (4, 2, 1, 6, 6)])
def test_boxes_lie_in_images_alone(shape: tuple[int, ...]) -> None:
    plans = (
        draw_cutmix((4, 1, 6, 6), generator=generator()),
        draw_cutout((4, 1, 6, 6), size=2, generator=generator()),
    )
    for plan in plans:
        with pytest.raises(ValueError, match=r"images must have shape \(batch, channel, height"):
            apply(plan, torch.zeros(shape), zeros(4), classes=1)


def wrong_buffers() -> dict[str, tuple[Tensor, Tensor, str]]:
    """Return images with what cannot hold them mixed, and what is said."""
    images = torch.zeros(4, 1, 8, 8)
    both = torch.zeros(5, 1, 8, 8)
    wanted = torch.zeros(4, 1, 8, 8, requires_grad=True)
    return {
        "shape": (images, torch.zeros(4, 1, 8, 9), "out must be like the images"),
        "type": (images, images.double(), "out must be like the images"),
        "device": (images, images.to("meta"), "out must be like the images"),
        "itself": (images, images, "share no memory"),
        "a view": (images, images.view(4, 1, 8, 8), "share no memory"),
        "overlapping": (both[:4], both[1:], "share no memory"),
        "expanded": (images, torch.zeros(1, 1, 8, 8).expand(4, 1, 8, 8), "overlap itself"),
        "followed": (wanted, torch.zeros(4, 1, 8, 8), "no derivative passes"),
        "leaf": (images, wanted, "must not be followed"),
    }


@pytest.mark.parametrize("name", list(wrong_buffers()))
def test_what_cannot_hold_the_mixed_images_is_refused(name: str) -> None:
    images, out, message = wrong_buffers()[name]
    plan = draw_cutmix(images.shape, generator=generator())
    with pytest.raises(ValueError, match=message):
        apply(plan, images, zeros(4), classes=1, out=out)


@pytest.mark.parametrize("how", ["expanded", "folded", "followed"])
def test_images_that_cannot_be_changed_in_place_are_refused(how: str) -> None:
    images = {
        "expanded": torch.zeros(1, 1, 8, 8).expand(4, 1, 8, 8),
        "folded": torch.zeros(100).as_strided((4, 1, 8, 8), (8, 8, 4, 1)),
        "followed": torch.zeros(4, 1, 8, 8, requires_grad=True),
    }[how]
    plan = draw_cutmix(images.shape, generator=generator())
    with pytest.raises(ValueError, match="must not"):
        apply_(plan, images, zeros(4), classes=1)
