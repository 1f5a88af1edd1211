"""Batches mixed as they are collated: kinds, labels, smoothing, and other numbers each time."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset, default_collate

from runtheory.mixing import Collate, CutmixPlan, MixupPlan, apply
from runtheory.mixing.targets import smooth_targets
from runtheory.randomness import LoaderStreams
from tests.mixing.batches import generator, numbered

SHAPE = (6, 2, 8, 8)


def examples() -> list[tuple[Tensor, int]]:
    images = torch.randn(SHAPE, generator=generator())
    return [(image, number % 4) for number, image in enumerate(images)]


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({}, {CutmixPlan}),
        ({"cutmix_alpha": 0.0, "mixup_alpha": 0.2}, {MixupPlan}),
        ({"mixup_alpha": 0.2}, {CutmixPlan, MixupPlan}),
        ({"mixup_alpha": 0.2, "switch": 1.0}, {CutmixPlan}),
        ({"mixup_alpha": 0.2, "switch": 0.0}, {MixupPlan}),
        ({"cutmix_alpha": 0.0}, {type(None)}),
    ],
)
def test_kinds_follow_their_parameters(options: dict[str, Any], kinds: set[type]) -> None:
    mixing = Collate(classes=4, seed=0, **options)
    assert {type(mixing.plan(SHAPE)) for _ in range(40)} == kinds


def test_the_switch_has_its_probability_and_moves_no_box() -> None:
    often = Collate(classes=4, seed=0, mixup_alpha=1.0, switch=0.8)
    kinds = [type(often.plan(SHAPE)) for _ in range(500)]
    # Four standard errors of a share of 0.8 among 500.
    assert abs(kinds.count(CutmixPlan) / 500 - 0.8) < 4 * (0.8 * 0.2 / 500) ** 0.5
    alone, both = (Collate(classes=4, seed=0, mixup_alpha=m, switch=1.0) for m in (0.0, 1.0))
    first, second = alone.plan(SHAPE), both.plan(SHAPE)
    assert isinstance(first, CutmixPlan)
    assert isinstance(second, CutmixPlan)
    assert torch.equal(first.boxes.edges, second.boxes.edges)


@pytest.mark.parametrize("kind", ["cutmix_alpha", "mixup_alpha"])
def test_a_batch_is_what_apply_makes_of_the_plan(kind: str) -> None:
    options: dict[str, Any] = {"cutmix_alpha": 0.0} | {kind: 1.0}
    plan = Collate(classes=4, seed=1, **options).plan(SHAPE)
    assert plan is not None
    images, labels = default_collate(examples())
    expected, rows = apply(plan, images, labels, classes=4)
    mixed, targets = Collate(classes=4, seed=1, smoothing=0.1, **options)(examples())
    assert torch.equal(mixed, expected)
    assert torch.equal(targets, smooth_targets(rows, 0.1))
    assert not torch.equal(mixed, images)


def test_turned_off_it_leaves_the_images_and_smooths_the_labels() -> None:
    mixed, targets = Collate(classes=4, seed=0, cutmix_alpha=0.0, smoothing=0.2)(examples())
    images, labels = default_collate(examples())
    assert torch.equal(mixed, images)
    torch.testing.assert_close(targets, 0.8 * torch.eye(4)[labels] + 0.05)
    closed = Collate(classes=4, seed=0, probability=0.0)
    assert torch.equal(closed(examples())[0], images)


def test_soft_labels_bytes_and_tables_are_mixed() -> None:
    soft = [(image, torch.tensor([0.25, 0.75])) for image, _ in examples()]
    _, targets = Collate(classes=2, seed=0)(soft)
    torch.testing.assert_close(targets, torch.tensor([[0.25, 0.75]]).expand(6, 2))
    pixels = [(image, 0) for image in numbered(6, 8, 8, dtype=torch.uint8)]
    assert Collate(classes=2, seed=0)(pixels)[0].dtype == torch.uint8
    rows = [(torch.rand(10), 1) for _ in range(6)]
    mixup = Collate(classes=2, seed=0, cutmix_alpha=0.0, mixup_alpha=1.0)
    assert mixup(rows)[0].shape == (6, 10)
    with pytest.raises(ValueError, match="images must have shape"):
        Collate(classes=2, seed=0)(rows)
    with pytest.raises(ValueError, match="mixup needs floating-point images"):
        mixup(pixels)


def as_they_lie(batch: Sequence[Any]) -> Any:
    """Return the batch that the data set holds, and no copy of it."""
    return batch[0]


def test_images_that_belong_to_another_are_not_written_to() -> None:
    images, labels = torch.rand(SHAPE), torch.arange(6)
    before = images.clone()
    mixed, _ = Collate(classes=6, seed=0, collate=as_they_lie)([(images, labels)])
    assert torch.equal(images, before)
    assert not torch.equal(mixed, before)


@pytest.mark.parametrize("batch", [(torch.zeros(4),), (1, 2, 3), {"images": 1}, 7, "ab"])
def test_what_is_no_pair_is_refused(batch: Any) -> None:
    mixing = Collate(classes=2, seed=0, collate=as_they_lie)
    with pytest.raises((ValueError, TypeError), match="must be a"):
        mixing([batch])


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("classes", 0),
        ("cutmix_alpha", -1.0),
        ("mixup_alpha", float("inf")),
        ("cutmix_alpha", float("nan")),
        ("switch", 1.5),
        ("probability", -0.1),
        ("smoothing", 2.0),
        ("rank", -1),
    ],
)
def test_parameters_out_of_range_are_refused(option: str, value: float) -> None:
    options: dict[str, Any] = {"classes": 4, "seed": 0, option: value}
    with pytest.raises(ValueError, match=f"{option} must"):
        Collate(**options)


def mixed(workers: int, *, rank: int = 0, epochs: Sequence[int] = (0, 1)) -> list[list[Tensor]]:
    """Return the targets of all batches, epoch by epoch, of a loader with so many workers."""
    images = torch.rand(16, 1, 6, 6, generator=generator())
    data = TensorDataset(images, torch.arange(16))
    mixing = Collate(classes=16, seed=5, rank=rank, mixup_alpha=1.0)
    loader = DataLoader(data, batch_size=8, num_workers=workers, collate_fn=mixing)
    found = []
    for epoch in epochs:
        mixing.set_epoch(epoch)
        found.append([targets for _, targets in loader])
    return found


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_epochs_and_ranks_mix_differently_and_repeatably(workers: int) -> None:
    first, other = mixed(workers), mixed(workers, rank=1)
    shares = [
        tuple(targets.sort(1).values[:, -2].tolist())
        for run in (first, other)
        for epoch in run
        for targets in epoch
    ]
    assert len(set(shares)) == len(shares) == 8
    resumed = mixed(workers, epochs=(1,))
    assert all(torch.equal(a, b) for a, b in zip(resumed[0], first[1], strict=True))


def test_a_pickled_collation_begins_the_same_streams() -> None:
    mixing = Collate(classes=4, seed=0, rank=1)
    mixing.set_epoch(2)
    again = pickle.loads(pickle.dumps(mixing))
    assert again == mixing
    assert isinstance(again.streams, LoaderStreams)
    assert torch.equal(again(examples())[0], mixing(examples())[0])
