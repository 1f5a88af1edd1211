"""The pictures of the theory page: ``python -m tools.pictures interplay`` draws them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from runtheory import plot, records
from runtheory.interplay import free_dropout, free_mixing
from runtheory.interplay.pair_bound import pair_bound
from runtheory.interplay.sources import SourceVariance
from runtheory.records import Record

LONG = 4000  # steps of the runs that the page speaks of
DROPOUT = {"plain": "plain", "dropout": "dropout", "multi-sample dropout": "8 masks"}
MIXING = {"none": "none", "mixup": "Mixup", "cutmix": "CutMix"}
BATCH = 100
COUNTS = ("pairs", "gained", "lost")


def table() -> Record:
    """Return the record of the nine combinations."""
    return records.read("interplay/interplay")


def three_sources() -> Figure:
    """Return the variance of a batch's gradient over the number of masks, in three parts."""
    record = table()
    canvas, panels = plot.figure(rows=2, width=4.4, height=2.2, sharex=True)
    masks = np.array([1, 2, 4, 8, 16, 32])
    for axes, mixed in zip(panels, ("none", "cutmix"), strict=True):
        arm = {"steps": LONG, "dropout": "dropout", "mixing": mixed}
        parts = [
            float(record.final(f"variance_{part}", **arm).mean())
            for part in ("data", "mixing", "mask")
        ]
        found = SourceVariance(*parts)
        total = [found.of_batch(BATCH, samples=int(count)) for count in masks]
        floor = (found.data + found.mixing) / BATCH
        axes.fill_between(
            masks,
            0,
            found.data / BATCH,
            color=plot.COLOURS[0],
            alpha=0.7,
            linewidth=0,
            label="data",
        )
        axes.fill_between(
            masks,
            found.data / BATCH,
            floor,
            color=plot.COLOURS[1],
            alpha=0.7,
            linewidth=0,
            label="mixing",
        )
        axes.fill_between(
            masks, floor, total, color=plot.COLOURS[2], alpha=0.7, linewidth=0, label="masks"
        )
        plot.label(axes, x="", y=f"variance,\n{MIXING[mixed]}")
    plot.doubling_axis(panels[1], masks.tolist())
    panels[1].set_xlabel("Masks M")
    panels[0].legend(fontsize=9, frameon=False)
    return canvas


def bulge() -> Figure:
    """Return the path of a mixture's logits, between its classes and above the others."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    classes, law = 10, free_mixing.uniform_shares()
    shares = np.linspace(0, 1, 61)
    for index, decay in enumerate((0.05, 0.1, 0.2)):
        strength = free_mixing.free_strength(law, classes, decay)
        targets = np.zeros((len(shares), classes))
        targets[:, 0], targets[:, 1] = shares, 1 - shares
        logits = free_mixing.free_logits(targets, strength)
        along = logits[:, 0] - logits[:, 1]
        height = logits[:, :2].mean(1) - logits[:, 2:].mean(1)
        colour = plot.COLOURS[index]
        axes.plot(along, height, color=colour, label=f"c = {decay:g}")
        axes.plot(along[[0, -1]], height[[0, -1]], "o:", color=colour, linewidth=1)
    plot.label(axes, x="difference of the two logits", y="their mean above the others", legend=True)
    return canvas


def smaller() -> Figure:
    """Return what dropout leaves of the singular values, by rate and width."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    rates = np.linspace(0, 0.9, 91)
    for index, width in enumerate((16, 64, 256)):
        values = [frame(float(rate), width).value for rate in rates]
        axes.plot(
            rates,
            np.array(values) / values[0],
            color=plot.COLOURS[index],
            label=f"{width} features",
        )
    axes.plot(0.5, frame(0.5, 64).value / frame(0.0, 64).value, "o", color=plot.COLOURS[1])
    axes.set_ylim(0, 1.05)
    plot.label(axes, x="rate p", y="singular value, with / without", legend=True)
    return canvas


def frame(rate: float, width: int) -> free_dropout.DropoutFrame:
    """Return the minimiser for ten classes with a free bias."""
    return free_dropout.dropout_frame(
        classes=10, per_class=100, width=width, rate=rate, decay=(1e-3, 1e-4), free_bias=True
    )


def seen() -> Figure:
    """Return bound against gap, of each network of the table, and where the bound can lie."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.4)
    ends = np.linspace(0, 0.45, 2)
    axes.fill_between(
        ends,
        ends,
        np.sqrt(2 * np.log(2)) * ends,
        color="grey",
        alpha=0.3,
        linewidth=0,
        label="where the bound can lie",
    )
    for index, (mixed, name) in enumerate(MIXING.items()):
        rows = [row for row in table().select(steps=LONG) if row["mixing"] == mixed]
        found = [pair_bound({name: row[name] for name in COUNTS}) for row in rows]
        ratios = [one.gap / np.sqrt(one.disagreement) for one in found]
        axes.scatter(
            ratios,
            [one.bound for one in found],
            s=18,
            color=plot.COLOURS[index],
            marker=plot.MARKERS[index],
            label=name,
        )
    plot.label(axes, x="gap over the root of the disagreement", y="bound", legend=True)
    return canvas


def effects() -> Figure:
    """Return accuracy and over-confidence of the nine combinations, with intervals."""
    record = table()
    canvas, panels = plot.figure(rows=2, width=4.4, height=2.4, sharex=True)
    measures = {
        "test_accuracy": "test accuracy (%)",
        "confidence_gap": "confidence minus\naccuracy (points)",
    }
    for axes, (measure, title) in zip(panels, measures.items(), strict=True):
        for index, (kind, name) in enumerate(DROPOUT.items()):
            groups = [
                100 * record.final(measure, steps=LONG, dropout=kind, mixing=mixed)
                for mixed in MIXING
            ]
            at = np.arange(len(MIXING)) + 0.09 * (index - 1)
            plot.points_with_interval(axes, at, groups, name=name, index=index)
            means = [float(np.mean(group)) for group in groups]
            axes.plot(at, means, color=plot.COLOURS[index], linewidth=0.8)
        axes.set_xticks(range(len(MIXING)), list(MIXING.values()))
        plot.label(axes, x="", y=title, legend=measure == "test_accuracy")
    return canvas


PICTURES = {
    "picture_sources": three_sources,
    "picture_bulge": bulge,
    "picture_smaller": smaller,
    "picture_seen": seen,
    "picture_effects": effects,
}
