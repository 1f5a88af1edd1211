"""Situations in which public libraries were reported wrong: offsets, diagonals, empty ranks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from runtheory.collapse.statistics import ClassStatistics, class_statistics, merge_all
from runtheory.randomness import stream
from tests.peak import peak_megabytes


def clouds(count: int = 240) -> tuple[Tensor, Tensor]:
    features = torch.randn(count, 5, generator=stream(0, "clouds"), dtype=torch.float64)
    return features, torch.arange(count) % 3


def in_batches(features: Tensor, labels: Tensor, size: int = 7) -> ClassStatistics:
    parts = zip(features.split(size), labels.split(size), strict=True)
    return ClassStatistics.empty(3, features.shape[1]).update_all(parts)


@pytest.mark.parametrize(
    ("dtype", "offset"),
    [(torch.float32, 1e6), (torch.float16, 1e3), (torch.bfloat16, 100.0)],
)
def test_an_offset_costs_what_its_rounding_costs(dtype: torch.dtype, offset: float) -> None:
    features, labels = clouds()
    rounded = (features + offset).to(dtype)
    found = in_batches(rounded, labels)
    # Two passes in float64 over the numbers that the network gave, the offset taken off first.
    exact = rounded.double() - offset
    for k, trace in enumerate(found.square_deviations):
        own = exact[labels == k]
        torch.testing.assert_close(trace, (own - own.mean(0)).square().sum(), rtol=1e-7, atol=0)
        torch.testing.assert_close(found.means[k] - offset, own.mean(0), rtol=0, atol=1e-8)


def test_the_diagonal_of_a_scatter_is_never_negative_and_nought_where_nothing_varies() -> None:
    features, labels = clouds()
    features[:, 2] = 1 / 3
    features[:, 3] *= 1e-9
    found = in_batches(features + 1e4 * torch.eye(5, dtype=torch.float64)[0], labels)
    assert found.scatter is not None
    diagonal = found.scatter.diagonal()
    assert (diagonal >= 0).all()
    assert diagonal[2] <= 1e-28
    assert diagonal[3] > 0


def test_ranks_with_uneven_shares_or_none_give_what_one_process_gives() -> None:
    features, labels = clouds()
    shares = [slice(0, 0), slice(0, 1), slice(1, 1), slice(1, 200), slice(200, 240)]
    parts = [class_statistics(features[part], labels[part], classes=3) for part in shares]
    whole, merged = class_statistics(features, labels, classes=3), merge_all(parts)
    for name, value in whole.tensors().items():
        torch.testing.assert_close(merged.tensors()[name], value, rtol=1e-12, atol=1e-12)


MANY_CLASSES = """
import sys
import torch
from runtheory.collapse import ClassStatistics
def batches(count):
    for _ in range(count):
        yield torch.rand(256, 512), torch.randint(1000, (256,))
state = ClassStatistics.empty(1000, 512).update_all(batches(2))
start()
state.update_all(batches(int(sys.argv[1])))
"""


def test_a_thousand_classes_take_the_memory_of_their_means_however_many_the_examples() -> None:
    few, many = (peak_megabytes(MANY_CLASSES, str(count)) for count in (4, 60))
    assert many < few + 10  # the features themselves would take 28 more
