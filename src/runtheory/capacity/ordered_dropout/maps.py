"""Linear maps of known singular values, and what examples with noise tell of them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.ordered_dropout.linear import LinearTask


@checked
def draw_map(
    values: Float[Tensor, " rank"], *, outputs: int, inputs: int, generator: torch.Generator
) -> Float[Tensor, "output input"]:
    """Draw a map with the singular values and random orthonormal vectors, in their dtype.

    Raises
    ------
    ValueError
        If there are no values or more than outputs or inputs, or one is negative or not finite.
    """
    checks.in_interval(1, min(outputs, inputs), rank=len(values))
    tensor_checks.finite(values=values)
    if tensor_checks.readable(values):
        checks.not_negative(values=float(values.min()))
    outward, inward = (
        torch.linalg.qr(_normal(size, len(values), generator)).Q.to(values)
        for size in (outputs, inputs)
    )
    return outward * values @ inward.mT


@checked
def observed_task(
    target: Float[Tensor, "output input"],
    *,
    examples: int,
    noise: float,
    generator: torch.Generator,
) -> LinearTask:
    """Draw examples of a map and return the task that they pose: least squares on them.

    Inputs are normal of variance 1, and ``noise`` is the deviation of what is added to each output.
    The task's target is the map of least squares and its moments are those of the examples, so that
    an error of any map on these examples is its error on the task, and a constant.

    Raises
    ------
    ValueError
        If there are fewer examples than inputs, ``noise`` is negative or infinite, or the target is
        not finite.
    """
    outputs, inputs = target.shape
    checks.at_least(inputs, examples=examples)
    checks.in_interval(0, float("inf"), ends="[)", noise=noise)
    tensor_checks.finite(target=target)
    seen = _normal(examples, inputs, generator).to(target)
    answers = seen @ target.mT + noise * _normal(examples, outputs, generator).to(target)
    found = torch.linalg.lstsq(seen, answers).solution.mT
    return LinearTask(found, seen.mT @ seen / examples)


def _normal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    shape = (rows, columns)
    return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)
