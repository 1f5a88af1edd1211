"""Numbers that theory pages work by hand, or say of a picture, are those of the package."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from runtheory.dropout import laws, objectives, updates
from runtheory.dropout.masks import apply_masks
from runtheory.evaluation import intersection_over_union
from runtheory.information.ladder import GaussianMeanModel, binary_gaussian, noisy_descent
from runtheory.information.layers import contraction
from runtheory.information.measures.divergences import binary_divergence
from runtheory.noise.low_rank_adaptation import noise
from tools.notebooks import ROOT

Told = tuple[str, tuple[float, ...]]


def _dropout() -> list[Told]:
    variances = 32.0, 128.0
    one, eight, many = (laws.variance(*variances, batch=16, samples=m) for m in (1, 8, 10**12))
    best = laws.best_samples(*variances, body_cost=16.0, head_cost=1.0)
    reached = [
        updates.squared_distance(10.0, *variances, batch=16, samples=m, updates=t)
        for m, t in ((1, 99), (8, 29.7))
    ]
    assert reached == pytest.approx([0.1, 0.1])
    return [
        (r"\frac{{32 + 128}}{{16}} = {:g} \ \text{{ for }} M = 1", (one,)),
        (r"\frac{{32 + 16}}{{16}} = {:g} \ \text{{ for }} M = 8", (eight,)),
        (r"\frac{{32}}{{16}} = {:.4g} \ \text{{ for }} M \to", (many,)),
        (r"\sqrt{{\frac{{128}}{{32}} \cdot 16}} = {:g}$", (best,)),
        (
            r"$\frac{{{:g}}}{{10}}$ of the updates",
            (10 * laws.updates_share(*variances, samples=8),),
        ),
        ("after {:.0f} updates with one mask and after {:.0f}", (99, 29.7)),
        ("values of about {:.1f}, {:.2f} and {:.2f}", tuple(_prices(variances))),
        (r"$V_\xi/M = {:g}$ (dotted)", (_shared(10**9),)),
        ("losses, {:.2f}, on the chord", _means()[:1]),
        ("probabilities, {:.2f}; the mean of the logits, {:.2f}", _means()[:0:-1]),
    ]


def _prices(variances: tuple[float, float]) -> list[float]:
    found = []
    for body in (1.0, 16.0, 100.0):
        costs = {"body_cost": body, "head_cost": 1.0}
        best = laws.best_samples(*variances, **costs)
        least, one = (laws.variance_at_cost(*variances, **costs, samples=m) for m in (best, 1))
        found.append(least / one)
    return found


def _shared(batch: int) -> float:
    return round(
        laws.batch_shared_variance(32.0, 8.0, interaction_variance=120.0, batch=batch, samples=8), 6
    )


def _means() -> tuple[float, ...]:
    logits = torch.tensor([[[-2.0, 0.0]], [[4.0, 0.0]]])
    calls = (
        objectives.mean_of_losses,
        objectives.loss_of_mean_logits,
        objectives.loss_of_mean_probabilities,
    )
    return tuple(call(logits, torch.tensor([0])).item() for call in calls)


def _bounds() -> list[Told]:
    hard = binary_gaussian.solve(GaussianMeanModel(50, 20, 1.0))
    easy = binary_gaussian.solve(GaussianMeanModel(200, 50, 3.0))
    nats = float(binary_divergence(0.03, 0.30))
    hundredth = math.log(2) / 100
    rungs = [list(binary_gaussian.upper_bounds(one).values()) for one in (hard, easy)]
    named = binary_gaussian.upper_bounds(easy)
    last = noisy_descent.NoisyDescent(1, 10, 1000, 0.1, 0.1)
    calls = (
        noisy_descent.iterate_information,
        noisy_descent.path_information_given_others,
        noisy_descent.step_information,
    )
    single = GaussianMeanModel(50, 100, 1.0)
    weights = binary_gaussian.representation_information(single, 50)
    return [
        ("errs on {:.0f} in 100", (100 * hard.train_error,)),
        ("and on {:.0f} in 100 new ones", (100 * hard.test_error,)),
        ("test error minus training error, is {:.2f}.", (hard.gap,)),
        (r"0.97 \log\frac{{0.97}}{{0.70}} = {:.3f} ,", (nats,)),
        ("so this is {:.2f} bits", (nats / math.log(2),)),
        (r"$\sqrt{{0.247/2}} = {:.2f}$", (math.sqrt(nats / 2),)),
        (r"$\sqrt{{{:.5f}/2}} = {:.3f}$", (hundredth, math.sqrt(hundredth / 2))),
        ("Model with gap {:.2f}: all bounds lie between {:.2f} and {:.2f}", _range(hard, rungs[0])),
        ("Model with gap {:.3f}: from {:.2f} for", (easy.gap, rungs[1][0])),
        ("to {:.2f} for the output", (named["output"],)),
        ("and {:.3f} and {:.3f} for the last", (named["binary_kl"], named["fast_rate"])),
        ("levels off at {:.2f}.", (math.sqrt(weights / 2),)),
        ("rise to {:.3f},", (contraction.dropout(0.5, width=8).divergence,)),
        (
            "levels off at {:.3f}, the path at {:.3f}, a grey line; the path with the others known "
            "grows slowly to about {:.1f}, and the sum over the steps in a straight line to {:.1f}",
            (calls[0](last), math.log(10 / 9) / 2, calls[1](last), calls[2](last)),
        ),
    ]


def _range(ladder: binary_gaussian.Ladder, bounds: list[float]) -> tuple[float, ...]:
    return ladder.gap, min(bounds), max(bounds)


def _low_rank() -> list[Told]:
    case = torch.ones(1, 2), torch.ones(1, 1), torch.tensor([[0.5], [0.25]])
    added = float(noise.added_penalty(case[0], case[2], rate=0.2))
    deviation = float(noise.error_variance(*case, rate=0.2)) ** 0.5
    kept = torch.tensor([[[1, 1]], [[1, 0]], [[0, 1]], [[0, 0]]]).bool()
    errors = noise.masked_errors(*case, masks=kept, rate=0.2).tolist()
    mean = (1 - 0.75) ** 2 + added
    fifty = deviation / 50**0.5
    return [
        ("| both | 0.64 | {:.4f} |\n| first | 0.16 | {:.4f} |", tuple(errors[:2])),
        ("| second | 0.16 | {:.4f} |\n| none | 0.04 | {:g} |", tuple(errors[2:])),
        ("The mean is ${:.4f}$: dropout has added ${:.4f}$", (mean, added)),
        ("deviation is ${:.4f}$; averaged over fifty draws ${:.4f}$", (deviation, fifty)),
        ("still ${:.0f}$ per cent", (100 * fifty / added,)),
        ("is ${:.3f}$, then ${:.3f}$, ${:.3f}$, ${:.3f}$.", tuple(_whole_steps())),
    ]


def _whole_steps() -> list[float]:
    a, b, products = 0.1, 0.0, []
    for _ in range(4):
        pull = 0.5 * (1 - a * b)
        a, b = a + pull * b, b + pull * a
        products.append(a * b)
    return products


def _boxes() -> list[Told]:
    kept = torch.tensor([[[1, 1]], [[1, 0]], [[0, 1]], [[0, 0]]]).bool()
    chances = torch.tensor([0.64, 0.16, 0.16, 0.04]).double()
    overlaps, means = [], []
    for features in (torch.tensor([[3.0, 1.0]]), torch.tensor([[0.3, 0.1]])):
        ends = 6 + apply_masks(features, kept, rate=0.2).sum(2)[:, 0]
        under, clean = _on_a_line(ends), _on_a_line(6 + features.sum(1)).expand(4, -1)
        overlaps.append(intersection_over_union(under, clean))
        means.append(float(chances @ overlaps[-1]))
    bright = overlaps[0].tolist()
    faded = float(intersection_over_union(_on_a_line(torch.tensor([6.4])), TRUE_BOX))
    fault = float(intersection_over_union(TRUE_BOX + torch.tensor([0, 0, 2, 2]), TRUE_BOX))
    return [
        ("| both | 0.64 | 11 | {:.4f} |\n| first | 0.16 | 9.75 | {:.4f} |", tuple(bright[:2])),
        ("| second | 0.16 | 7.25 | {:.4f} |\n| none | 0.04 | 6 | {:g} |", tuple(bright[2:])),
        ("The mean is ${:.4f}$. Now the light", (means[0],)),
        ("overlap with the truth is ${:.2f}$.", (faded,)),
        ("the detector's own box is ${:.4f}$", (means[1],)),
        ("still overlap by ${:.4f}$, and the truth by ${:g}$", (means[0], fault)),
    ]


TRUE_BOX = torch.tensor([[0.0, 1.0, 2.0, 10.0]])


def _on_a_line(ends: torch.Tensor) -> torch.Tensor:
    """Return boxes of height 1 from 2 to each end."""
    low, high, left = (torch.full_like(ends, edge) for edge in (0.0, 1.0, 2.0))
    return torch.stack([low, high, left, ends], 1)


@pytest.mark.parametrize(
    ("slug", "told"),
    [
        ("multi_sample_dropout", _dropout),
        ("information_bounds", _bounds),
        ("low_rank_adaptation", _low_rank),
        ("box_stability", _boxes),
    ],
)
def test_a_page_tells_the_numbers_of_the_package(slug: str, told: Callable[[], list[Told]]) -> None:
    page = (ROOT / "chapters" / slug / "theory.md").read_text(encoding="utf-8")
    for words, values in told():
        assert words.format(*values) in page
