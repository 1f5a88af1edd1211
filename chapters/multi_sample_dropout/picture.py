"""The pictures of the theory page: ``python -m tools.pictures multi_sample_dropout``.

One example goes through all of them: V_data = 32, V_mask = 128, batches of 16.
"""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from runtheory import plot
from runtheory.dropout import laws, masks, objectives, penalties, updates
from runtheory.randomness import stream

DATA, MASK, BATCH = 32.0, 128.0, 16
SHARED = 8.0  # of the masks' variance, what a mask does to every example alike
COUNTS = (1, 2, 4, 8, 16, 32, 64)
WIDTH = 4.4
ARROW = {"arrowstyle": "-|>", "color": "black", "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
GREY, PALE = "#555555", "#e8eef4"


def parts_of_a_network() -> Figure:
    """Return the body, run once, and the head, run under three masks, with its three losses."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=3.1)
    axes.set(xlim=(0, 11), ylim=(0, 7.7), xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    box(axes, (0.1, 3.0), (1.5, 1.5), text="image\n$x$", colour="white")
    box(axes, (2.2, 3.0), (1.5, 1.5), text="body\n(once)", colour=PALE)
    column(axes, 4.3, 2.25, [True] * 6)
    axes.text(4.5, 5.4, "$h$", ha="center")
    drawn = masks.draw_masks(3, (1, 6), rate=0.5, generator=stream(0, "picture"))[:, 0]
    for m, kept in enumerate(drawn.tolist(), start=1):
        middle = 6.3 - 2.5 * (m - 1)
        column(axes, 5.75, middle - 1.2, kept, size=0.4, colour=plot.COLOURS[m - 1])
        box(axes, (6.9, middle - 0.55), (1.3, 1.1), text="head", colour=PALE)
        axes.text(9.05, middle, rf"$\ell_{m}$", ha="center", va="center")
        for start, end in (
            ((4.8, 3.75), (5.65, middle)),
            ((6.2, middle), (6.85, middle)),
            ((8.25, middle), (8.75, middle)),
            ((9.35, middle), (10.0, 3.75 + 0.35 * (2 - m))),
        ):
            axes.annotate("", end, start, arrowprops=ARROW)
    axes.annotate("", (2.15, 3.75), (1.65, 3.75), arrowprops=ARROW)
    axes.annotate("", (4.25, 3.75), (3.75, 3.75), arrowprops=ARROW)
    axes.text(10.15, 3.75, "mean", ha="left", va="center", rotation=90)
    return canvas


def box(
    axes: Axes, corner: tuple[float, float], size: tuple[float, float], *, text: str, colour: str
) -> None:
    """Draw a part of the network as a box with its name."""
    style = "round,pad=0.02,rounding_size=0.12"
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, facecolor=colour, edgecolor=GREY))
    middle = (corner[0] + size[0] / 2, corner[1] + size[1] / 2)
    axes.text(*middle, text, ha="center", va="center")


def column(
    axes: Axes, left: float, low: float, kept: list[bool], *, size: float = 0.5, colour: str = GREY
) -> None:
    """Draw features one above the other; dropped ones are empty."""
    for row, there in enumerate(kept):
        place = (left, low + size * row)
        face = colour if there else "white"
        axes.add_patch(Rectangle(place, size * 0.9, size * 0.9, facecolor=face, edgecolor=GREY))


def variance_and_masks() -> Figure:
    """Return the variance of a batch's gradient against the number of masks, with its floor."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=2.7)
    found = [laws.variance(DATA, MASK, batch=BATCH, samples=m) for m in COUNTS]
    axes.plot(COUNTS, found, marker="o", color=plot.COLOURS[0])
    for m in (1, 8):
        value = laws.variance(DATA, MASK, batch=BATCH, samples=m)
        axes.annotate(f"{value:g}", (m, value), (6, 6), textcoords="offset points")
    floor = DATA / BATCH
    axes.axhline(floor, color=plot.COLOURS[5], linestyle="--")
    axes.text(COUNTS[-1], floor - 0.25, f"floor {floor:g}: the examples", ha="right", va="top")
    plot.doubling_axis(axes, COUNTS)
    axes.set_ylim(0, 11)
    plot.label(axes, x="masks for each example, M", y="variance of the gradient")
    return canvas


def ways_to_draw_masks() -> Figure:
    """Return the variance against the batch, for masks of one's own, shared ones, and copies."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=2.9)
    sizes, samples = [2**k for k in range(11)], 8
    rest = MASK - SHARED
    shared = [
        laws.batch_shared_variance(
            DATA, SHARED, interaction_variance=rest, batch=b, samples=samples
        )
        for b in sizes
    ]
    copies = [laws.variance(DATA, MASK, batch=b, samples=1) for b in sizes]
    own = [laws.variance(DATA, MASK, batch=b, samples=samples) for b in sizes]
    for index, (values, name) in enumerate(
        (
            (own, "A mask for each example and copy"),
            (shared, "one set for the batch"),
            (copies, "the same mask in all copies"),
        )
    ):
        axes.plot(sizes, values, label=name, color=plot.COLOURS[index], marker=plot.MARKERS[index])
    axes.axhline(SHARED / samples, color="grey", linestyle=":")
    axes.set(xscale="log", yscale="log")
    plot.doubling_axis(axes, sizes[::2])
    axes.set_yticks((0.1, 1, 10, 100), ("0.1", "1", "10", "100"))
    plot.label(axes, x="batch size B", y="variance, 8 masks", legend=True)
    return canvas


def price_of_masks() -> Figure:
    """Return variance times cost against the number of masks, for three bodies."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=2.8)
    fine = np.geomspace(1, COUNTS[-1], 80)
    for index, body in enumerate((1.0, 16.0, 100.0)):
        costs = {"body_cost": body, "head_cost": 1.0}
        prices = [laws.variance_at_cost(DATA, MASK, **costs, samples=m) for m in (1.0, *fine)]
        name = f"body / head cost {body:g}"
        axes.plot(fine, np.divide(prices[1:], prices[0]), label=name, color=plot.COLOURS[index])
        best = laws.best_samples(DATA, MASK, **costs)
        least = laws.variance_at_cost(DATA, MASK, **costs, samples=best) / prices[0]
        axes.plot(best, least, plot.MARKERS[index], color=plot.COLOURS[index])
        below = -15 if body == 100 else 6
        place = {"xytext": (0, below), "textcoords": "offset points", "ha": "center"}
        axes.annotate(f"M* = {best:g}", (best, least), **place)
    plot.doubling_axis(axes, COUNTS)
    axes.set_ylim(0, 2.2)
    plot.label(axes, x="masks for each example, M", y="variance × cost (M = 1: 1)", legend=True)
    return canvas


def updates_to_a_level() -> Figure:
    """Return the squared distance from the minimum against the updates, for 1 and 8 masks."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=2.7)
    start, level = 10.0, 0.1
    steps = np.geomspace(1, 300, 100)
    law = {"data_variance": DATA, "mask_variance": MASK, "batch": BATCH}
    for index, m in enumerate((1, 8)):
        path = [updates.squared_distance(start, **law, samples=m, updates=t) for t in steps]
        axes.plot(
            steps, path, color=plot.COLOURS[index], linestyle=("-", "--")[index], label=f"M = {m}"
        )
        needed = (1 / level - 1 / start) * laws.variance(DATA, MASK, batch=BATCH, samples=m)
        axes.plot(needed, level, plot.MARKERS[index], color=plot.COLOURS[index])
        axes.annotate(
            f"{needed:.0f}", (needed, level), (-4, -13), textcoords="offset points", ha="center"
        )
    axes.axhline(level, color="grey", linestyle=":")
    axes.set(xscale="log", yscale="log", ylim=(0.02, 14))
    axes.set_xticks((1, 10, 100), ("1", "10", "100"))
    axes.set_yticks((0.1, 1, 10), ("0.1", "1", "10"))
    plot.label(axes, x="updates", y="squared distance", legend=True)
    return canvas


def three_averages() -> Figure:
    """Return the loss against the logit's lead, and three averages over two masks."""
    canvas, (axes,) = plot.figure(width=WIDTH, height=3.0)
    leads = torch.linspace(-4, 5, 200)
    axes.plot(leads, torch.nn.functional.softplus(-leads), color="black")
    pair, label = torch.tensor([-2.0, 4.0]), torch.tensor([0])
    logits = torch.stack([pair, torch.zeros(2)], 1)[:, None]
    ends = torch.nn.functional.softplus(-pair)
    axes.plot(pair, ends, "X", color="grey", markersize=8, label="under each mask")
    axes.plot(pair, ends, color="grey", linestyle="--", linewidth=1)
    names = ("losses", "logits", "probabilities")
    calls = (
        objectives.mean_of_losses,
        objectives.loss_of_mean_logits,
        objectives.loss_of_mean_probabilities,
    )
    for index, (name, call) in enumerate(zip(names, calls, strict=True)):
        value = call(logits, label).item()
        axes.plot(
            pair.mean(),
            value,
            plot.MARKERS[index],
            color=plot.COLOURS[index],
            label=f"mean of {name}: {value:.2f}",
        )
    axes.set_ylim(0, 4.2)
    plot.label(axes, x="lead of the right class's logit", y="loss (nats)", legend=True)
    return canvas


def two_ridges() -> Figure:
    """Return what is left of two weights under dropout and under ridge regression."""
    canvas, panels = plot.figure(rows=2, width=WIDTH, height=1.9, sharex=True)
    rates = np.linspace(0.02, 0.9, 60)
    draw = torch.randn(200, 2, generator=stream(0, "picture"), dtype=torch.float64)
    columns = torch.linalg.qr(draw).Q * torch.tensor([1.0, 3.0], dtype=torch.float64)
    targets = columns @ (1 / torch.tensor([1.0, 3.0], dtype=torch.float64))
    full = penalties.adaptive_ridge(columns, targets, rate=0.0)
    dropped = torch.stack(
        [penalties.adaptive_ridge(columns, targets, rate=float(p)) / full for p in rates]
    )
    norms = columns.square().sum(0)
    strength = torch.from_numpy(rates / (1 - rates))[:, None]
    plain = norms / (norms + strength)  # the columns are orthogonal
    for axes, left, name in zip(panels, (dropped, plain), ("dropout", "ridge"), strict=True):
        for index, unit in enumerate(("norm 1", "norm 3")):
            axes.plot(
                rates,
                left[:, index],
                color=plot.COLOURS[index],
                linestyle=("-", "--")[index],
                label=f"column of {unit}",
            )
        axes.set_ylim(0, 1.05)
        plot.label(axes, x="", y="share left", title=name)
    panels[0].legend(fontsize=9, frameon=False)
    panels[1].set_xlabel("Dropout rate p; ridge: p / (1 − p)")
    return canvas


PICTURES = {
    "picture_masks": parts_of_a_network,
    "picture_variance": variance_and_masks,
    "picture_sharing": ways_to_draw_masks,
    "picture_cost": price_of_masks,
    "picture_updates": updates_to_a_level,
    "picture_averages": three_averages,
    "picture_ridge": two_ridges,
}
