"""Pixels that a gradient depends on: the masks say which, and differences agree."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout.masks import draw_masks
from runtheory.noise.gradient_leakage import client, dependence
from runtheory.randomness import stream


def clients(seed: int, *, replicates: int, masks: int, rate: float) -> tuple:
    """Networks and images, half of whose pixels are black, and masks of the pixels."""
    generator = stream(seed, "dependence")
    net = client.draw_networks(9, hidden=7, classes=3, replicates=replicates, generator=generator)
    images = torch.rand((replicates, 9), generator=generator, dtype=torch.float64)
    images = torch.where(images < 0.5, 0.0, images)
    labels = torch.randint(3, (replicates,), generator=generator)
    kept = draw_masks(replicates, (masks, 9), rate=rate, generator=generator)
    return net, images, labels, kept, generator


@given(seed=st.integers(0, 500), masks=st.integers(1, 3), rate=st.floats(0.1, 0.9))
def test_unseen_are_the_pixels_that_no_mask_keeps(seed, masks, rate) -> None:
    net, images, labels, kept, generator = clients(seed, replicates=2, masks=masks, rate=rate)
    factors = kept.double() / (1 - rate)
    found = dependence.unseen_pixels(net, images, labels, on_inputs=factors, generator=generator)
    assert torch.equal(found, ~kept.any(1))
    changed = torch.where(found, 0.123, images)  # what is not seen changes nothing
    given_images = (one[:, None].expand(-1, masks, -1) for one in (images, changed))
    first, second = (
        client.shared_gradient(net, one, labels[:, None].expand(-1, masks), on_inputs=factors)
        for one in given_images
    )
    assert all(torch.equal(a, b) for a, b in zip(first.parts, second.parts, strict=True))


@pytest.mark.parametrize("masks", [1, 2, 3])
def test_directions_are_the_pixels_that_some_mask_keeps(masks) -> None:
    net, images, labels, kept, _ = clients(masks, replicates=1, masks=masks, rate=0.5)
    found = dependence.image_directions(net, images, labels, on_inputs=kept.double() / 0.5)
    assert found == int(kept.any(1).sum())


def test_directions_by_central_differences() -> None:
    net, images, labels, kept, _ = clients(9, replicates=1, masks=2, rate=0.5)
    factors = kept.double() / 0.5

    def numbers(image):
        sent = client.shared_gradient(
            net, image.expand(1, 2, 9), labels.expand(1, 2), on_inputs=factors
        )
        return torch.cat([part.flatten() for part in sent.parts])

    steps = 1e-4 * torch.eye(9).double()
    columns = [(numbers(images + h) - numbers(images - h)) / 2e-4 for h in steps]
    rank = int(torch.linalg.matrix_rank(torch.stack(columns, 1), rtol=1e-6))
    assert dependence.image_directions(net, images, labels, on_inputs=factors) == rank


def test_numbers_that_are_not_finite_are_refused() -> None:
    net, images, labels, kept, generator = clients(0, replicates=1, masks=1, rate=0.5)
    factors = kept.double()
    for call in (
        lambda: dependence.unseen_pixels(
            net, torch.nan * images, labels, on_inputs=factors, generator=generator
        ),
        lambda: dependence.image_directions(net, torch.nan * images, labels, on_inputs=factors),
    ):
        with pytest.raises(ValueError, match="finite"):
            call()
