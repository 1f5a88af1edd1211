"""What a multi-sample step costs: a line through measured times, and counted work.

The body runs once and the head once per sample, so a step should
take body + samples x head seconds.
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
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.randomness import Streams
from runtheory.shapes import Labels


@dataclass(frozen=True)
class StepTime:
    """Median ``seconds`` of one forward and backward pass with ``samples`` masks per example.

    ``spread`` is half the distance between the quartiles of the repetitions.
    """

    samples: int
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
    design = np.array([[1.0, row.samples] for row in times]) / seconds[:, None]
    (body, head), *_ = np.linalg.lstsq(design, np.ones(len(times)), rcond=None)
    return StepCost(float(body), float(head))


def relative_errors(cost: StepCost, times: Sequence[StepTime]) -> list[float]:
    """Return predicted / measured - 1 for each row."""
    return [cost.seconds(row.samples) / row.seconds - 1 for row in times]


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
    taken: dict[int, list[float]] = {count: [] for count in objectives}
    for repetition in range(repetitions + 1):
        for count, objective in objectives.items():
            _synchronise(images.device)
            start = time.perf_counter()
            torch.autograd.grad(objective(net, images, labels, streams), parameters)
            _synchronise(images.device)
            if repetition:
                taken[count].append(time.perf_counter() - start)
    return [_step_time(count, seconds) for count, seconds in taken.items()]


def head_operations(batch: int, features: int, classes: int, *, samples: int) -> int:
    """Return the multiplications and additions of a linear head, forward and backward.

    Three products of 2 samples x batch x features x classes each: logits, gradient by the features,
    gradient by the weight.
    """
    return 6 * samples * batch * features * classes


def saved_bytes(batch: int, features: int, *, samples: int, element: int = 4) -> int:
    """Return the bytes that masking keeps for the backward pass.

    One dropped copy of the features and one mask in their dtype per sample, of ``element`` bytes an
    entry each: what ``apply_masks`` and a linear head save.
    """
    return 2 * samples * batch * features * element


def _step_time(samples: int, seconds: Sequence[float]) -> StepTime:
    spread = 0.0
    if len(seconds) > 1:
        low, _, high = statistics.quantiles(seconds, n=4)
        spread = (high - low) / 2
    return StepTime(samples, statistics.median(seconds), spread)


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
