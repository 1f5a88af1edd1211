"""The three sources of variance: against a loop, and against whole batches where all is known."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional

from runtheory.dropout import gradients
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.dropout.variance import minibatch_variance
from runtheory.interplay.sources import SourceVariance, source_variance
from runtheory.nets import Classifier
from runtheory.randomness import Streams, stream


def tiny_net() -> Classifier:
    generator = stream(0, "weights")
    body = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Tanh())
    head = nn.Linear(3, 3)
    for parameter in [*body.parameters(), *head.parameters()]:
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return Classifier(body, head)


def loop_gradient(
    net: Classifier,
    image: torch.Tensor,
    target: torch.Tensor,
    *,
    mask: torch.Tensor,
    rate: float,
) -> torch.Tensor:
    logits = net.head(net.body(image[None]) * mask / (1 - rate))
    loss = functional.cross_entropy(logits, target[None])
    parts = torch.autograd.grad(loss, list(net.parameters()))
    return torch.cat([part.flatten() for part in parts]).double()


@pytest.mark.parametrize("at_once", [1, 4, 10, gradients.GRADIENTS_AT_ONCE])
@pytest.mark.parametrize("examples", [2, 4])
@pytest.mark.parametrize(("repeats", "samples"), [(3, 2), (1, 3), (3, 1), (1, 1)])
def test_source_variance_is_the_nested_analysis_written_as_a_loop(
    repeats: int, samples: int, examples: int, at_once: int, monkeypatch
) -> None:
    monkeypatch.setattr(gradients, "GRADIENTS_AT_ONCE", at_once)  # chunks, and groups cut by them
    net, rate = tiny_net(), 0.5 if samples > 1 else 0.0
    generator = stream(1, "inputs")
    images = torch.randn(examples * repeats, 1, 2, 2, generator=generator)
    targets = torch.rand(len(images), 3, generator=generator).softmax(1)
    masks = torch.rand(samples, len(images), 3, generator=generator) >= rate
    parts = source_variance(net, images, targets, masks=masks, rate=rate, repeats=repeats)
    table = torch.stack(
        [
            torch.stack(
                [
                    loop_gradient(net, images[i], targets[i], mask=masks[m, i], rate=rate)
                    for m in range(samples)
                ]
            )
            for i in range(len(images))
        ]
    ).reshape(examples, repeats, samples, -1)
    mask = table.var(2).sum(-1).mean() if samples > 1 else torch.tensor(0.0)
    middle = table.mean(2)
    mixing = torch.tensor(0.0)
    if repeats > 1:
        mixing = middle.var(1).sum(-1).mean() - mask / samples
    data = middle.mean(1).var(0).sum() - mixing / repeats - mask / (repeats * samples)
    assert parts.mask == pytest.approx(float(mask), rel=1e-5, abs=1e-12)
    assert parts.mixing == pytest.approx(float(mixing), rel=1e-5, abs=1e-12)
    assert parts.data == pytest.approx(float(data), rel=1e-5)


def test_the_three_parts_add_up_to_the_variance_of_a_batch() -> None:
    """A population of three images, mixed with each other by a share of 0 or 0.4; all is known."""
    net, rate, samples, batch = tiny_net(), 0.5, 2, 4
    images = torch.randn(3, 1, 2, 2, generator=stream(2, "inputs"))
    eye = torch.eye(3)
    patterns = [torch.tensor(p) for p in itertools.product((0.0, 1.0), repeat=3)]
    rows = []
    for i in range(3):
        for j, share in itertools.product(range(3), (0.0, 0.4)):
            mixed = (1 - share) * images[i] + share * images[j]
            target = (1 - share) * eye[i] + share * eye[j]
            rows.append([loop_gradient(net, mixed, target, mask=p, rate=rate) for p in patterns])
    table = torch.stack([torch.stack(row) for row in rows]).reshape(3, 6, 8, -1)
    mask = table.var(2, correction=0).sum(-1).mean()
    mixing = table.mean(2).var(1, correction=0).sum(-1).mean()
    data = table.mean((1, 2)).var(0, correction=0).sum()
    expected = float((data + mixing + mask / samples) / batch)
    loss = MultiSampleObjective(samples, rate)

    def objective(
        net: nn.Module, chosen: torch.Tensor, labels: torch.Tensor, streams: Streams
    ) -> torch.Tensor:
        partner = torch.randint(3, (len(chosen),), generator=streams["partners"])
        share = 0.4 * torch.randint(2, (len(chosen),), generator=streams["shares"])
        weight = share[:, None, None, None]
        mixed = (1 - weight) * chosen + weight * images[partner]
        targets = (1 - share[:, None]) * eye[labels] + share[:, None] * eye[partner]
        return loss(net, mixed, targets, streams)

    seen = minibatch_variance(
        net,
        images,
        torch.arange(3),
        objective,
        batch=batch,
        repetitions=3000,
        streams=Streams(0),
    )
    assert abs(seen.value - expected) < 5 * seen.error


def test_a_batch_divides_each_source_by_what_averages_it() -> None:
    parts = SourceVariance(data=2.0, mixing=1.0, mask=4.0)
    assert parts.of_batch(1, 1) == 7.0
    assert parts.of_batch(10, 8) == pytest.approx((2 + 1 + 4 / 8) / 10)
    for batch, samples in ((0, 1), (1, 0), (-1, 1)):
        with pytest.raises(ValueError, match="must be at least 1"):
            parts.of_batch(batch, samples)


def test_every_mixture_has_one_target() -> None:
    images, masks = torch.zeros(4, 1, 2, 2), torch.ones(1, 4, 3, dtype=torch.bool)
    for targets, repeats, message in ((6, 2, "lengths must be equal"), (4, 0, "repeats must be")):
        labels = torch.zeros(targets, dtype=torch.int64)
        with pytest.raises(ValueError, match=message):
            source_variance(tiny_net(), images, labels, masks=masks, rate=0.0, repeats=repeats)


def test_mixtures_must_be_whole_groups() -> None:
    images, masks = torch.zeros(5, 1, 2, 2), torch.ones(1, 5, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match="groups of 2"):
        source_variance(
            tiny_net(), images, torch.zeros(5, dtype=torch.int64), masks=masks, rate=0.0, repeats=2
        )
