"""Every combination with every option of PyTorch's cross entropy, and what is refused."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from runtheory.dropout.objectives import (
    loss_of_mean_logits,
    loss_of_mean_probabilities,
    mean_of_losses,
    mean_of_squared_errors,
)
from runtheory.randomness import stream

COMBINATIONS = [mean_of_losses, loss_of_mean_logits, loss_of_mean_probabilities]
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]


def drawn(*shape: int, seed: int = 0, purpose: str = "logits") -> torch.Tensor:
    return 2 * torch.randn(*shape, generator=stream(seed, purpose), dtype=torch.float64)


def theirs(combine, logits, targets, **options) -> torch.Tensor:
    """PyTorch's own loss of logits (sample, batch, *position, class), sample by sample."""

    def each(sample: torch.Tensor) -> torch.Tensor:
        flat = sample.flatten(0, -2)
        wanted = targets.flatten(0, -2) if targets.is_floating_point() else targets.flatten()
        return functional.cross_entropy(flat, wanted, **options)

    if combine is mean_of_losses:
        return torch.stack([each(sample) for sample in logits]).mean()
    if combine is loss_of_mean_logits:
        return each(logits.mean(0))
    return each(logits.softmax(-1).mean(0).log())


@pytest.mark.parametrize("combine", COMBINATIONS)
@given(
    samples=st.integers(1, 3),
    batch=st.integers(1, 4),
    positions=st.sampled_from([(), (1,), (3,), (2, 2)]),
    dtype=st.sampled_from(INTEGERS),
    smoothing=st.sampled_from([0.0, 0.1, 1.0]),
    weighted=st.booleans(),
    ignored=st.sampled_from([None, 1, 77]),
    folded=st.booleans(),
    seed=st.integers(0, 50),
)
def test_class_indices_with_every_option_are_as_pytorch_has_them(
    combine, samples, batch, positions, dtype, smoothing, weighted, ignored, folded, seed
) -> None:
    logits = drawn(samples, batch, *positions, 4, seed=seed).requires_grad_()
    labels = torch.randint(4, (batch, *positions), generator=stream(seed, "labels"))
    if ignored == 77:
        labels[0] = 77 if batch > 1 else labels[0]
    if ignored is not None and bool((labels == ignored).all()):
        return  # a mean of nothing: NaN on both sides
    weight = drawn(4, seed=seed, purpose="weight").abs() + 0.1 if weighted else None
    options = {"weight": weight, "label_smoothing": smoothing}
    expected = theirs(
        combine, logits, labels, **options, ignore_index=-100 if ignored is None else ignored
    )
    given_logits = logits.flatten(0, 1) if folded else logits
    ours = combine(given_logits, labels.to(dtype), **options, ignore_index=ignored)
    torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-12)
    (mine,) = torch.autograd.grad(ours, logits)
    (other,) = torch.autograd.grad(expected, logits)
    torch.testing.assert_close(mine, other, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("combine", COMBINATIONS)
@given(
    samples=st.integers(1, 3),
    positions=st.sampled_from([(), (3,)]),
    smoothing=st.sampled_from([0.0, 0.2]),
    weighted=st.booleans(),
    folded=st.booleans(),
    seed=st.integers(0, 50),
)
def test_distributions_with_every_option_are_as_pytorch_has_them(
    combine, samples, positions, smoothing, weighted, folded, seed
) -> None:
    logits = drawn(samples, 3, *positions, 4, seed=seed)
    soft = drawn(3, *positions, 4, seed=seed, purpose="soft").softmax(-1)
    weight = drawn(4, seed=seed, purpose="weight").abs() if weighted else None
    options = {"weight": weight, "label_smoothing": smoothing}
    ours = combine(logits.flatten(0, 1) if folded else logits, soft, **options)
    expected = theirs(combine, logits, soft, **options)
    torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_where_all_is_ignored_there_is_no_mean(combine) -> None:
    labels = torch.full((3,), -100)
    for smoothing in (0.0, 0.1):
        loss = combine(drawn(2, 3, 4), labels, ignore_index=-100, label_smoothing=smoothing)
        assert math.isnan(loss)


@given(samples=st.integers(1, 4), folded=st.booleans(), seed=st.integers(0, 50))
def test_squared_errors_are_bias_and_variance(samples, folded, seed) -> None:
    outputs, targets = drawn(samples, 5, 2, seed=seed), drawn(5, 2, seed=seed, purpose="targets")
    loss = mean_of_squared_errors(outputs.flatten(0, 1) if folded else outputs, targets)
    bias = (outputs.mean(0) - targets).square().mean()
    variance = outputs.var(0, correction=0).mean()
    torch.testing.assert_close(loss, bias + variance)
    each = [functional.mse_loss(sample, targets) for sample in outputs]
    torch.testing.assert_close(loss, torch.stack(each).mean())


def test_low_precision_regression_is_computed_in_float32() -> None:
    outputs, targets = drawn(3, 5, 2).bfloat16(), drawn(5, 2)
    assert mean_of_squared_errors(outputs, targets.bfloat16()).dtype == torch.float32


LOGITS = torch.zeros(2, 3, 4)
REFUSED = [
    (torch.tensor([0, -100, 1]), {}, ValueError, "must lie in 0 to 3, got -100"),
    (torch.tensor([0, 4, 1]), {"ignore_index": 5}, ValueError, "must lie in 0 to 3, got 4"),
    (torch.tensor([True, False, True]), {}, TypeError, "bool"),
    (torch.tensor([0.0, 1.0, 2.0]), {}, ValueError, r"torch.float32 targets \(3,\)"),
    (torch.zeros(3, 1, dtype=torch.int64), {}, ValueError, r"int64 targets \(3, 1\)"),
    (torch.zeros(2, dtype=torch.int64), {}, ValueError, r"expected \(sample, 2, 4\)"),
    (torch.full((3, 4), 0.3), {}, ValueError, "distributions over the classes"),
    (torch.full((3, 4), math.nan), {}, ValueError, "distributions over the classes"),
    (torch.tensor([[-1.0, 2, 0, 0]] * 3), {}, ValueError, "distributions over the classes"),
    (torch.full((3, 4), 0.25), {"ignore_index": 1}, ValueError, "ignore_index is for class"),
    (torch.tensor([0, 1, 2]), {"label_smoothing": 1.1}, ValueError, "label_smoothing must lie"),
    (torch.tensor([0, 1, 2]), {"label_smoothing": math.nan}, ValueError, "label_smoothing must"),
    (torch.tensor([0, 1, 2]), {"weight": torch.ones(3)}, ValueError, r"weight must be \(4,\)"),
]


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize(("targets", "options", "kind", "message"), REFUSED)
def test_what_does_not_fit_is_refused(combine, targets, options, kind, message) -> None:
    with pytest.raises(kind, match=message):
        combine(LOGITS, targets, **options)


def test_no_example_and_misfitting_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        mean_of_losses(torch.zeros(2, 0, 4), torch.zeros(0, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"expected .* or \(sample x 3, 4\)"):
        mean_of_losses(torch.zeros(7, 4), torch.zeros(3, dtype=torch.int64))


def test_nothing_is_broadcast_in_regression() -> None:
    with pytest.raises(ValueError, match=r"outputs of shape \(2, 3, 1\) do not fit"):
        mean_of_squared_errors(torch.zeros(2, 3, 1), torch.zeros(3))
    with pytest.raises(TypeError, match="64"):
        mean_of_squared_errors(torch.zeros(2, 3), torch.zeros(3, dtype=torch.int64))


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_weights_of_half_precision_come_with_logits_of_half_precision(
    combine, kind, smoothing
) -> None:
    logits, labels = drawn(2, 4, 3).to(kind), torch.tensor([0, 1, 2, 0])
    weight = torch.tensor([0.5, 1.0, 2.0])
    options = {"label_smoothing": smoothing}
    found = combine(logits, labels, weight=weight.to(kind), **options)
    assert torch.equal(found, combine(logits, labels, weight=weight, **options))
    wide = combine(logits.double(), labels, weight=weight.double(), **options)
    torch.testing.assert_close(found.double(), wide, rtol=1e-5, atol=1e-6)
