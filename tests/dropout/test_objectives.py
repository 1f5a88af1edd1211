"""Three ways to combine logits of many masks, against the equations in plain loops."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from runtheory.dropout.head import sample_logits
from runtheory.dropout.masks import draw_masks
from runtheory.dropout.objectives import (
    MultiSampleObjective,
    loss_of_mean_logits,
    loss_of_mean_probabilities,
    mean_of_losses,
)
from runtheory.randomness import Streams, stream

COMBINATIONS = [mean_of_losses, loss_of_mean_logits, loss_of_mean_probabilities]


def _logits(samples, batch, classes, *, seed=0, scale=3.0):
    generator = stream(seed, "logits")
    return scale * torch.randn(samples, batch, classes, generator=generator, dtype=torch.float64)


def _by_the_equation(combine, logits, targets):
    """-sum_k y_k a_k in plain Python loops; ``targets`` are distributions."""
    samples, batch, classes = logits.shape
    total = 0.0
    for b in range(batch):
        rows = logits[:, b].tolist()
        if combine is loss_of_mean_logits:
            rows = [[sum(row[k] for row in rows) / samples for k in range(classes)]]
        probabilities = []
        for row in rows:
            weights = [math.exp(value) for value in row]
            probabilities.append([weight / sum(weights) for weight in weights])
        for k in range(classes):
            column = [p[k] for p in probabilities]
            if combine is loss_of_mean_probabilities:
                value = math.log(sum(column) / len(column))
            else:
                value = sum(math.log(p) for p in column) / len(column)
            total -= float(targets[b, k]) * value
    return total / batch


@pytest.mark.parametrize("combine", COMBINATIONS)
@given(
    samples=st.integers(1, 4),
    batch=st.integers(1, 4),
    classes=st.integers(2, 5),
    seed=st.integers(0, 50),
)
def test_values_follow_the_equation(combine, samples, batch, classes, seed) -> None:
    logits = _logits(samples, batch, classes, seed=seed)
    soft = _logits(1, batch, classes, seed=seed + 1)[0].softmax(-1)
    expected = _by_the_equation(combine, logits, soft)
    assert float(combine(logits, soft)) == pytest.approx(expected, rel=1e-10)
    labels = soft.argmax(-1)
    hard = nn.functional.one_hot(labels, classes).double()
    assert float(combine(logits, labels)) == pytest.approx(float(combine(logits, hard)), rel=1e-12)


@given(seed=st.integers(0, 500), scale=st.floats(0, 8), samples=st.integers(1, 6))
def test_the_mean_of_losses_is_the_largest(seed, scale, samples) -> None:
    logits = _logits(samples, 5, 4, seed=seed, scale=scale)
    soft = _logits(1, 5, 4, seed=seed + 1)[0].softmax(-1)
    losses = mean_of_losses(logits, soft)
    assert losses >= loss_of_mean_logits(logits, soft) - 1e-12
    assert losses >= loss_of_mean_probabilities(logits, soft) - 1e-12


def test_the_other_two_are_not_ordered() -> None:
    """Samples sure of different wrong classes favour the logits, one very wrong one the others."""
    labels = torch.tensor([0])
    confident = torch.tensor([[[9.0, 0.0]], [[-1.0, 0.0]]])
    spread = torch.tensor([[[0.0, 5.0, -5.0]], [[0.0, -5.0, 5.0]]])
    assert loss_of_mean_logits(confident, labels) < loss_of_mean_probabilities(confident, labels)
    assert loss_of_mean_logits(spread, labels) < loss_of_mean_probabilities(spread, labels)
    disagreeing = torch.tensor([[[5.0, 0.0]], [[-15.0, 0.0]]])
    assert loss_of_mean_logits(disagreeing, labels) > loss_of_mean_probabilities(
        disagreeing, labels
    )


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_extreme_logits_stay_finite(combine) -> None:
    logits = torch.tensor([[[400.0, -400.0]], [[-400.0, 400.0]]], requires_grad=True)
    loss = combine(logits, torch.tensor([0]))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5])
def test_one_sample_is_ordinary_dropout_bitwise(combine, rate, linear) -> None:
    """Loss and every gradient, against nn.Dropout and cross entropy from one generator state."""
    features = torch.randn(33, 65, generator=stream(0, "features"), requires_grad=True)
    labels = torch.randint(10, (33,), generator=stream(0, "labels"))
    head = linear(65, 10, dtype=torch.float32)
    leaves = [features, *head.parameters()]
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(stream(1, "masks").get_state())
        theirs = nn.functional.cross_entropy(head(nn.Dropout(rate)(features)), labels)
    masks = draw_masks(1, features.shape, rate=rate, generator=stream(1, "masks"))
    ours = combine(sample_logits(head, features, masks, rate=rate), labels)
    if combine is not loss_of_mean_probabilities:
        assert torch.equal(ours, theirs)
    torch.testing.assert_close(ours, theirs)
    gradients = torch.autograd.grad(ours, leaves), torch.autograd.grad(theirs, leaves)
    for mine, other in zip(*gradients, strict=True):
        if combine is mean_of_losses:
            assert torch.equal(mine, other)
        torch.testing.assert_close(mine, other)


def test_labels_meet_their_own_example(linear) -> None:
    """The flat form needs labels tiled copy by copy; interleaved they belong to other examples."""
    features = torch.randn(5, 7, generator=stream(0, "f"), dtype=torch.float64)
    labels = torch.tensor([0, 1, 2, 3, 4])
    masks = draw_masks(3, features.shape, rate=0.5, generator=stream(0, "m"))
    logits = sample_logits(linear(7, 5), features, masks, rate=0.5)
    loss = mean_of_losses(logits, labels)
    flat = logits.flatten(0, 1)
    torch.testing.assert_close(loss, nn.functional.cross_entropy(flat, labels.repeat(3)))
    mixed_up = nn.functional.cross_entropy(flat, labels.repeat_interleave(3))
    assert abs(loss - mixed_up) > 0.05


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_identical_masks_add_nothing(combine) -> None:
    """The same seed for every copy: the loss of one sample at the price of many."""
    logits, labels = _logits(1, 5, 4), torch.tensor([0, 1, 2, 3, 0])
    torch.testing.assert_close(combine(logits.expand(6, -1, -1), labels), combine(logits, labels))


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_low_precision_logits_are_computed_in_float32(combine, dtype) -> None:
    logits, labels = _logits(3, 5, 4).to(dtype), torch.tensor([0, 1, 2, 3, 0])
    loss = combine(logits, labels)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, combine(logits.float(), labels))


def test_the_mean_gradient_does_not_depend_on_the_number_of_samples(small_net, examples) -> None:
    """Differences of mean gradients over 1000 draws lie within 5 standard errors."""
    net = small_net()
    images, labels = examples(3)
    means, errors = [], []
    for samples in (1, 4):
        objective, streams = MultiSampleObjective(samples, 0.5), Streams(samples)
        gradients = torch.stack(
            [
                torch.autograd.grad(objective(net, images, labels, streams), net.head.weight)[0]
                for _ in range(1000)
            ]
        )
        means.append(gradients.mean(0))
        errors.append(gradients.var(0) / len(gradients))
    deviations = (means[0] - means[1]) / (errors[0] + errors[1]).sqrt()
    assert deviations.abs().max() < 5
    # One sample has four times the variance; the ratio of two such errors has spread about 6 %.
    assert (errors[0] / errors[1]).mean() == pytest.approx(4, rel=0.2)


def test_the_objective_runs_the_body_once_and_is_reproducible(small_net, examples) -> None:
    net, calls = small_net(), []
    net.body.register_forward_hook(lambda *_: calls.append(1))
    net.head.register_forward_hook(lambda *_: calls.append(2))
    images, labels = examples(5)
    objective = MultiSampleObjective(8, 0.5)
    first = objective(net, images, labels, Streams(3))
    assert calls == [1, 2]
    assert torch.equal(first, objective(net, images, labels, Streams(3)))
    assert not torch.equal(first, objective(net, images, labels, Streams(4)))
    shared = MultiSampleObjective(8, 0.5, batch_shared=True)
    assert not torch.equal(first, shared(net, images, labels, Streams(3)))


def test_rate_zero_is_the_plain_loss(small_net, examples) -> None:
    net = small_net()
    images, labels = examples(5)
    expected = nn.functional.cross_entropy(net(images), labels)
    for combine in COMBINATIONS:
        loss = MultiSampleObjective(3, 0.0, combine)(net, images, labels, Streams(0))
        torch.testing.assert_close(loss, expected)


def test_errors_say_what_came(examples) -> None:
    logits = _logits(2, 3, 4)
    for combine in COMBINATIONS:
        with pytest.raises(ValueError, match="labels must lie in 0 to 3, got 4"):
            combine(logits, torch.tensor([0, 4, 1]))
        with pytest.raises(ValueError, match="ignore_index, labels must lie in 0 to 3, got -100"):
            combine(logits, torch.tensor([0, -100, 1]))
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        MultiSampleObjective(0, 0.5)
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\), got 1.0"):
        MultiSampleObjective(1, 1.0)
    images, labels = examples(3)
    with pytest.raises(ValueError, match="body and a head, got Sequential"):
        MultiSampleObjective(1, 0.5)(nn.Sequential(nn.Flatten()), images, labels, Streams(0))
