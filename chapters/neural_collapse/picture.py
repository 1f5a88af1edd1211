"""The pictures of the theory pages: ``python -m tools.pictures neural_collapse`` draws them."""

from __future__ import annotations

import math

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from runtheory import plot, records
from runtheory.collapse import frames, layers, minimisers, settled, vanishing
from runtheory.collapse import merging as merge
from runtheory.collapse.geometry import gram_cosines
from runtheory.collapse.models import FeatureModel
from runtheory.collapse.near import NearCollapse
from runtheory.randomness import stream

SAMPLES = 25
LOOSE = torch.tensor([[0.9, 0.5], [-0.2, 0.8], [-0.6, -0.7]], dtype=torch.float64)
HELD, LENGTH = 4, 1.0  # classes and length of a mode in the worked number of further theory
LABELS = torch.arange(HELD).repeat_interleave(5)
LOSSES = {
    "cross-entropy": "cross-entropy",
    "smoothed labels": "smoothed cross-entropy",
    "squared loss": "square",
}


def before_and_after() -> Figure:
    """Return three classes before and after collapse, and six in opposite pairs."""
    canvas, (before, after, *others) = plot.figure(2, rows=2, width=4.4, height=2.2)
    draw = stream(0, "picture")
    simplex = frames.simplex_frame(3)
    for axes, means, spread in ((before, LOOSE, 0.28), (after, simplex, 0.03)):
        noise = torch.randn(3, SAMPLES, 2, generator=draw, dtype=torch.float64)
        scatter(axes, means, spread * noise)
    for k, row in enumerate(simplex):
        after.annotate(
            "", 0.88 * row, (0, 0), arrowprops={"arrowstyle": "->", "color": plot.COLOURS[k]}
        )
    after.plot(*simplex[[0, 1, 2, 0]].T, color="grey", linestyle=":", linewidth=1)
    for axes, title in ((before, "before"), (after, "simplex frame, K = 3")):
        axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
        axes.set_title(title, fontsize=10)
    for axes in others:
        axes.remove()
    pairs = canvas.add_subplot(2, 2, (3, 4), projection="3d")
    rays(pairs, frames.cross_polytope(6), shared=2)
    pairs.set_title("opposite pairs, K = 6", fontsize=10)
    return canvas


def scatter(axes: Axes, means: Tensor, noise: Tensor) -> None:
    """Draw the samples of each class about its mean."""
    for k, mean in enumerate(means):
        across, up = (mean + noise[k]).T
        mark, colour = plot.MARKERS[k], plot.COLOURS[k]
        axes.scatter(across, up, s=10, alpha=0.7, linewidths=0, marker=mark, color=colour)


