"""Labels as rows of class weights, and smoothed towards the uniform distribution."""

from __future__ import annotations

import pytest
import torch

from runtheory.mixing.plans import blend
from runtheory.mixing.targets import check_targets, mixed_labels, smooth_targets, soft_targets


def test_smoothing_moves_each_row_towards_the_uniform_distribution() -> None:
    targets = soft_targets(torch.tensor([2, 0]), 4)
    smooth = smooth_targets(targets, 0.2)
    torch.testing.assert_close(smooth[0], torch.tensor([0.05, 0.05, 0.85, 0.05]))
    torch.testing.assert_close(smooth.sum(1), torch.ones(2))
    assert torch.equal(smooth_targets(targets, 0.0), targets)
    torch.testing.assert_close(smooth_targets(targets, 1.0), torch.full((2, 4), 0.25))


@pytest.mark.parametrize(
    "dtype", [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16]
)
def test_labels_of_every_width_become_the_same_rows(dtype: torch.dtype) -> None:
    labels = torch.tensor([2, 0, 1])
    assert torch.equal(soft_targets(labels.to(dtype), 3), torch.eye(3)[labels])


def test_soft_rows_keep_their_values_in_float32() -> None:
    rows = torch.tensor([[0.25, 0.75]], dtype=torch.float64)
    assert torch.equal(soft_targets(rows), rows.float())


@pytest.mark.parametrize(
    "targets",
    [
        torch.zeros(4),
        torch.zeros(4, dtype=torch.bool),
        torch.zeros(4, 1, dtype=torch.int64),
        torch.zeros(4, 8, 8, dtype=torch.int64),
        torch.zeros(4, 3, dtype=torch.complex64),
    ],
    ids=lambda targets: f"{targets.dtype} {tuple(targets.shape)}",
)
def test_targets_of_another_kind_are_refused(targets: torch.Tensor) -> None:
    # Asked by itself, because at the boundary the suite's own shape checks speak first.
    with pytest.raises(ValueError, match="targets must be integers") as caught:
        check_targets(targets, 3)
    assert str(tuple(targets.shape)) in str(caught.value)


def test_classes_that_do_not_fit_are_refused() -> None:
    labels = torch.zeros(4, dtype=torch.int64)
    for classes in (None, 0):
        with pytest.raises(ValueError, match="number of classes"):
            soft_targets(labels, classes)
    with pytest.raises(ValueError, match="2 columns, got 3"):
        soft_targets(torch.ones(4, 3), 2)
    with pytest.raises(ValueError, match="labels must lie in 0 to 1, got 2"):
        soft_targets(labels + 2, 2)


def test_mixed_labels_are_the_mixture_of_their_rows() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (2000,), generator=generator)
    partner = torch.randperm(2000, generator=generator)
    share = torch.rand(2000, dtype=torch.float64, generator=generator)
    share[:2] = torch.tensor([0.0, 1.0])
    rows = mixed_labels(labels, partner, share, 4)
    assert torch.equal(rows, blend(torch.eye(4)[labels], partner, share))
    assert (rows[labels == labels[partner]].amax(1) == 1).all()
    with pytest.raises(ValueError, match="labels must lie in 0 to 2, got 3"):
        mixed_labels(labels, partner, share, 3)
    with pytest.raises(ValueError, match="number of classes"):
        mixed_labels(labels, partner, share, None)
