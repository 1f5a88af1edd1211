"""The ladder of divergence bounds along a network of projections (nats, float64).

A rotation is followed by projections on fewer and fewer coordinates, and the weights keep the mean
of all inputs: the head on the last layer is then the solved model of
:mod:`runtheory.information.ladder` in as many dimensions, and every rung has an exact value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.ladder import GaussianMeanModel
from runtheory.information.ladder.binary_gaussian import solve
from runtheory.information.ladder.conditional_laws import conditional_laws, decision_kl, output_kl
from runtheory.information.layers.hierarchy import divergence_bound
from runtheory.information.measures.gaussian_information import mean_information


@dataclass(frozen=True)
class ProjectionLadder:
    """Bounds of every layer, of the output and of the decision, and the gap of zero-one loss."""

    bounds: Float64[np.ndarray, "rung"]
    gap: float


@checked
def projection_ladder(
    widths: Sequence[int], *, samples: int, mean: float, generator: torch.Generator
) -> ProjectionLadder:
    """Return the ladder for layers of these widths; the first is the dimension of the inputs.

    ``mean`` is |mu|, spread evenly over the directions, so that a projection on r of d coordinates
    keeps the length |mu| sqrt(r / d). ``generator`` draws the rotation.

    Raises
    ------
    ValueError
        If there is no width, they rise, or as :class:`GaussianMeanModel`.
    """
    checks.at_least(1, widths=list(widths), layers=len(widths))
    if sorted(widths, reverse=True) != list(widths):
        raise ValueError(f"widths must not rise, got {list(widths)}")
    inputs = widths[0]
    gaussian = torch.randn(inputs, inputs, dtype=torch.float64, generator=generator)
    turn, weights = torch.linalg.qr(gaussian)[0], torch.eye(inputs, dtype=torch.float64)
    inner = [mean_information(turn[:width], weights, samples=samples) for width in widths]
    head = GaussianMeanModel(widths[-1], samples, mean * math.sqrt(widths[-1] / inputs))
    laws = conditional_laws(head)
    outer = [output_kl(laws), decision_kl(laws)]
    information = np.array([*inner, 0.0, 0.0])[:, None]  # (rung, sample)
    divergence = np.array([*np.zeros(len(inner)), *outer])[:, None]
    return ProjectionLadder(divergence_bound(information, divergence), solve(head).gap)
