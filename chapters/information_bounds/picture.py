"""The pictures of the theory page: ``python -m tools.pictures information_bounds``."""

from __future__ import annotations

import math

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from runtheory import plot
from runtheory.information.ladder import GaussianMeanModel, binary_gaussian, noisy_descent
from runtheory.information.ladder.simulation import simulate
from runtheory.information.layers import contraction, hierarchy, linear_network, masked_gaussians
from runtheory.information.measures.divergences import Gaussian
from runtheory.information.supersamples.supersample import draw_super_samples
from runtheory.randomness import stream

WIDTH = 4.4
MODEL = GaussianMeanModel(50, 20, 1.0)
EASY = GaussianMeanModel(200, 50, 3.0)
RUNGS = {
    "individual_sample": "example, weights",
    "output": "output given W",
    "decision": "decision given W",
    "loss_pair": "pair of losses",
    "centred_single_loss": "one loss",
    "binary_kl": "pair, coin",
    "fast_rate": "one loss, fast",
}
PALE = "#d9d9d9"
# By chance: a network that errs on one in ten trained examples and on half of the new ones.
TRAINED_WRONG, NEW_WRONG = 0.1, 0.5


def margins() -> Figure:
    """Return the margins of trained and of new examples, errors left of zero."""
    canvas, panels = plot.figure(rows=2, width=WIDTH, height=1.6, sharex=True, sharey=True)
    drawn = simulate(MODEL, 5000, generator=stream(0, "picture"))
    solved = binary_gaussian.solve(MODEL)
    edges = np.linspace(-3.5, 5, 35)  # zero is an edge
    rows = zip(
        panels,
        (drawn.train, drawn.test),
        ("trained on", "new"),
        (solved.train_error, solved.test_error),
        strict=True,
    )
    for axes, values, name, error in rows:
        *_, bars = axes.hist(
            values, bins=edges, weights=np.full(len(values), 1 / len(values)), color=PALE
        )
        for bar in bars:
            if bar.get_x() < -1e-9:
                bar.set(facecolor=plot.COLOURS[5], hatch="//")
        axes.axvline(0, color="black", linewidth=0.9)
        axes.text(0.01, 0.95, f"{name}:\n{error:.0%} errors", transform=axes.transAxes, va="top")
        axes.set_ylabel("Share")
    panels[1].set_xlabel("Margin")
    return canvas


def super_sample() -> Figure:
    """Return six pairs: which example is trained on, where the loss is one, and the difference."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=3.0)
    pairs, draw = 6, stream(0, "picture")
    bits = draw_super_samples(2 * pairs, pairs=pairs, groups=1, masks=1, generator=draw).masks[0]
    trained = torch.stack([bits == 0, bits == 1], 1)
    chance = torch.where(trained, TRAINED_WRONG, NEW_WRONG)
    losses = (torch.rand(pairs, 2, generator=draw) < chance).long()
    axes.set(xlim=(-0.1, 7.2), ylim=(-0.2, pairs + 0.9), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    names = (
        (1.1, "$i$"),
        (2.1, "$Z_{i0}$"),
        (3.3, "$Z_{i1}$"),
        (4.9, "$U_i$"),
        (6.2, r"$\Delta_i$"),
    )
    for left, name in names:
        axes.text(left, pairs + 0.35, name, ha="center", va="center")
    for row in range(pairs):
        middle = pairs - row - 0.5
        axes.text(1.1, middle, f"{row + 1}", ha="center", va="center")
        for side in (0, 1):
            example(
                axes, 1.6 + 1.2 * side, middle, trained=trained[row, side], wrong=losses[row, side]
            )
        axes.text(4.9, middle, f"{bits[row]}", ha="center", va="center")
        difference = int(losses[row, 1] - losses[row, 0])
        axes.text(6.2, middle, f"{difference:d}".replace("-", "−"), ha="center", va="center")
    return canvas


def example(axes: Axes, left: float, middle: float, *, trained: Tensor, wrong: Tensor) -> None:
    """Draw an example of a pair: full if trained on, a cross where it is misclassified."""
    face = plot.COLOURS[4] if trained else "white"
    axes.add_patch(Rectangle((left, middle - 0.4), 1.0, 0.8, facecolor=face, edgecolor="#555555"))
    if wrong:
        axes.plot(left + 0.5, middle, "X", color=plot.COLOURS[5], markersize=9)


def ladder() -> Figure:
    """Return every bound of two solved models on one axis, with the exact gaps."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=3.2)
    rows = np.arange(len(RUNGS))[::-1]
    for index, model in enumerate((MODEL, EASY)):
        solved = binary_gaussian.solve(model)
        bounds = binary_gaussian.upper_bounds(solved)
        style = {"color": plot.COLOURS[index], "marker": plot.MARKERS[index]}
        name = f"d = {model.dimension}, n = {model.samples}, signal {model.mean:g}"
        axes.plot([bounds[rung] for rung in RUNGS], rows, linestyle="", label=name, **style)
        axes.axvline(solved.gap, color=plot.COLOURS[index], linestyle=("-", "--")[index])
    axes.axvspan(1, 4, color="grey", alpha=0.25, linewidth=0)
    axes.set(xscale="log", xlim=(4e-3, 2), ylim=(-0.6, len(RUNGS) - 0.4))
    axes.set_xticks((0.01, 0.1, 1), ("0.01", "0.1", "1"))
    axes.set_yticks(rows, RUNGS.values())
    axes.set_xlabel("Bound on the gap")
    canvas.legend(
        *axes.get_legend_handles_labels(), loc="outside upper center", fontsize=9, frameon=False
    )
    return canvas


