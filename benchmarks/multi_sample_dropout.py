"""Multi-sample dropout: the batched head beside a loop over samples and beside whole passes.

Each is one forward and backward pass of the same small convolutional net on the same batch of 128:
fresh masks, mean of the losses. Beside them stands what the cost model body + samples x head
foretells for 8 samples, fitted in each round to the steps with all other numbers of samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, dropout

from benchmarks.timing import Comparison, Step, Way
from runtheory.dropout.cost import StepTime, fit_cost
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.nets import Classifier, small_convnet
from runtheory.randomness import Streams, stream

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
    labels = torch.randint(10, (BATCH,), generator=stream(0, "labels")).to(device)
    parameters = list(net.parameters())
    streams = Streams(0, device=device)

    def step(loss: Callable[[], Tensor]) -> Step:
        return lambda: torch.autograd.grad(loss(), parameters)

    def batched(samples: int) -> Way:
        objective = MultiSampleObjective(samples, RATE)
        return Way(one_pass(samples), step(lambda: objective(net, images, labels, streams)))

    loop, whole = (partial(f, net, images, labels) for f in (loop_over_samples, whole_passes))
    return Comparison(
        f"dropout-{hidden}",
        f"Multi-sample dropout, M = {SAMPLES}, {head}: one step",
        batched(SAMPLES),
        (
            Way("loop over samples", step(loop), note="one body pass, a Python loop over the head"),
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


def comparisons(device: torch.device) -> list[Comparison]:
    """Return the comparison for a linear head and for one with a hidden layer."""
    return [compare(0, "linear head", device), compare(128, "head with 128 hidden units", device)]
