from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from runtheory import tensor_checks
from runtheory.collapse.statistics import ClassStatistics, class_statistics, merge_all
from runtheory.randomness import stream

CLASSES, WIDTH = 4, 6


def draw(samples: int, *, offset: float = 1e3, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = stream(seed, "statistics")
    labels = torch.randint(CLASSES, (samples,), generator=generator)
    labels[:CLASSES] = torch.arange(CLASSES)
    noise = torch.randn(samples, WIDTH, generator=generator, dtype=torch.float64)
    return noise + 2 * torch.eye(CLASSES, WIDTH, dtype=torch.float64)[labels] + offset, labels


def two_pass(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    means = torch.zeros(CLASSES, WIDTH, dtype=torch.float64)
    traces = torch.zeros(CLASSES, dtype=torch.float64)
    scatter = torch.zeros(WIDTH, WIDTH, dtype=torch.float64)
    for k in range(CLASSES):
        own = features[labels == k]
        means[k] = sum(own) / len(own)
        for row in own:
            scatter += torch.outer(row - means[k], row - means[k])
            traces[k] += ((row - means[k]) ** 2).sum()
    return means, traces, scatter


def assert_equal(state: ClassStatistics, features: Tensor, labels: Tensor) -> None:
    means, traces, scatter = two_pass(features, labels)
    assert torch.equal(state.counts, torch.bincount(labels, minlength=CLASSES))
    torch.testing.assert_close(state.means, means, rtol=1e-12, atol=0)
    torch.testing.assert_close(state.square_deviations, traces, rtol=1e-9, atol=0)
    assert state.scatter is not None
    assert torch.linalg.norm(state.scatter - scatter) <= 1e-9 * torch.linalg.norm(scatter)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    cuts=st.lists(st.integers(0, 60), max_size=6),
    order=st.randoms(use_true_random=False),
    seed=st.integers(0, 5),
)
def test_any_split_order_and_merge_tree_gives_the_two_pass_result(
    cuts: list[int], order: Random, seed: int
) -> None:
    features, labels = draw(60, seed=seed)
    edges = sorted({0, 60, *cuts})
    shuffle = torch.tensor(order.sample(range(60), 60))
    empty = ClassStatistics.empty(CLASSES, WIDTH)
    parts = []
    for low, high in pairwise(edges):
        index = shuffle[low:high]
        parts.append(empty.update(features[index], labels[index]))
    while len(parts) > 1:
        first, second = order.sample(range(len(parts)), 2)
        merged = parts[first].merge(parts[second])
        parts = [p for i, p in enumerate(parts) if i not in (first, second)] + [merged]
    assert_equal(parts[0], features, labels)


def test_streaming_equals_two_pass_and_float32_is_widened() -> None:
    features, labels = draw(200)
    state = ClassStatistics.empty(CLASSES, WIDTH)
    for low in range(0, 200, 7):
        state = state.update(features[low : low + 7], labels[low : low + 7])
    assert_equal(state, features, labels)
    narrow = features.float()
    assert_equal(class_statistics(narrow, labels, classes=CLASSES), narrow.double(), labels)


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 60), max_size=6), seed=st.integers(0, 5))
def test_one_product_a_batch_gives_what_merging_gives(cuts: list[int], seed: int) -> None:
    features, labels = draw(60, seed=seed, offset=100.0)
    edges = sorted({0, 60, *cuts})
    batches = [(features[low:high], labels[low:high]) for low, high in pairwise(edges)]
    merged = merge_all(class_statistics(*batch, classes=CLASSES) for batch in batches)
    streamed = ClassStatistics.empty(CLASSES, WIDTH).update_all(batches)
    assert torch.equal(streamed.counts, merged.counts)
    for name in ("means", "square_deviations", "scatter"):
        one, other = getattr(streamed, name), getattr(merged, name)
        assert torch.linalg.vector_norm(one - other) <= 5e-14 * torch.linalg.vector_norm(other)


def test_an_offset_of_a_million_costs_no_more_digits_than_rounding_the_features() -> None:
    features, labels = draw(300, offset=1e6)
    batches = [(features[low : low + 7], labels[low : low + 7]) for low in range(0, 300, 7)]
    state = ClassStatistics.empty(CLASSES, WIDTH).update_all(batches)
    means, traces, scatter = two_pass(features - 1e6, labels)  # exact: the offset is a whole number
    assert state.scatter is not None
    rounding = 1e6 * torch.finfo(torch.float64).eps  # of one mean, beside deviations of size one
    torch.testing.assert_close(state.means - 1e6, means, rtol=0, atol=4 * rounding)
    torch.testing.assert_close(state.square_deviations, traces, rtol=rounding, atol=0)
    assert torch.linalg.norm(state.scatter - scatter) <= rounding * torch.linalg.norm(scatter)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_labels_of_any_integer_type_are_taken(dtype: torch.dtype) -> None:
    features, labels = draw(30)
    state = class_statistics(features, labels.to(dtype), classes=CLASSES)
    assert_equal(state, features, labels)


@pytest.mark.parametrize("dtype", [torch.bool, torch.float32])
def test_labels_that_are_no_integers_are_refused(dtype: torch.dtype) -> None:
    # Called within, because at the boundary the suite's own shape checks speak first.
    features, labels = draw(30)
    with pytest.raises(TypeError, match="labels must be integers"):
        ClassStatistics.empty(CLASSES, WIDTH)._checked_labels(features, labels.to(dtype))


def test_squares_that_overflow_are_refused() -> None:
    features, labels = draw(20)
    with pytest.raises(ValueError, match="got an overflow"):
        class_statistics(features * 1e200, labels, classes=CLASSES)


