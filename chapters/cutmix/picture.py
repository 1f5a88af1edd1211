"""The pictures of the theory pages: ``python -m tools.pictures cutmix`` draws them."""

from __future__ import annotations

import math

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from runtheory import data, plot, records
from runtheory.mixing import (
    contributions,
    distributions,
    kernels,
    laws,
    overtraining,
    pixel_laws,
    steadiness,
)
from runtheory.mixing.apply import apply
from runtheory.mixing.boxes import Boxes
from runtheory.mixing.placement import CLIPPED, INSIDE, PADDED, Placement
from runtheory.mixing.plans import CutmixPlan

NOMINAL, PLACE = 0.6, 0.25  # of the worked number: the box, and its centre on both axes
DECAY = 0.001  # where mixed labels are asked what they read
PLACEMENTS = {"clipped": CLIPPED, "inside": INSIDE, "padded": PADDED}


def box_of_two() -> Figure:
    """Return two images, the box that is asked for, and what is pasted of it."""
    held = data.load("fashion-mini")
    chosen = [int((held.train_labels == label).nonzero()[3]) for label in (0, 8)]
    images = held.train_images[chosen]
    plan = worked_plan(images.shape[-1])
    mixed, targets = apply(plan, images, held.train_labels[chosen], classes=10)
    canvas, panels = plot.figure(3, width=4.4, height=1.9)
    side = math.sqrt(NOMINAL) * images.shape[-1]
    corner = PLACE * images.shape[-1] - side / 2 - 0.5
    names = ("image", "partner", "mixed")
    for axes, shown, name in zip(panels, (*images, mixed[0]), names, strict=True):
        axes.imshow(shown[0].numpy(), cmap="gray", vmin=0, vmax=255)
        axes.set(xlim=(corner - 1, 27.5), ylim=(27.5, corner - 1), xticks=[], yticks=[])
        axes.set_title(name, fontsize=9)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        outline = {"fill": False, "edgecolor": plot.COLOURS[5], "linewidth": 1.5}
        axes.add_patch(Rectangle((corner, corner), side, side, linestyle=":", **outline))
        cut = side + corner + 0.5
        axes.add_patch(Rectangle((-0.5, -0.5), cut, cut, **outline))
    words = [f"{held.classes[label]} {float(targets[0, label]):.3f}" for label in (0, 8)]
    panels[2].set_xlabel("\n".join(words), fontsize=8)
    for axes, label in zip(panels, (0, 8), strict=False):
        axes.set_xlabel(held.classes[label], fontsize=8)
    return canvas


def worked_plan(pixels: int) -> CutmixPlan:
    """Return the plan that gives the first image the worked box, and the second none."""
    side, centre = torch.tensor([math.sqrt(NOMINAL)]).double(), torch.tensor([PLACE]).double()
    start, stop = CLIPPED.interval(side, centre, pixels)
    edges = torch.tensor([[int(start), int(stop)] * 2, [0, 0, 0, 0]])
    return CutmixPlan(torch.tensor([1, 0]), Boxes(edges, pixels, pixels))


def share() -> Figure:
    """Return the pasted share against the nominal one: mean, quartiles, what is credited."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.2)
    nominal = np.linspace(0.002, 0.998, 120)
    sides = np.sqrt(nominal)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="nominal share")
    mean = laws.mean_area_given_side(sides)
    axes.plot(nominal, mean, color=plot.COLOURS[0], label="mean of the pasted share")
    low, high = (quantiles(sides, level) for level in (0.25, 0.75))
    axes.fill_between(
        nominal,
        low,
        high,
        color=plot.COLOURS[0],
        alpha=0.2,
        linewidth=0,
        label="middle half of the boxes",
    )
    axes.plot(NOMINAL, NOMINAL, "s", color="grey")
    axes.plot(
        NOMINAL,
        float(worked_plan(28).share[0]),
        "o",
        color=plot.COLOURS[5],
        label="the box of the first picture",
    )
    plot.label(axes, x="nominal share 1 − λ", y="share of the partner", legend=True)
    return canvas


def quantiles(sides: np.ndarray, level: float) -> np.ndarray:
    """Return the pasted area that is not exceeded with probability ``level``, for each side."""
    areas = np.linspace(0, 1, 201)
    chances = np.array([distributions.area_cdf_given_side(float(area), sides) for area in areas])
    return np.asarray(areas[(chances >= level).argmax(axis=0)])


def law() -> Figure:
    """Return the density of the pasted share at three values of alpha."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    areas = np.linspace(0.004, 0.996, 100)
    for index, alpha in enumerate((0.5, 1.0, 4.0)):
        colour = plot.COLOURS[index]
        axes.plot(
            areas, distributions.area_density(areas, alpha), color=colour, label=f"α = {alpha:g}"
        )
        axes.axvline(laws.mean_area(alpha), color=colour, linestyle=":")
    axes.set_ylim(0, 4)
    plot.label(axes, x="pasted share s", y="density", legend=True)
    return canvas


def coverage() -> Figure:
    """Return the probability that a pixel is pasted, under three placements."""
    canvas, panels = plot.figure(3, width=4.4, height=2.0)
    for axes, (name, placement) in zip(panels, PLACEMENTS.items(), strict=True):
        table = pixel_laws.coverage_map(14, 14, 1.0, rule=placement)
        image = axes.imshow(table, cmap="viridis", vmin=0, vmax=0.85)
        mark(axes, placement)
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.set_title(name, fontsize=10)
    canvas.colorbar(
        image, ax=panels.tolist(), location="bottom", label="P(pixel is pasted)", aspect=30
    )
    return canvas