def rays(axes: Axes, ends: Tensor, *, shared: int = 1) -> None:
    """Draw vectors in space from the origin, ``shared`` neighbours in one colour."""
    for k, row in enumerate(ends):
        mark, colour = plot.MARKERS[k // shared], plot.COLOURS[k // shared]
        axes.plot(*torch.stack([torch.zeros_like(row), row]).T, color=colour)
        axes.plot(*row[:, None], mark, color=colour, fillstyle="full")
    axes.set(xticks=[], yticks=[], zticks=[])


def simplex() -> Figure:
    """The simplex frames of two, three and four classes."""
    canvas, (line, plane, last) = plot.figure(3, width=4.4, height=1.8)
    for axes, classes in ((line, 2), (plane, 3)):
        rows = torch.nn.functional.pad(frames.simplex_frame(classes), (0, 3 - classes))
        for k, row in enumerate(rows):
            axes.plot(*torch.stack([torch.zeros(2), row]).T, color=plot.COLOURS[k])
            axes.plot(*row, plot.MARKERS[k], color=plot.COLOURS[k])
        axes.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal", xticks=[], yticks=[])
    last.remove()
    solid = canvas.add_subplot(1, 3, 3, projection="3d")
    ends = frames.simplex_frame(4)
    rays(solid, ends)
    for pair in torch.combinations(torch.arange(4)):
        solid.plot(*ends[pair].T, color="grey", linewidth=0.6, linestyle=":")
    for axes, classes in ((line, 2), (plane, 3), (solid, 4)):
        cosine = -1 / (classes - 1)
        angle = math.degrees(math.acos(cosine))
        words = f"K = {classes}\n{angle:.0f}°, cosine {cosine:.2f}"
        axes.set_title(words.replace("-", "\N{MINUS SIGN}"), fontsize=9)
    return canvas


def threshold() -> Figure:
    """Size of the logits against the price of the nuclear norm, with and without smoothing."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    classes, prices = 10, np.geomspace(1e-3, 1.2, 60)
    for index, smoothing in enumerate((0.0, 0.05, 0.2)):
        models = [
            FeatureModel((1,) * classes, (price / classes,), price / classes, smoothing=smoothing)
            for price in prices
        ]
        sizes = [logit_size(model) for model in models]
        axes.plot(prices, sizes, color=plot.COLOURS[index], label=f"smoothing {smoothing:g}")
    axes.axvline(1.0, color="grey", linestyle=":")
    axes.set_xscale("log")
    plot.label(
        axes, x="K c', price in units of the threshold", y="size of the logits α", legend=True
    )
    return canvas


def logit_size(model: FeatureModel) -> float:
    """Return the lead of the own logit over the others at the minimum of the cross-entropy."""
    scores = minimisers.cross_entropy_minimiser(model).scores
    return float(scores[0, 0] - scores[1, 0])


def jump() -> Figure:
    """What survives of a singular value, by pressure and number of layers."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    for index, depth in enumerate((1, 2, 3, 6)):
        end = minimisers.collapse_threshold(depth)
        below = torch.linspace(0, end, 400, dtype=torch.float64)[:-1]
        colour = plot.COLOURS[index]
        share = minimisers.surviving_share(below, layers=depth)
        axes.plot(below, share, color=colour, label=f"M = {depth}")
        axes.plot([end, end], [float(share[-1]), 0], color=colour, linestyle=":")
        axes.plot([end, 1.05], [0, 0], color=colour, linewidth=1)
    plot.label(axes, x="pressure κ", y="surviving share u", legend=True)
    return canvas


def merging() -> Figure:
    """Return what becomes of a minority: its margin, and the length of its rows."""
    canvas, (margin, length) = plot.figure(rows=2, width=4.4, height=2.1, sharex=True)
    few, classes, merges = 4, 3, 9
    pressure = 1 / (math.sqrt(few) * classes * (1 + merges))
    ratios = np.arange(4, 116, 2) / few
    models = [
        FeatureModel((round(few * ratio),) * classes + (few,) * classes, (pressure,), pressure)
        for ratio in ratios
    ]
    lead = [max(0.0, 1 - math.sqrt(merge.merging_count(model) / few)) for model in models]
    margin.plot(ratios, lead, color=plot.COLOURS[0])
    norms = [minimisers.square_minimiser(model).classifier_norms for model in models]
    length.plot(ratios, [float(rows[-1] / rows[0]) for rows in norms], color=plot.COLOURS[1])
    sizes = {"minority_count": few, "minority_classes": classes, "majority_classes": classes}
    edges = [merge.merging_ratio(**sizes, pressure=pressure)]
    edges += [
        merge.vanishing_ratio(**sizes, pressure=pressure, bias_penalty=bias)
        for bias in (0.0, math.inf)
    ]
    words = ("merged", "gone, free bias", "gone, no bias")
    for edge, word, height in zip(edges, words, (0.7, 0.5, 0.3), strict=True):
        margin.axvline(edge, color="grey", linestyle=":")
        right = edge < 2 * merges
        margin.text(edge, height, f" {word} ", fontsize=8, ha="left" if right else "right")
    length.axvline(edges[0], color="grey", linestyle=":")
    plot.label(margin, x="", y="cross-entropy:\nmargin")
    plot.label(length, x="ratio of class sizes R", y="squared loss:\nlength of rows")
    return canvas


def training() -> Figure:
    """NC1 through training, on training and on test images, from the record."""
    record = records.read("neural_collapse/terminal_phase")
    steps = sorted({row["step"] for row in record.rows})
    canvas, panels = plot.figure(rows=2, width=4.4, height=2.2, sharex=True)
    for axes, part in zip(panels, ("train", "test"), strict=True):
        for index, (name, loss) in enumerate(LOSSES.items()):
            curves = np.log10(record.series(f"{part}_variability", objective=loss))
            plot.curve_with_interval(axes, steps, curves, name=name, index=index)
            axes.get_lines()[-1].set_marker("")
    plot.label(panels[0], x="", y="log10 NC1,\ntraining images")
    plot.label(panels[1], x="step", y="log10 NC1,\ntest images", legend=True)
    return canvas


def blocks() -> Figure:
    """What opposite pairs pay beside a simplex frame, by classes and layers."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    counts = range(4, 17)
    for index, depth in enumerate((1, 2, 3, 6)):
        paid = [
            layers.block_penalty(layers.pairs_of(count), layers=depth) / (count - 1)
            for count in counts
        ]
        style = {"color": plot.COLOURS[index], "marker": plot.MARKERS[index], "markersize": 4}
        axes.plot(counts, paid, label=f"M = {depth}", **style)
    axes.axhline(1.0, color="grey", linestyle=":")
    axes.set_ylim(0.55, 1.4)
    plot.label(axes, x="classes K", y="penalty, pairs / simplex", legend=True)
    axes.legend(fontsize=9, frameon=False, ncols=2)
    return canvas


def held() -> Figure:
    """What is left of deviations and of NC1, by the strength of the hold."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    holds = np.geomspace(1e-3, 1e2, 200)
    found = [modes(hold) for hold in holds]
    curves = {
        "deviations, not seen": [one.unseen for one in found],
        "deviations, seen": [float(one.seen[0]) for one in found],
        "NC1": [float(one.ratios[0]) for one in found],
    }
    for index, (name, values) in enumerate(curves.items()):
        axes.plot(holds, values, color=plot.COLOURS[index], label=name)
    axes.axvline(0.2, color="grey", linestyle=":")
    axes.set_xscale("log")
    plot.label(axes, x="strength of the hold β", y="what is left, beside the given", legend=True)
    return canvas


def modes(hold: float, *, classifier: float = 0.01, features: float = 0.05) -> settled.SettledModes:
    """Return where four equal modes settle."""
    model = NearCollapse(LABELS, HELD, classifier, features, hold)
    return settled.settled_modes(model, torch.full((1,), LENGTH, dtype=torch.float64))


def decays() -> Figure:
    """NC1 beside the given one, as one of the two decays grows."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    decays = np.geomspace(1e-4, 1e-1, 100)
    of_classifier = [float(modes(0.2, classifier=decay).ratios[0]) for decay in decays]
    of_features = [float(modes(0.2, features=decay).ratios[0]) for decay in decays]
    axes.plot(decays, of_classifier, color=plot.COLOURS[0], label="decay of the classifier")
    axes.plot(
        decays, of_features, color=plot.COLOURS[1], linestyle="--", label="decay of the features"
    )
    axes.set_xscale("log")
    plot.label(axes, x="this decay, the other as in the text", y="NC1, after / before", legend=True)
    return canvas


def small_decay() -> Figure:
    """Cosine of minority rows in the limit of small decay, and in trained networks."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    ratios = np.unique(np.geomspace(1, 1000, 60).round().astype(int))
    for index, bias in enumerate((False, True)):
        cosines = [minority_cosine(int(ratio), bias=bias) for ratio in ratios]
        name = "limit, free bias" if bias else "limit, no bias"
        axes.plot(ratios, cosines, color=plot.COLOURS[index], label=name)
    record = records.read("neural_collapse/imbalanced")
    seen = [
        record.final("minority_row_cosine", objective="cross-entropy", ratio=ratio)
        for ratio in (1, 10, 100)
    ]
    plot.points_with_interval(axes, (1, 10, 100), seen, name="trained networks", index=2)
    axes.set_xscale("log")
    plot.label(axes, x="ratio of class sizes R", y="cosine of minority rows", legend=True)
    return canvas


def minority_cosine(ratio: int, *, bias: bool) -> float:
    """Return the cosine of two minority rows in the limit, five classes of each size."""
    counts = (ratio,) * 5 + (1,) * 5
    return float(gram_cosines(vanishing.vanishing_classifier(counts, bias=bias))[-1, -2])


PICTURES = {
    "picture": before_and_after,
    "picture_simplex": simplex,
    "picture_threshold": threshold,
    "picture_jump": jump,
    "picture_merging": merging,
    "picture_training": training,
    "picture_blocks": blocks,
    "picture_held": held,
    "picture_decays": decays,
    "picture_small_decay": small_decay,
}