def one_or_all() -> Figure:
    """Return two bounds for the mean with noise, as the noise fades."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=2.7)
    model, noises = GaussianMeanModel(50, 100, 1.0), np.geomspace(1, 1e-8, 60)
    released = [binary_gaussian.noisy_release_information(model, float(t)) for t in noises]
    axes.plot(noises, np.sqrt(np.divide(released, 2 * model.samples)), label="the whole sample")
    # One step of length one to the mean, with noise: the mean with noise.
    single = [
        noisy_descent.iterate_information(
            noisy_descent.NoisyDescent(model.dimension, model.samples, 1, 1.0, float(t))
        )
        for t in noises
    ]
    axes.plot(noises, np.sqrt(np.divide(single, 2)), "--", label="one example at a time")
    axes.axhspan(1, 3, color="grey", alpha=0.25, linewidth=0)
    axes.set(xscale="log", ylim=(0, 1.8), xlim=(1, 1e-8))
    axes.set_xticks((1, 1e-2, 1e-4, 1e-6, 1e-8))
    plot.label(axes, x="deviation of the noise", y="bound on the gap", legend=True)
    return canvas


def contraction_and_width() -> Figure:
    """Return the share of a divergence that dropout leaves, against the number of coordinates."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=2.8)
    rate, widths = 0.5, range(1, 9)
    worst = [contraction.dropout(rate, width=d).divergence for d in widths]
    series = {"worst case: copies": worst}
    for name, correlation in (("correlation 1/2", 0.5), ("independent", 0.0)):
        series[name] = [
            masked_gaussians.dropout_share(*shifted(d, correlation), rate=rate) for d in widths
        ]
    for index, (name, values) in enumerate(series.items()):
        axes.plot(widths, values, label=name, color=plot.COLOURS[index], marker=plot.MARKERS[index])
    axes.set_ylim(0, 1.35)
    plot.label(axes, x="coordinates d", y="divergence left, p = 1/2", legend=True)
    return canvas


def shifted(width: int, correlation: float) -> tuple[Gaussian, Gaussian]:
    """Return two normal laws of one covariance whose coordinates are shifted alike."""
    one = torch.eye(width, dtype=torch.float64)
    covariance = correlation * torch.ones_like(one) + (1 - correlation) * one
    zero = torch.zeros(width, dtype=torch.float64)
    return Gaussian(zero + 1, covariance), Gaussian(zero, covariance)


def distances_and_bounds() -> Figure:
    """Return the Wasserstein bound of each layer, and the distance without its factor."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=2.8)
    draw = stream(0, "picture")
    narrow = torch.randn(2, 16, generator=draw, dtype=torch.float64) / 16
    wide = 8 * torch.randn(32, 2, generator=draw, dtype=torch.float64)
    mean = torch.full((16,), 0.25, dtype=torch.float64)
    network = linear_network.LinearNetwork((narrow, wide), mean, 20)
    weights = linear_network.draw_weights(network, 200, generator=draw)
    ends = linear_network.layer_distances(network, weights)
    bounds = [
        hierarchy.wasserstein_ladder(end, weights.lipschitz, loss_lipschitz=1.0).values
        for end in ends
    ]
    bare = [end.mean((0, 2)) for end in ends]
    places = ["input\n16", "layer 1\n2", "layer 2\n32", "output\n1"]
    for index, ((low, high), name) in enumerate(
        ((bounds, "bound: with the factor"), (bare, "distance alone"))
    ):
        style = {"color": plot.COLOURS[index], "marker": plot.MARKERS[index], "label": name}
        exact = low[-1]  # at the output the lower end is the distance itself
        axes.plot(places, low / exact, linestyle=("-", "--")[index], **style)
        axes.fill_between(
            places, low / exact, high / exact, color=plot.COLOURS[index], alpha=0.3, linewidth=0
        )
    axes.set_yscale("log")
    axes.set_yticks((0.01, 0.1, 1), ("0.01", "0.1", "1"))
    plot.label(axes, x="layer and its width", y="relative to the output", legend=True)
    return canvas


def noisy_steps() -> Figure:
    """Return four informations about one example against the steps of noisy descent."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=3.0)
    steps = np.unique(np.geomspace(1, 1000, 40).astype(int))
    models = [noisy_descent.NoisyDescent(1, 10, int(t), 0.1, 0.1) for t in steps]
    calls = {
        "sum over the steps": noisy_descent.step_information,
        "path, others known": noisy_descent.path_information_given_others,
        "path": noisy_descent.path_information,
        "last iterate": noisy_descent.iterate_information,
    }
    for index, (name, call) in enumerate(calls.items()):
        style = ("-", "--", "-.", ":")[index]
        axes.plot(steps, [call(model) for model in models], style, label=name)
    axes.axhline(math.log(10 / 9) / 2, color="grey", linewidth=0.8)
    axes.set(xscale="log", yscale="log")
    axes.set_xticks((1, 10, 100, 1000), ("1", "10", "100", "1000"))
    axes.set_yticks((0.01, 0.1, 1), ("0.01", "0.1", "1"))
    plot.label(axes, x="steps T", y="information (nats)", legend=True)
    return canvas


PICTURES = {
    "picture_margins": margins,
    "picture_pairs": super_sample,
    "picture_ladder": ladder,
    "picture_release": one_or_all,
    "picture_width": contraction_and_width,
    "picture_funnel": distances_and_bounds,
    "picture_descent": noisy_steps,
}