def test_a_class_of_one_sample_and_a_batch_of_one_have_no_deviation() -> None:
    features, labels = torch.eye(3), torch.tensor([2, 0, 1])
    state = ClassStatistics.empty(3, 3).update_all((features[[i]], labels[[i]]) for i in range(3))
    assert state.counts.tolist() == [1, 1, 1]
    assert torch.equal(state.means[labels], features.double())
    assert float(state.square_deviations.abs().sum()) == 0


@pytest.mark.parametrize("full", [True, False])
def test_nothing_is_read_where_tensors_hold_no_numbers(full: bool) -> None:
    with FakeTensorMode():
        features, labels = torch.empty(5, 3, device="meta"), torch.zeros(5).long().to("meta")
        state = class_statistics(features, labels, classes=4, full=full)
        state = state.merge(state.update(features, labels))
    assert all(tensor.device.type == "meta" for tensor in state.tensors().values())


def test_update_leaves_the_old_state_alone_and_an_empty_batch_changes_nothing() -> None:
    features, labels = draw(30)
    state = class_statistics(features, labels, classes=CLASSES)
    copy = {name: value.clone() for name, value in state.tensors().items()}
    again = state.update(features[:0], labels[:0])
    state.update(features, labels)
    for name, value in copy.items():
        assert torch.equal(getattr(state, name), value)
        assert torch.equal(getattr(again, name), value)


def test_traces_only_round_trip_and_merge_all() -> None:
    features, labels = draw(40)
    full = class_statistics(features, labels, classes=CLASSES)
    halves = [
        class_statistics(features[part], labels[part], classes=CLASSES, full=False)
        for part in (slice(0, 13), slice(13, None))
    ]
    slim = merge_all(halves)
    assert slim.scatter is None
    assert "scatter" not in slim.tensors()
    torch.testing.assert_close(slim.square_deviations, full.square_deviations, rtol=1e-9, atol=0)
    assert full.scatter is not None
    torch.testing.assert_close(full.scatter.trace(), full.square_deviations.sum())
    back = ClassStatistics.from_tensors(full.tensors())
    assert back.scatter is not None
    assert torch.equal(back.scatter, full.scatter)
    assert back.classes == CLASSES
    assert ClassStatistics.from_tensors(slim.tensors()).scatter is None


def test_a_random_tree_of_merges_gives_the_same_state() -> None:
    features, labels = draw(40)
    parts = [
        class_statistics(features[index], labels[index], classes=CLASSES)
        for index in torch.arange(40).chunk(8)
    ]
    trees = [merge_all(parts, generator=stream(seed, "tree")) for seed in range(2)]
    for tree in trees:
        assert_equal(tree, features, labels)
    assert not torch.equal(trees[0].means, trees[1].means)  # another order, other rounding
    assert len(parts) == 8


@pytest.mark.parametrize("label", [-1, CLASSES])
def test_labels_out_of_range_are_refused(label: int) -> None:
    features, labels = draw(20)
    labels[7] = label
    with pytest.raises(ValueError, match=f"labels must lie in 0 to {CLASSES - 1}, got"):
        class_statistics(features, labels, classes=CLASSES)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_features_that_are_not_finite_are_refused(value: float) -> None:
    features, labels = draw(20)
    features[3, 2] = value
    with pytest.raises(ValueError, match="features must be finite, got NaN or infinity"):
        class_statistics(features, labels, classes=CLASSES)


def test_without_the_early_check_faults_are_left_out_counted_and_raised_at_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    features, labels = draw(20)
    broken, wrong = features.clone(), labels.clone()
    broken[0, 0], broken[11, 0], wrong[12] = float("nan"), float("nan"), CLASSES + 3
    monkeypatch.setattr(tensor_checks, "readable", lambda tensor: False)
    state = class_statistics(broken, wrong, classes=CLASSES)
    kept = torch.tensor([i for i in range(20) if i not in (0, 11, 12)])
    assert_equal(state, features[kept], labels[kept])
    with pytest.raises(ValueError, match="got 3 samples where they do not"):
        state.checked()


def test_wrong_use_is_named() -> None:
    features, labels = draw(20)
    state = class_statistics(features, labels, classes=CLASSES)
    with pytest.raises(ValueError, match="at least two classes, got 1"):
        ClassStatistics.empty(1, 3)
    with pytest.raises(ValueError, match="got width 0"):
        ClassStatistics.empty(2, 0)
    with pytest.raises(ValueError, match=r"shape \(batch, 6\), got \(20, 5\)"):
        state.update(features[:, :5], labels)
    with pytest.raises(ValueError, match=r"same \(classes, width\)"):
        state.merge(ClassStatistics.empty(CLASSES, WIDTH + 1))
    with pytest.raises(ValueError, match="scatter matrix or neither"):
        state.merge(ClassStatistics.empty(CLASSES, WIDTH, full=False))
    with pytest.raises(ValueError, match=r"none for the classes \[2, 3\]"):
        ClassStatistics.empty(CLASSES, WIDTH).update(features[:2], labels[:2]).checked()
    with pytest.raises(ValueError, match=r"classes \[0, .*, 9\] and 990 more"):
        ClassStatistics.empty(1000, WIDTH).checked()
    with pytest.raises(ValueError, match="got none"):
        merge_all([])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_update_on_cuda_never_waits_for_the_device() -> None:
    features, labels = draw(50)
    state = ClassStatistics.empty(CLASSES, WIDTH, device="cuda")
    there, named = features.cuda(), labels.cuda()
    state.update(there, named)
    torch.cuda.set_sync_debug_mode("error")
    try:
        state = state.update(there, named)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert_equal(
        ClassStatistics.from_tensors({k: v.cpu() for k, v in state.tensors().items()}),
        features,
        labels,
    )
