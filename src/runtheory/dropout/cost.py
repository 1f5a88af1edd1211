"""Step times measure what samples cost: seconds = body + samples x head.

The body runs once and the head once for each sample.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from runtheory import checks
from runtheory.boundary import checked
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.randomness import Streams
from runtheory.shapes import Labels


@dataclass(frozen=True)
class StepTime:
    """Median ``seconds`` of one forward and backward pass with ``samples`` masks per example.

    ``spread`` is half the distance between the quartiles of the repetitions.
    """

    samples: int | float
    seconds: float
    spread: float = 0.0


@dataclass(frozen=True)
class StepCost:
    """The model seconds(samples) = body + samples x head."""

    body: float
    head: float

    def seconds(self, samples: int | float) -> float:
        """Return the predicted time of a step."""
        return self.body + samples * self.head


@checked
def fit_cost(times: Sequence[StepTime]) -> StepCost:
    """Fit the line to measured times by least squares on relative errors.

    Dividing each equation by its measured time weighs a slow step no more than a fast one, because
    the noise of a timer grows with the time and because the model is judged in per cent.

    Raises
    ------
    ValueError
        If fewer than two different numbers of samples were measured, or a time is not positive.
    """
    if len({row.samples for row in times}) < 2:
        raise ValueError(f"a line needs two different numbers of samples, got {list(times)}")
    seconds = np.array([row.seconds for row in times], dtype=np.float64)
    checks.positive(times=seconds)
    design = np.array([[1.0, row.samples] for row in times]) / seconds[:, None]  # (time, 2)
    (body, head), *_ = np.linalg.lstsq(design, np.ones(len(times)), rcond=None)
    return StepCost(float(body), float(head))


@checked
def relative_errors(cost: StepCost, times: Sequence[StepTime]) -> list[float]:
    """Return predicted / measured - 1 for each row."""
    return [cost.seconds(row.samples) / row.seconds - 1 for row in times]


@checked
def measure_steps(
    net: nn.Module,
    images: Float[Tensor, "batch ..."],
    labels: Labels,
    *,
    samples: Sequence[int],
    rate: float,
    repetitions: int,
    streams: Streams,
) -> list[StepTime]:
    """Time forward and backward of the multi-sample loss for each number of samples.

    A step draws its masks, runs the body once and the head on all samples; the optimiser is left
    out. The numbers of samples take turns, after one untimed round, so that a machine that slows
    down slows all of them alike. Gradients are computed and thrown away. On a GPU every step is
    synchronised before and after.

    Raises
    ------
    ValueError
        If ``samples`` is empty or ``repetitions`` < 1; as ``MultiSampleObjective`` does.
    """
    if not samples or repetitions < 1:
        raise ValueError(
            f"timing needs samples and repetitions, got {list(samples)} and {repetitions}"
        )
    objectives = {count: MultiSampleObjective(count, rate) for count in samples}
    parameters = [p for p in net.parameters() if p.requires_grad]
    seconds: dict[int, list[float]] = {count: [] for count in objectives}
    for repetition in range(repetitions + 1):
        for count, objective in objectives.items():
            _synchronise(images.device)
            start = time.perf_counter()
            torch.autograd.grad(objective(net, images, labels, streams), parameters)
            _synchronise(images.device)
            if repetition:  # the first round warms up
                seconds[count].append(time.perf_counter() - start)
    return [_step_time(count, times) for count, times in seconds.items()]


@checked
def updates_to_reach(target: float, *, steps: Sequence[int], losses: Sequence[float]) -> float:
    """Return the update at which a curve of losses, joined by lines, first meets ``target``.

    ``losses`` are measured after ``steps`` updates, in increasing order. It is the first step where
    the curve starts below the target, and infinite where it never comes down to it.

    Raises
    ------
    ValueError
        If the two sequences are empty or of different lengths.
    """
    if not steps or len(steps) != len(losses):
        raise ValueError(f"a curve needs a loss for each step, got {len(steps)} and {len(losses)}")
    below = [index for index, loss in enumerate(losses) if loss <= target]
    if not below:
        return float("inf")
    if (last := below[0]) == 0:
        return float(steps[0])
    share = (losses[last - 1] - target) / (losses[last - 1] - losses[last])
    return float(steps[last - 1] + share * (steps[last] - steps[last - 1]))


def _step_time(samples: int | float, seconds: Sequence[float]) -> StepTime:
    spread = 0.0
    if len(seconds) > 1:
        low, _, high = statistics.quantiles(seconds, n=4)
        spread = (high - low) / 2
    return StepTime(samples, statistics.median(seconds), spread)


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
