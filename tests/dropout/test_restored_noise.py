"""Many masks with the noise of one: mean and covariance by listing every mask, and the streams."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import nn

from runtheory.dropout import restored_noise
from runtheory.dropout.gradients import masked_gradients
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.dropout.oracle import all_masks
from runtheory.dropout.restored_noise import RestoredNoiseObjective
from runtheory.nets import Classifier
from runtheory.randomness import Streams

RATE = 0.3


@pytest.fixture
def tiny(linear):
    net = Classifier(nn.Flatten(), linear(2, 3))
    inputs = torch.tensor([[0.7, -1.2]], dtype=torch.float64)
    return net, inputs, torch.tensor([1])


def _gradient(net, loss):
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, net.parameters())])


def _listed_moments(net, inputs, labels, samples, monkeypatch):
    """Mean and covariance of the gradient over every choice of the samples + 2 masks."""
    masks, weights = all_masks(2, rate=RATE)
    moments = [0.0, 0.0]
    for choice in product(range(len(masks)), repeat=samples + 2):
        given = iter([masks[list(choice[:samples])], masks[list(choice[samples:])]])
        monkeypatch.setattr(
            restored_noise, "draw_masks", lambda *_, given=given, **__: next(given)[:, None]
        )
        loss = RestoredNoiseObjective(samples, RATE)(net, inputs, labels, Streams(0))
        gradient, weight = _gradient(net, loss), weights[list(choice)].prod()
        moments[0] = moments[0] + weight * gradient
        moments[1] = moments[1] + weight * torch.outer(gradient, gradient)
    return moments[0], moments[1] - torch.outer(moments[0], moments[0])


@pytest.mark.parametrize("samples", [1, 2])
def test_mean_and_covariance_are_those_of_one_mask(tiny, samples, monkeypatch) -> None:
    net, inputs, labels = tiny
    masks, weights = all_masks(2, rate=RATE)
    (each,) = masked_gradients(net, inputs, labels, masks=masks[:, None], rate=RATE)
    mean = weights @ each[0]
    off = each[0] - mean
    covariance = torch.einsum("m,mp,mq->pq", weights, off, off)
    found = _listed_moments(net, inputs, labels, samples, monkeypatch)
    torch.testing.assert_close(found[0], mean)
    torch.testing.assert_close(found[1], covariance)


def test_one_sample_is_ordinary_dropout(tiny) -> None:
    net, inputs, labels = tiny
    restored = RestoredNoiseObjective(1, RATE)(net, inputs, labels, Streams(3))
    assert restored == MultiSampleObjective(1, RATE)(net, inputs, labels, Streams(3))


def test_the_mean_has_the_masks_of_the_plain_objective(tiny) -> None:
    """Runs of one seed share them, and what is added is drawn from a stream of its own."""
    net, inputs, labels = tiny
    streams, plain = Streams(3), Streams(3)
    for _ in range(2):
        RestoredNoiseObjective(4, RATE)(net, inputs, labels, streams)
        MultiSampleObjective(4, RATE)(net, inputs, labels, plain)
    states = [each["masks"].get_state() for each in (streams, plain)]
    assert torch.equal(*states)


@pytest.mark.parametrize(("samples", "rate"), [(0, 0.5), (2, 1.0), (2, float("nan"))])
def test_wrong_settings_are_refused(samples, rate) -> None:
    with pytest.raises(ValueError, match=r"samples|rate"):
        RestoredNoiseObjective(samples, rate)