def mark(axes: Axes, placement: Placement) -> None:
    """Write the coverage of the centre and of a corner into a map."""
    for at, where in ((0.5, 6.5), (0.0, 1.4)):
        chance = laws.coverage(at, at, placement=placement)
        axes.text(
            where,
            where,
            f"{chance:.3g}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if chance < 0.5 else "black",
        )


def kernel() -> Figure:
    """Return how often two pixels are pasted together, along the middle row."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.2)
    places = np.linspace(0.0, 1.0, 61)
    axes.axhline(kernels.mixup_kernel(1.0), color=plot.COLOURS[1], label="Mixup, all pairs")
    for index, first in ((0, 0.5), (2, 0.1)):
        pairs = [kernels.placed_kernel((0.5, first), (0.5, float(x)), 1.0) for x in places]
        bound = kernels.toroidal_kernel(np.zeros_like(places), (places - first) * (1 - 1e-9), 1.0)
        colour = plot.COLOURS[index]
        axes.plot(places, pairs, color=colour, label=f"CutMix, from {first:g}")
        axes.plot(places, bound, color=colour, linestyle=":")
        axes.plot(first, pairs[int(np.abs(places - first).argmin())], "o", color=colour)
    axes.set_ylim(0, 0.62)
    plot.label(
        axes, x="place of the second pixel in the middle row", y="weight of the pair", legend=True
    )
    return canvas


def slow() -> Figure:
    """Return margin and response of a rare feature, plainly trained and with Cutout."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    count, carrying, noise = 100, 4, 20.0
    times = torch.logspace(0, 5, 200, dtype=torch.float64)
    margin = contributions.margin_over_time((carrying + noise) / count, times)
    response = margin * carrying / (carrying + noise)
    cutout = contributions.margin_over_time(carrying / (2 * count), times)
    for index, (name, values) in enumerate(
        {"margin, plain": margin, "response, plain": response, "response, Cutout": cutout}.items()
    ):
        axes.plot(times, values, color=plot.COLOURS[index], label=name)
    axes.set_xscale("log")
    plot.label(axes, x="training time T", y="margin, response", legend=True)
    return canvas


def even() -> Figure:
    """Return the recorded responses of features, by how many examples carry them."""
    record = records.read("cutmix/rare_features")
    canvas, (axes,) = plot.figure(width=4.4, height=3.2)
    counts = (64, 20, 10, 4, 2)
    for index, arm in enumerate(("none", "cutout", "cutmix")):
        where = {"augmentation": arm, "dimension": 4000}
        seen = [record.final(f"response_{count}", **where) for count in counts]
        name = {"none": "plain", "cutout": "Cutout", "cutmix": "CutMix"}[arm]
        plot.points_with_interval(axes, counts, seen, name=name, index=index)
    level, _ = contributions.even_contributions(4)
    axes.axhline(level, color="grey", linestyle=":", label="a of the theorem")
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    plot.label(axes, x="examples of 100 that carry the feature", y="response", legend=True)
    return canvas


def past() -> Figure:
    """Return the clean error over time on two pixels, where the truth is a sum of squares."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    times, pixels, size = np.linspace(0, 1.6, 300), 2, 8.0  # size: the mean of f squared
    square = 7 / 15  # the mean of (l^2 + (1 - l)^2)^2, l uniform
    shown = {
        "plain": (1.0, size),
        "Mixup": (overtraining.mixup_coefficient(pixels), size * square),
        "CutMix": (overtraining.cutmix_coefficient(pixels, exchange=1 / 12), size),
    }
    for index, (name, (end, rate)) in enumerate(shown.items()):
        away = 1 - end * (1 - np.exp(-rate * times))
        axes.plot(times, size * away**2, color=plot.COLOURS[index], label=name)
    axes.set_yscale("log")
    axes.set_ylim(1e-4, 12)
    plot.label(axes, x="training time T", y="error on clean examples", legend=True)
    return canvas


def steady() -> Figure:
    """Return what each method makes of a steady feature and of one that varies."""
    margins = steadiness.MarginDistribution(
        np.array([[1.0, 1.0], [1.0, 3.0]]), np.array([0.5, 0.5])
    )
    shares = {"shares": np.linspace(0.1, 0.9, 5), "chances": np.full(5, 0.2)}
    mixed = {
        "plain": steadiness.smoothed_distribution(margins),
        "smoothing 0.2": steadiness.smoothed_distribution(margins, amount=0.2),
        "Mixup": steadiness.mixup_distribution(margins, **shares),
        "CutMix": steadiness.cutmix_distribution(margins),
    }
    weights = np.array([steadiness.least_weights(one, decay=DECAY) for one in mixed.values()])
    canvas, (axes,) = plot.figure(width=4.4, height=2.6)
    for index, name in enumerate(("steady feature", "varying feature")):
        at = np.arange(len(mixed)) + 0.36 * (index - 0.5)
        axes.barh(at, weights[:, index], height=0.34, color=plot.COLOURS[index], label=name)
    axes.set_yticks(range(len(mixed)), list(mixed))
    axes.set_xlim(0, 4.6)
    axes.invert_yaxis()
    plot.label(axes, x="weight", y="", legend=True)
    return canvas


PICTURES = {
    "picture": box_of_two,
    "picture_share": share,
    "picture_law": law,
    "picture_coverage": coverage,
    "picture_kernel": kernel,
    "picture_slow": slow,
    "picture_even": even,
    "picture_steady": steady,
    "picture_past": past,
}
