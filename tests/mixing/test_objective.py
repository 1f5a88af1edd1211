"""The mixed objective: cross-entropy of mixed images, drawn from its own stream."""

from functools import partial

import torch
from torch.nn import functional

from runtheory.mixing.draw import draw_cutmix, draw_mixup
from runtheory.mixing.objective import MixedObjective
from runtheory.nets import perceptron
from runtheory.randomness import Streams, stream


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = stream(0, "batch")
    images = torch.randn(6, 1, 8, 8, generator=generator)
    return images, torch.tensor([0, 1, 2, 0, 1, 2])


def net() -> torch.nn.Module:
    return perceptron(inputs=64, classes=3, widths=(7,), generator=stream(0, "weights"))


def test_the_loss_is_the_mixture_of_two_losses() -> None:
    images, labels = batch()
    model = net()
    loss = MixedObjective(draw_cutmix, 3)(model, images, labels, Streams(5))
    plan = draw_cutmix(images.shape, generator=Streams(5)["mixing"])
    mixed = plan.mix_images(images)
    losses = [
        functional.cross_entropy(model(mixed), targets, reduction="none")
        for targets in (labels, labels[plan.partner])
    ]
    expected = ((1 - plan.share) * losses[0] + plan.share * losses[1]).mean()
    torch.testing.assert_close(loss.double(), expected.double(), rtol=1e-6, atol=1e-6)


def test_a_closed_gate_leaves_the_plain_loss_and_other_streams_alone() -> None:
    images, labels = batch()
    model, streams = net(), Streams(5)
    objective = MixedObjective(partial(draw_mixup, probability=0.0), 3)
    loss = objective(model, images, labels, streams)
    torch.testing.assert_close(loss, functional.cross_entropy(model(images), labels))
    first = torch.rand(3, generator=streams["batches"])
    assert torch.equal(first, torch.rand(3, generator=Streams(5)["batches"]))
