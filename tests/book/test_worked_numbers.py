"""What four pages work by hand, or say of their pictures, is what the package computes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from runtheory import records
from runtheory.collapse import frames, layers, merging, minimisers, vanishing
from runtheory.collapse.geometry import gram_cosines
from runtheory.collapse.near import NearCollapse
from runtheory.collapse.settled import SettledModes, settled_modes
from runtheory.collapse.statistics import class_statistics
from runtheory.collapse.variability import variability_collapse
from runtheory.interplay.free_dropout import dropout_frame
from runtheory.interplay.sources import SourceVariance
from runtheory.mixing import contributions, laws, overtraining
from runtheory.mixing.boxes import Boxes
from runtheory.mixing.placement import CLIPPED, INSIDE, PADDED, Placement
from tools.notebooks import ROOT

Told = tuple[str, tuple[float, ...]]


def _noisy_triangle(deviation: float) -> float:
    """Return NC1 of three classes whose samples lie at plus and minus the deviation, per axis."""
    steps = math.sqrt(2) * deviation * torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    features = frames.simplex_frame(3)[:, None] + steps.double()
    labels = torch.arange(3).repeat_interleave(4)
    found = class_statistics(features.flatten(0, 1), labels, classes=3)
    return float(variability_collapse(found).value)


def _collapse() -> list[Told]:
    sizes: dict[str, Any] = {
        "minority_count": 4,
        "minority_classes": 3,
        "majority_classes": 3,
        "pressure": 1 / 60,
    }
    gone = [merging.vanishing_ratio(**sizes, bias_penalty=bias) for bias in (0.0, math.inf)]
    ends = minimisers.collapse_threshold
    return [
        ("one over the number of classes): ${:.2f}$", (_noisy_triangle(0.3),)),
        ("NC1 falls to a hundredth, ${:.4f}$", (_noisy_triangle(0.03),)),
        ("to 0 at the ratio {:.0f}, marked merged", (merging.merging_ratio(**sizes),)),
        ("at {:.0f} and {:.0f} are marked gone, with a free bias and with none", tuple(gone)),
        ("jumps to 0, with three to two thirds at about {:.2f}", (ends(3),)),
        ("one half at about {:.1f} and", (ends(2),)),
        ("five sixths at about {:.2f}", (ends(6),)),
    ]


def _further() -> list[Told]:
    paid = [layers.block_penalty((2, 2, 2), layers=depth) for depth in (1, 2, 3)]
    at = [_settled(0.2), _settled(0.2, classifier=1e-4), _settled(0.2, classifier=0.1)]
    other = [_settled(0.2, features=decay) for decay in (1e-4, 0.1)]
    return [
        (r"3 \cdot 2 = {:.0f} \ \text{{ for }} M = 1", (paid[0],)),
        (r"3 \cdot 2^{{2/3}} \approx {:.2f} \ \text{{ for }} M = 2", (paid[1],)),
        (r"3 \cdot 2^{{1/2}} \approx {:.2f} \ \text{{ for }} M = 3", (paid[2],)),
        ("passing {:.1f} at the dotted line", (at[0].unseen,)),
        ("passing {:.2f} there", (float(at[0].seen[0]),)),
        ("NC1 last, at {:.2f} there", (float(at[0].ratios[0]),)),
        ("it rises from {:.3f} to {:.3f}.", tuple(float(one.ratios[0]) for one in at[1:])),
        ("it falls from {:.3f} to {:.3f}.", tuple(float(one.ratios[0]) for one in other)),
        ("rises to {:.2f} at the ratio 100 and {:.2f} at 1,000", (_row(100), _row(1000))),
        ("it rises to minus {:.2f} and stays", (-_row(1000, bias=True),)),
    ]


def _settled(hold: float, *, classifier: float = 0.01, features: float = 0.05) -> SettledModes:
    labels = torch.arange(4).repeat_interleave(5)
    model = NearCollapse(labels, 4, classifier, features, hold)
    return settled_modes(model, torch.ones(1, dtype=torch.float64))


def _row(ratio: int, *, bias: bool = False) -> float:
    limit = vanishing.vanishing_classifier((ratio,) * 5 + (1,) * 5, bias=bias)
    return float(gram_cosines(limit)[-1, -2])


def _cutmix() -> list[Told]:
    side = torch.tensor([math.sqrt(0.6)], dtype=torch.float64)
    start, stop = CLIPPED.interval(side, torch.tensor([0.25], dtype=torch.float64), 28)
    edges = torch.tensor([[int(start), int(stop)] * 2])
    share = float(Boxes(edges, 28, 28).share[0])
    length = 0.25 + math.sqrt(0.6) / 2
    means = [laws.mean_area(alpha) for alpha in (0.5, 4.0)]
    return [
        (r"\sqrt{{0.6}} \approx {:.3f}$", (float(side[0]),)),
        (r"$0.25 + 0.387 = {:.3f}$", (length,)),
        (r"$0.637^2 \approx {:.3f}$", (length**2,)),
        ("${:.0f}$ rows and $18$ columns", (int(stop) - int(start),)),
        (r"a share of $18^2/28^2 \approx {:.3f}$", (share,)),
        ("must say ${:.3f}$ for the bag and ${:.3f}$ for the T-shirt", (share, 1 - share)),
        ("runs below it, from 0 to {:.2f}", (float(laws.mean_area_given_side(np.ones(1))[0]),)),
        ("lie close together, between {:.2f} and {:.2f}", tuple(means)),
        ("Clipped: {:.3g} at the centre, falling to {:.3g} at a corner", _ends(CLIPPED)),
        ("Inside: {:.3g} at the centre, {:.0f} at a corner", _ends(INSIDE)),
        ("Padded: {:.3g} everywhere", _ends(PADDED)[:1]),
    ]


def _ends(placement: Placement) -> tuple[float, ...]:
    return tuple(laws.coverage(at, at, placement=placement) for at in (0.5, 0.0))


def _features() -> list[Told]:
    times = {"plain": 1702, "Cutout": 136}
    rates = {"plain": 0.24, "Cutout": 0.02}
    margins = [
        float(contributions.margin_over_time(rates[arm], torch.tensor([float(time)]).double())[0])
        for arm, time in times.items()
    ]
    assert margins == pytest.approx([6.0, 1.0], rel=2e-3)
    mixup = overtraining.mixup_coefficient(2)
    cutmix = overtraining.cutmix_coefficient(2, exchange=1 / 12)
    crossing = overtraining.crossing_time(mixup, rate=8 * 7 / 15)
    return [
        (r"\frac{{100}}{{24}}\,(6 + e^6 - 1) \approx {:.0f}$", (round(times["plain"], -2),)),
        (r"\frac{{200}}{{4}}\,(1 + e - 1) \approx {:.0f}$", (times["Cutout"],)),
        ("dips to zero at {:.2f} and then rises to {:.1f}.", (crossing, 8 * (mixup - 1) ** 2)),
        ("levels off at {:.2f}.", (8 * (1 - cutmix) ** 2,)),
        ("a dotted line marks {:.2f}", (contributions.even_contributions(4)[0],)),
    ]


def _together() -> list[Told]:
    found = SourceVariance(30.0, 60.0, 64.0)
    again = SourceVariance(30.0, 30.0, 32.0)
    frame: dict[str, Any] = {
        "classes": 10,
        "per_class": 100,
        "decay": (1e-3, 1e-4),
        "free_bias": True,
    }
    shrunk = {
        (width, rate): dropout_frame(width=width, rate=rate, **frame).value
        / dropout_frame(width=width, rate=0.0, **frame).value
        for width in (16, 64, 256)
        for rate in (0.5, 0.9)
    }
    kept = tuple(shrunk[width, 0.9] for width in (16, 64, 256))
    record = records.read("interplay/interplay")
    arm: dict[str, Any] = {"steps": 4000, "dropout": "dropout", "mixing": "cutmix"}
    parts = [record.final(f"variance_{part}", **arm).mean() / 100 for part in ("data", "mixing")]
    return [
        (r"\frac{{30 + 60 + 64}}{{100}} = {:.2f}", (found.of_batch(100, samples=1),)),
        (r"\frac{{30 + 60 + 8}}{{100}} = {:.2f}", (found.of_batch(100, samples=8),)),
        ("number of masks brings it below ${:.2f}$", (found.of_batch(100, samples=10**9),)),
        (r"\frac{{30 + 30 + 32}}{{100}} = {:.2f}$", (again.of_batch(100, samples=1),)),
        ("and the variance is ${:.2f}$", (again.of_batch(50, samples=1),)),
        ("With CutMix: {:.2f} for the data, {:.2f} for mixing", tuple(map(float, parts))),
        ("falls to {:.2f}, with 64 to {:.2f}, with 256 to {:.2f}", kept),
        ("A dot marks {:.2f} at rate one half", (shrunk[64, 0.5],)),
    ]


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("neural_collapse/theory", _collapse),
        ("neural_collapse/theory_further", _further),
        ("cutmix/theory", _cutmix),
        ("cutmix/theory_features", _features),
        ("interplay/theory", _together),
    ],
)
def test_a_page_tells_the_numbers_of_the_package(page: str, told: Callable[[], list[Told]]) -> None:
    text = (ROOT / "chapters" / f"{page}.md").read_text(encoding="utf-8")
    for words, values in told():
        assert words.format(*values) in text
