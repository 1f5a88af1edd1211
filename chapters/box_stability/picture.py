"""The picture of the theory page: ``python -m tools.pictures box_stability`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from runtheory import plot
from runtheory.dropout.masks import apply_masks, draw_masks
from runtheory.evaluation import intersection_over_union
from runtheory.noise.box_stability import detector, movement
from runtheory.randomness import stream

RATE, MASKS = 0.15, 2000
TRUTH = torch.tensor([[0.2, 0.8, 0.2, 0.8]]).double()
BIAS = torch.tensor([0.05, 0.55, 0.45, 0.95]).double()
# Four features of its own pull each edge from where the bias has it to its true place.
WEIGHT = torch.block_diag(*((TRUTH[0] - BIAS) / 4)[:, None, None].expand(4, 1, 4))


def stable() -> Figure:
    """Return an unstable box that is right, a stable one that is wrong, and the blind spot."""
    canvas, (above, below) = plot.figure(rows=2, width=4.0, height=2.3)
    for offset, strength in ((0.0, 1.0), (1.25, 0.25)):
        _draw_boxes(above, strength * torch.ones(1, 16).double(), offset)
    above.set_aspect("equal")
    above.set_xlim(-0.05, 2.3)
    above.set_ylim(1.1, 0)  # rows count down
    above.set_axis_off()
    _draw_blind_spot(below)
    return canvas


def _boxes(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return the box without dropout (1, 4) and those with it (mask, 1, 4)."""
    masks = draw_masks(MASKS, features.shape, rate=RATE, generator=stream(0, "picture"))
    under = apply_masks(features, masks, rate=RATE)
    return features @ WEIGHT.T + BIAS, under @ WEIGHT.T + BIAS


def _draw_boxes(axes: Axes, features: Tensor, offset: float) -> None:
    clean, under = _boxes(features)
    kinds = (
        (TRUTH, "black", 2.5),
        (under[:12, 0], plot.COLOURS[1], 0.8),
        (clean, plot.COLOURS[0], 1.0),
    )
    for boxes, colour, width in kinds:
        for top, bottom, left, right in boxes.tolist():
            across = np.array([left, right, right, left, left]) + offset
            axes.plot(across, [top, top, bottom, bottom, top], color=colour, linewidth=width)
    stability = float(detector.self_overlap(clean, under).mean())
    overlap = float(intersection_over_union(clean, TRUTH))
    told = f"stability {stability:.2f}, overlap {overlap:.2f}"
    axes.text(offset + 0.5, 1.06, told, ha="center", fontsize=7)


def _draw_blind_spot(axes: Axes) -> None:
    features = torch.ones(1, 16).double()
    clean, under = _boxes(features)
    deviations = movement.edge_deviations(features, WEIGHT, rate=RATE)
    shifts = np.linspace(0, 0.6, 61)
    overlap = [float(movement.shifted_overlap(TRUTH, (0.0, shift))) for shift in shifts]
    ends = [0, 0.6]
    stability = float(detector.self_overlap(clean, under).mean())
    floor = float(movement.stability_floor(clean, deviations))
    axes.plot(shifts, overlap, color="black")
    axes.plot(ends, [stability] * 2, color=plot.COLOURS[0])
    axes.plot(ends, [floor] * 2, color=plot.COLOURS[0], linestyle="--")
    axes.text(0.6, stability + 0.02, "stability", ha="right", fontsize=7)
    axes.text(0.6, floor - 0.08, "its floor", ha="right", fontsize=7)
    axes.text(0.24, 0.47, "true overlap", fontsize=7)
    plot.label(axes, x="constant fault, to the right", y="overlap")


PICTURES = {"picture": stable}
