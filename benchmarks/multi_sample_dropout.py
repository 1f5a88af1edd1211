"""Multi-sample dropout: the batched head beside a loop over samples and beside whole passes.

Each is one forward and backward pass of the same small convolutional net on the same batch of 128:
fresh masks, mean of the losses. Beside them stands what the cost model body + samples x head
foretells for 8 samples, fitted in each round to the steps with all other numbers of samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout

from benchmarks.timing import Comparison, Step, Way
from runtheory.dropout.cost import StepTime, fit_cost
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.nets import Classifier, residual_net, small_convnet
from runtheory.randomness import Streams, stream

LOOP = "loop over samples"
SAMPLES, OTHERS, RATE, BATCH = 8, (1, 2, 4, 16, 32), 0.5, 128


def loop_over_samples(net: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """One body pass, then dropout and head once per sample in a Python loop."""
    features = net.body(images)
    losses = [cross_entropy(net.head(dropout(features, RATE)), labels) for _ in range(SAMPLES)]
    return torch.stack(losses).mean()


def whole_passes(net: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """The whole net once per sample: what drawing masks without sharing the body costs."""
    losses = [
        cross_entropy(net.head(dropout(net.body(images), RATE)), labels) for _ in range(SAMPLES)
    ]
    return torch.stack(losses).mean()


def foretold(seconds: Mapping[str, float]) -> float:
    """Return the cost model's time of the step, from the steps with other numbers of samples."""
    return fit_cost([StepTime(count, seconds[one_pass(count)]) for count in OTHERS]).seconds(
        SAMPLES
    )


def one_pass(samples: int) -> str:
    return f"one pass, {samples} samples"


def compare(hidden: int, head: str, device: torch.device) -> Comparison:
    """Return the comparison for one net, its head linear or with a hidden layer."""
    net = small_convnet(generator=stream(0, "net"), hidden=hidden).to(device)
    images = torch.randn(BATCH, 1, 28, 28, generator=stream(0, "images")).to(device)
    return compare_steps(f"dropout-{hidden}", head, net, images)


def compare_steps(key: str, head: str, net: Classifier, images: Tensor) -> Comparison:
    """Return the comparison of one step of ``net`` on ``images``, with labels at random."""
    device = images.device
    classes = net(images[:2]).shape[-1]
    labels = torch.randint(classes, (len(images),), generator=stream(0, "labels")).to(device)
    parameters = list(net.parameters())
    streams = Streams(0, device=device)

    def step(loss: Callable[[], Tensor]) -> Step:
        return lambda: torch.autograd.grad(loss(), parameters)

    def batched(samples: int) -> Way:
        objective = MultiSampleObjective(samples, RATE)
        return Way(one_pass(samples), step(lambda: objective(net, images, labels, streams)))

    loop, whole = (partial(f, net, images, labels) for f in (loop_over_samples, whole_passes))
    return Comparison(
        key,
        f"Multi-sample dropout, M = {SAMPLES}, {head}: one step",
        batched(SAMPLES),
        (
            Way(LOOP, step(loop), note="one body pass, a Python loop over the head"),
            Way(f"{SAMPLES} whole passes", step(whole), note="the body is not shared"),
            Way(
                "cost model",
                derived=foretold,
                note="foretold, not run: body + M × head, fitted to M = "
                + ", ".join(map(str, OTHERS)),
            ),
        ),
        also=tuple(batched(count) for count in OTHERS),
        rounds=15,
    )


def compare_loop(key: str, head: str, net: Classifier, images: Tensor) -> Comparison:
    """Return the same beside the loop and a single mask, which no way to take eight can beat."""
    whole = compare_steps(key, head, net, images)
    loop = tuple(peer for peer in whole.peers if peer.name == LOOP)
    single = tuple(
        replace(way, note="a single mask: the least that eight can take")
        for way in whole.also
        if way.name == one_pass(1)
    )
    return replace(whole, peers=(*loop, *single), also=())


def perceptron(width: int, classes: int, device: torch.device) -> Classifier:
    body = nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU())
    return Classifier(body, nn.Linear(width, classes)).to(device)


def comparisons(device: torch.device) -> list[Comparison]:
    """Return the comparisons for two heads of a convolutional net and for three other bodies."""
    digits = torch.randn(256, 1, 28, 28, generator=stream(0, "images")).to(device)
    colours = torch.randn(32, 3, 32, 32, generator=stream(0, "colours")).to(device)
    residual = residual_net(generator=stream(0, "net"), width=16).to(device)
    return [
        compare(0, "linear head", device),
        compare(128, "head with 128 hidden units", device),
        compare_loop(
            "dropout-wide", "2048 features, 10 classes", perceptron(2048, 10, device), digits
        ),
        compare_loop(
            "dropout-classes", "2048 features, 1000 classes", perceptron(2048, 1000, device), digits
        ),
        compare_loop("dropout-residual", "residual net, linear head", residual, colours),
    ]
