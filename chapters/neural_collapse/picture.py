"""Draw the picture of the theory page: ``python chapters/neural_collapse/picture.py``."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from torch import Tensor

from runtheory import plot
from runtheory.collapse import frames
from runtheory.randomness import stream

SAMPLES = 25
LOOSE = torch.tensor([[0.9, 0.5], [-0.2, 0.8], [-0.6, -0.7]], dtype=torch.float64)


def main() -> None:
    """Write ``picture.svg`` beside this file."""
    mpl.rcParams["svg.hashsalt"] = "neural_collapse"
    canvas, (before, after, last) = plot.figure(3, width=7.6, height=2.7)
    draw = stream(0, "picture")
    scatter(before, LOOSE, 0.28 * torch.randn(3, SAMPLES, 2, generator=draw, dtype=torch.float64))
    simplex = frames.simplex_frame(3)
    scatter(after, simplex, 0.03 * torch.randn(3, SAMPLES, 2, generator=draw, dtype=torch.float64))
    for k, row in enumerate(simplex):
        after.annotate(
            "", 0.88 * row, (0, 0), arrowprops={"arrowstyle": "->", "color": plot.COLOURS[k]}
        )
    after.add_patch(mpl.patches.Circle((0, 0), 1.0, fill=False, linestyle=":", color="grey"))
    for axes, title in ((before, "before"), (after, "simplex frame, K = 3")):
        axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
        axes.set_title(title, fontsize=10)
    last.remove()
    opposite_pairs(canvas.add_subplot(1, 3, 3, projection="3d"))
    path = Path(__file__).with_name("picture.svg")
    canvas.savefig(path, format="svg", metadata={"Date": None})


def scatter(axes: Axes, means: Tensor, noise: Tensor) -> None:
    """Draw the samples of each class about its mean."""
    for k, mean in enumerate(means):
        across, up = (mean + noise[k]).T
        mark, colour = plot.MARKERS[k], plot.COLOURS[k]
        axes.scatter(across, up, s=10, alpha=0.7, linewidths=0, marker=mark, color=colour)


def opposite_pairs(axes: Axes) -> None:
    """Draw six classes as the ends of three axes."""
    for k, row in enumerate(frames.cross_polytope(6)):
        pair = plot.COLOURS[k // 2]
        axes.plot(*torch.stack([torch.zeros_like(row), row]).T, color=pair)
        axes.plot(*row[:, None], plot.MARKERS[k // 2], color=pair, fillstyle="full")
    axes.set(xticks=[], yticks=[], zticks=[])
    axes.set_title("opposite pairs, K = 6", fontsize=10)


if __name__ == "__main__":
    main()
