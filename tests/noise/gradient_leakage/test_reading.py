"""What is read off a gradient exactly, how often, and what is not in it."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout.masks import draw_masks
from runtheory.noise.gradient_leakage import client, reading
from runtheory.randomness import stream


def clients(seed: int, *, examples: int, hidden: int = 12, replicates: int = 1) -> tuple:
    generator = stream(seed, "reading")
    net = client.draw_networks(
        9, hidden=hidden, classes=3, replicates=replicates, generator=generator
    )
    images = torch.rand((replicates, examples, 9), generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (replicates, examples), generator=generator)
    return net, images, labels, generator


@given(seed=st.integers(0, 1000), rate=st.floats(0.05, 0.9))
def test_one_image_is_read_from_every_kept_unit(seed, rate) -> None:
    net, images, labels, generator = clients(seed, examples=1)
    mask = draw_masks(1, (1, 12), rate=rate, generator=generator)
    sent = client.shared_gradient(net, images, labels, on_hidden=mask.double() / (1 - rate))
    found = reading.unit_ratios(sent.weight, sent.bias)[0]
    kept = mask[0, 0]
    assert bool(found[~kept].isnan().all())
    torch.testing.assert_close(found[kept], images[0].expand(int(kept.sum()), -1))


def test_dropout_on_pixels_leaves_the_masked_image() -> None:
    net, images, labels, generator = clients(1, examples=1)
    factors = draw_masks(1, (1, 9), rate=0.3, generator=generator).double() / 0.7
    sent = client.shared_gradient(net, images, labels, on_inputs=factors)
    found = reading.unit_ratios(sent.weight, sent.bias)[0]
    torch.testing.assert_close(found, (factors * images)[0].expand(12, -1))


def test_units_of_ones_own_in_a_loop() -> None:
    masks = draw_masks(2, (3, 20), rate=0.6, generator=stream(2, "masks"))
    found = reading.isolated_units(masks)
    for one, example, unit in itertools.product(range(2), range(3), range(20)):
        kept = [k for k in range(3) if bool(masks[one, k, unit])]
        assert bool(found[one, example, unit]) == (kept == [example])


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_expected_counts_by_listing_all_masks(batch) -> None:
    rate, total, hidden = 0.3, 0.0, 0.0
    for kept in itertools.product((0, 1), repeat=batch):
        weight = math.prod(1 - rate if k else rate for k in kept)
        total += weight * (kept[0] == 1 and sum(kept) == 1)
        hidden += weight * (sum(kept) == 0)
    assert reading.expected_isolated(7, rate=rate, batch=batch) == pytest.approx(7 * total)
    assert reading.expected_hidden(7, rate=rate, masks=batch) == pytest.approx(7 * hidden)


@pytest.mark.parametrize("batch", [2, 3, 5])
def test_most_units_of_ones_own_at_one_less_the_inverse_batch(batch) -> None:
    best = 1 - 1 / batch
    most = reading.expected_isolated(10, rate=best, batch=batch)
    for other in (best - 0.05, best + 0.05):
        assert reading.expected_isolated(10, rate=other, batch=batch) < most


def test_agreement_finds_the_images_that_have_two_units() -> None:
    net, images, labels, generator = clients(3, examples=4, hidden=40)
    masks = draw_masks(1, (4, 40), rate=0.75, generator=generator)
    sent = client.shared_gradient(net, images, labels, on_hidden=masks.double() / 0.25)
    points = reading.agreed_points(reading.unit_ratios(sent.weight, sent.bias)[0], tolerance=1e-7)
    own = reading.isolated_units(masks)[0].sum(1)
    assert len(points) == int((own >= 2).sum()) > 0
    near = torch.cdist(points, images[0]).amin(1)
    assert float(near.max()) < 1e-7
    plain = client.shared_gradient(net, images, labels)
    mixed = reading.unit_ratios(plain.weight, plain.bias)[0]
    assert len(reading.agreed_points(mixed, tolerance=1e-7)) == 0


def test_rectified_units_before_two_classes_agree_on_a_mixture() -> None:
    """What the page warns of: such a point is no image, though all active units have it."""
    torch.manual_seed(0)
    first, last = torch.nn.Linear(9, 20).double(), torch.nn.Linear(20, 2).double()
    images = torch.rand((2, 9), generator=stream(6, "mixed"), dtype=torch.float64)
    before = first(images)
    loss = torch.nn.functional.cross_entropy(last(before.relu()), torch.tensor([0, 1]))
    gradient = torch.autograd.grad(loss, (first.weight, first.bias))
    ratios = reading.unit_ratios(*gradient)[(before > 0).all(0)]
    points = reading.agreed_points(ratios, tolerance=1e-6)
    assert points.shape == (1, 9)
    assert float(torch.cdist(points, images).min()) > 0.1


def test_agreed_points_by_hand() -> None:
    rows = torch.tensor([[0.0, 1], [5, 5], [math.nan, 0], [0, 1], [2, 2], [5, 5.05], [0, 1]])
    assert reading.agreed_points(rows, tolerance=0.1).tolist() == [[0, 1], [5, 5]]
    assert reading.agreed_points(rows, tolerance=0.0).tolist() == [[0, 1]]
    assert reading.agreed_points(rows[2:3], tolerance=0.1).shape == (0, 2)


def test_filled_pixels_are_conditional_means_of_a_normal_distribution() -> None:
    generator = stream(4, "fill")
    root = torch.randn((5, 5), generator=generator, dtype=torch.float64)
    covariance, mean = root @ root.T, torch.arange(5).double()
    pixels = torch.randn((3, 5), generator=generator, dtype=torch.float64)
    known = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]]).bool()
    found = reading.filled_in(pixels, known, mean=mean, covariance=covariance, noise=1e-9)
    k, u = [0, 1, 3], [2, 4]
    slope = covariance[u][:, k] @ torch.linalg.inv(covariance[k][:, k])
    torch.testing.assert_close(found[0, u], mean[u] + slope @ (pixels[0, k] - mean[k]))
    assert torch.equal(found[0, k], pixels[0, k])
    assert torch.equal(found[1], mean)
    assert torch.equal(found[2], pixels[2])
    unseen = torch.where(known, pixels, math.nan)
    again = reading.filled_in(unseen, known, mean=mean, covariance=covariance, noise=1e-9)
    assert torch.equal(again, found)


def test_the_numbers_that_the_page_works_by_hand() -> None:
    images = torch.tensor([[0.2, 0.8], [1.0, 0.4]]).double()
    pull = torch.tensor([-0.05, 0.15]).double()
    each = pull[:, None] * images
    alone = reading.unit_ratios(each[:1], pull[:1])
    torch.testing.assert_close(alone, images[:1])
    both = each.mean(0)
    assert both.tolist() == pytest.approx([0.07, 0.01])
    mixed = reading.unit_ratios(both[None], pull.mean()[None])
    assert mixed[0].tolist() == pytest.approx([1.4, 0.2])
    weights = torch.linalg.solve(images.T, mixed[0])
    assert weights.tolist() == pytest.approx([-0.5, 1.5])


def test_wrong_arguments_are_named() -> None:
    one = torch.ones(1, 2)
    for call, text in [
        (lambda: reading.expected_isolated(0, rate=0.3, batch=2), "units"),
        (lambda: reading.expected_isolated(3, rate=1.0, batch=2), "rate"),
        (lambda: reading.expected_hidden(3, rate=0.3, masks=0), "samples"),
        (lambda: reading.agreed_points(one, tolerance=-1.0), "tolerance"),
        (
            lambda: reading.filled_in(
                one, one > 0, mean=one[0], covariance=torch.eye(2), noise=0.0
            ),
            "noise",
        ),
        (
            lambda: reading.filled_in(
                math.nan * one, one > 0, mean=one[0], covariance=torch.eye(2)
            ),
            "pixels",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()


def test_several_masks_of_each_image_act_as_a_rate_to_their_power() -> None:
    """A unit is an image's own if a mask of it keeps the unit and all masks of others drop it."""
    rate, masks = 0.6, 2
    kept = draw_masks(2000, (3, masks, 10), rate=rate, generator=stream(5, "several"))
    own = reading.isolated_units(kept.any(2))[:, 0].sum(1).double()
    expected = reading.expected_isolated(10, rate=rate**masks, batch=3)
    assert abs(float(own.mean()) - expected) < 4 * float(own.std()) / 2000**0.5
    shared = kept[:, :1].expand(-1, 3, -1, -1)  # one mask for the whole batch
    assert not bool(reading.isolated_units(shared.any(2)).any())
