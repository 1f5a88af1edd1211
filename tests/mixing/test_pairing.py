"""The noise of a mixed batch: its laws against enumeration, its measurements against autograd."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from runtheory.mixing import Boxes, CutmixPlan, apply, draw_cutmix
from runtheory.mixing.laws import batch_mean_variance
from runtheory.mixing.pairing import (
    LinearMixing,
    batch_gradients,
    cycle_variance,
    grouped_partners,
    pair_moments,
    permutation_variance,
    softmax_gradient,
    total_variance,
)
from tests.mixing.batches import generator

IMAGES, BOXES = 3, 2


def tables() -> Tensor:
    """Return gradients (box, receiver, donor, parameter) of images that alone know no box."""
    table = torch.randn(BOXES, IMAGES, IMAGES, 2, dtype=torch.float64, generator=generator())
    alone = torch.arange(IMAGES)
    table[:, alone, alone] = table[0, alone, alone]
    return table


def enumerated_variance(batch: int, orders: list[tuple[int, ...]], *, shared: bool) -> float:
    """Return the variance over all images, boxes and ``orders`` of partners, one by one."""
    images = torch.tensor(list(itertools.product(range(IMAGES), repeat=batch)))
    kinds = [(box,) * batch for box in range(BOXES)] if shared else None
    boxes = torch.tensor(kinds or list(itertools.product(range(BOXES), repeat=batch)))
    partners = images[:, torch.tensor(orders)]  # (draw, order, position)
    receivers = images[:, None, None, :].expand(-1, len(orders), len(boxes), -1)
    gradients = tables()[boxes, receivers, partners[:, :, None, :]].mean(-2).flatten(0, -2)
    return float(gradients.var(0, correction=0).sum())


def is_cycle(order: tuple[int, ...]) -> bool:
    """Return whether a permutation has one cycle alone."""
    place, length = order[0], 1
    while place != 0:
        place, length = order[place], length + 1
    return length == len(order)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("batch", [2, 3, 4])
def test_the_variance_under_a_permutation_is_the_enumerated_one(batch: int, shared: bool) -> None:
    moments = pair_moments(tables())[shared]
    orders = list(itertools.permutations(range(batch)))
    exact = enumerated_variance(batch, orders, shared=shared)
    assert permutation_variance(moments, batch, shared=shared) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("batch", [3, 4])
def test_the_variance_in_one_cycle_is_the_enumerated_one(batch: int, shared: bool) -> None:
    moments = pair_moments(tables())[shared]
    orders = [order for order in itertools.permutations(range(batch)) if is_cycle(order)]
    exact = enumerated_variance(batch, orders, shared=shared)
    assert cycle_variance(moments, batch, shared=shared) == pytest.approx(exact, rel=1e-12)


def test_the_two_ways_of_pairing_agree_up_to_second_order() -> None:
    own, _ = pair_moments(tables())
    gaps = [
        abs(permutation_variance(own, b, shared=False) - cycle_variance(own, b, shared=False))
        for b in (10, 100)
    ]
    assert gaps[0] == pytest.approx(100 * gaps[1])


def a_classifier() -> tuple[Tensor, Tensor, Tensor]:
    """Return weights of three classes for four pixels and a constant, images and labels."""
    random = generator(1)
    weights = torch.randn(3, 5, dtype=torch.float64, generator=random)
    images = torch.randn(6, 1, 2, 2, dtype=torch.float64, generator=random)
    return weights, images, torch.tensor([0, 1, 2, 2, 1, 0])


def by_autograd(weights: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    """Return the gradient of the mean cross-entropy, by reverse mode."""
    weights = weights.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(inputs @ weights.T, targets), weights)
    return gradient.flatten()


def test_the_gradient_of_a_linear_classifier_is_that_of_autograd() -> None:
    weights, images, labels = a_classifier()
    inputs = torch.cat([images.flatten(1), torch.ones(6, 1)], 1)
    targets = torch.eye(3, dtype=torch.float64)[labels]
    torch.testing.assert_close(
        softmax_gradient(weights, inputs, targets), by_autograd(weights, inputs, targets)
    )


def test_each_batch_of_mixed_images_has_its_gradient() -> None:
    weights, images, labels = a_classifier()
    plan = draw_cutmix(images.shape, generator=generator(2))
    mixed, soft = apply(plan, images, labels, classes=3)
    inputs = torch.cat([mixed.flatten(1), torch.ones(6, 1)], 1)
    found = batch_gradients(weights, images, labels, plan=plan, batch=3, used=2)
    for group in range(2):
        rows = slice(3 * group, 3 * group + 2)
        expected = by_autograd(weights, inputs[rows], soft[rows].double())
        torch.testing.assert_close(found[group], expected)


def a_task() -> LinearMixing:
    """Return the classifier with two boxes that leave a part of each image."""
    return LinearMixing(*a_classifier(), torch.tensor([[0, 1, 0, 2], [0, 2, 1, 2]]))


def test_the_table_holds_every_receiver_with_every_donor() -> None:
    weights, images, labels = a_classifier()
    edges = torch.tensor([0, 1, 0, 2])
    table = a_task().table(0)
    for i, j in ((0, 1), (4, 2), (3, 3)):
        pair = torch.tensor([i, j])
        plan = CutmixPlan(torch.tensor([1, 0]), Boxes(edges.expand(2, 4), 2, 2))
        expected = batch_gradients(weights, images[pair], labels[pair], plan=plan, batch=2, used=1)
        torch.testing.assert_close(table[i, j], expected[0])


@pytest.mark.parametrize("per_image", [True, False])
@pytest.mark.parametrize("derangement", [None, True, False])
def test_drawn_batches_have_the_variance_of_their_law(
    per_image: bool, derangement: bool | None
) -> None:
    task = a_task()
    moments = pair_moments(task.table(box) for box in range(2))[not per_image]
    gradients = task.gradients(
        batch=4, groups=20_000, per_image=per_image, derangement=derangement, generator=generator()
    )
    value, error = total_variance(gradients)
    if derangement is None:
        exact = batch_mean_variance(moments.between, moments.within, 4, shared=not per_image)
    elif derangement:
        exact = cycle_variance(moments, 4, shared=not per_image)
    else:
        exact = permutation_variance(moments, 4, shared=not per_image)
    assert abs(value - exact) < 5 * error


def test_partners_stay_in_their_batch() -> None:
    partner = grouped_partners(50, 4, derangement=True, generator=generator())
    assert torch.equal(partner // 4, torch.arange(200) // 4)
    assert (partner != torch.arange(200)).all()
    assert torch.equal(partner.sort().values, torch.arange(200))


def test_the_variance_over_groups_is_unbiased_and_has_its_error() -> None:
    values = torch.randn(40_000, 3, dtype=torch.float64, generator=generator()) * 2
    value, error = total_variance(values)
    assert value == pytest.approx(float(values.var(0).sum()))
    assert error == pytest.approx((3 * 2 * 16) ** 0.5 / 200, rel=0.05)
    assert abs(value - 12) < 5 * error


def test_batches_that_are_too_small_are_refused() -> None:
    own, _ = pair_moments(tables())
    with pytest.raises(ValueError, match="batch must be at least 3"):
        cycle_variance(own, 2, shared=False)
    with pytest.raises(ValueError, match="batch must be at least 2"):
        permutation_variance(own, 1, shared=False)
    with pytest.raises(ValueError, match="groups must be at least 2"):
        total_variance(torch.ones(1, 2))
