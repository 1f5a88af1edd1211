"""Multi-sample dropout: the batched head beside a loop over samples and beside whole passes.

    python -m benchmarks.multi_sample_dropout [--device cuda] [--threads 1] [--rounds 15]

All ways take turns within one run, so a machine that slows down slows all of them; the table shows
medians and ratios of medians. Each is one forward and backward pass of the same small convolutional
net on the same batch: fresh masks, mean of the losses. For page faults and the two environment
variables of glibc that avoid them see ``benchmarks/mixing.py``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, dropout

from runtheory.dropout.cost import fit_cost, measure_steps, relative_errors
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.nets import Classifier, small_convnet
from runtheory.randomness import Streams, stream

SAMPLES, RATE, BATCH = (1, 2, 4, 8, 16, 32), 0.5, 128


def loop_over_samples(net: Classifier, images: Tensor, labels: Tensor, samples: int) -> Tensor:
    """One body pass, then dropout and head once per sample in a Python loop."""
    features = net.body(images)
    losses = [cross_entropy(net.head(dropout(features, RATE)), labels) for _ in range(samples)]
    return torch.stack(losses).mean()


def whole_passes(net: Classifier, images: Tensor, labels: Tensor, samples: int) -> Tensor:
    """The whole net once per sample: what drawing masks without sharing the body costs."""
    losses = [
        cross_entropy(net.head(dropout(net.body(images), RATE)), labels) for _ in range(samples)
    ]
    return torch.stack(losses).mean()


def take_turns(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return median seconds of each way; one untimed round first."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, run in ways.items():
            start = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def compare(net: Classifier, images: Tensor, labels: Tensor, rounds: int) -> None:
    """Print milliseconds of the three ways for every number of samples."""
    streams = Streams(0, device=images.device)
    parameters = list(net.parameters())

    def step(loss: Callable[[], Tensor]) -> Callable[[], None]:
        def run() -> None:
            torch.autograd.grad(loss(), parameters)
            if images.is_cuda:
                torch.cuda.synchronize()

        return run

    print("samples  batched ms  loop ms  whole ms  loop/batched  whole/batched")
    for samples in SAMPLES:
        objective = MultiSampleObjective(samples, RATE)
        ways = {
            "batched": step(lambda o=objective: o(net, images, labels, streams)),
            "loop": step(lambda m=samples: loop_over_samples(net, images, labels, m)),
            "whole": step(lambda m=samples: whole_passes(net, images, labels, m)),
        }
        batched, loop, whole = (1e3 * value for value in take_turns(ways, rounds).values())
        print(
            f"{samples:7d}  {batched:10.2f}  {loop:7.2f}  {whole:8.2f}"
            f"  {loop / batched:12.2f}  {whole / batched:13.2f}"
        )


def show_cost_model(net: Classifier, images: Tensor, labels: Tensor, rounds: int) -> None:
    """Fit the line on all numbers of samples but 8 and print how well it foretells each."""
    streams = Streams(0, device=images.device)
    times = measure_steps(
        net, images, labels, samples=SAMPLES, rate=RATE, repetitions=rounds, streams=streams
    )
    cost = fit_cost([row for row in times if row.samples != 8])
    print(f"model without samples = 8: {1e3 * cost.body:.2f} + samples x {1e3 * cost.head:.3f} ms")
    for row, error in zip(times, relative_errors(cost, times), strict=True):
        print(f"{row.samples:7d}  {1e3 * row.seconds:8.2f} ms  predicted {error:+.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    for hidden in (0, 128):
        net = small_convnet(generator=stream(0, "net"), hidden=hidden).to(device)
        images = torch.randn(BATCH, 1, 28, 28, generator=stream(0, "images")).to(device)
        labels = torch.randint(10, (BATCH,), generator=stream(0, "labels")).to(device)
        print(f"\nhidden {hidden}, batch {BATCH}, {device}, {options.threads} threads")
        compare(net, images, labels, options.rounds)
        show_cost_model(net, images, labels, options.rounds)


if __name__ == "__main__":
    main()
