"""What the information bounds need: one point of the exact ladder, and distances of samples.

The ladder's peer integrates the same conditional laws over the Gaussian weights with
``scipy.integrate.nquad``, component along the mean and length of the rest, one quantity after the
other; the note says how far the two are apart. A simulation gives the gap alone, with the error in
its note. Distances on the line and sliced ones are ours and have POT as peer, on NumPy arrays and
on tensors; between samples in more dimensions our function calls POT's solver, so that there is
nothing to compare.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import ot
import torch
from scipy.integrate import nquad
from scipy.special import log_ndtr, ndtr
from scipy.stats import wasserstein_distance

from benchmarks import neighbours
from benchmarks.scaling import Question
from benchmarks.timing import Comparison, Way
from runtheory.information.ladder import GaussianMeanModel
from runtheory.information.ladder.binary_gaussian import (
    Ladder,
    representation_information,
    solve,
    upper_bounds,
)
from runtheory.information.ladder.loss_laws import LossLaw
from runtheory.information.ladder.simulation import simulate
from runtheory.information.measures.transport import sliced_wasserstein, wasserstein_line
from runtheory.randomness import stream

MODEL = GaussianMeanModel(dimension=20, samples=50, mean=1.0)
DRAWS, REACH = 10_000, 9.0
LINES, POINTS, FEWER = 200, 2_000, 1_500
SAMPLE, FEATURES, DIRECTIONS = 2_000, 64, 200


def ladder_by_nquad() -> Ladder:
    """Return the ladder from five expectations over W, each one adaptive double integral."""
    root, shrinkage = math.sqrt(MODEL.samples), MODEL.shrinkage
    centre, rest = root * MODEL.mean, math.sqrt(MODEL.dimension - 1)
    # SciPy's own densities would take ten times as long for the same numbers.
    constant = (MODEL.dimension - 3) / 2 * math.log(2) + math.lgamma((MODEL.dimension - 1) / 2)
    constant += math.log(2 * math.pi) / 2
    ranges = [(centre - REACH, centre + REACH), (max(0.0, rest - REACH), rest + REACH)]

    def expect(value: Callable[[float, float], float]) -> float:
        def integrand(first: float, second: float) -> float:
            length = math.hypot(first, second)
            train, test = length / root, MODEL.mean * first / length
            logarithm = (MODEL.dimension - 2) * math.log(second) - second**2 / 2 - constant
            return value(train, test) * math.exp(logarithm - (first - centre) ** 2 / 2)

        return float(nquad(integrand, ranges, opts={"epsabs": 1e-9, "epsrel": 1e-9})[0])

    def divergence(train: float, test: float) -> float:
        scaled = train / shrinkage
        wrong = ndtr(-scaled) * (log_ndtr(-scaled) - log_ndtr(-test))
        return float(wrong + ndtr(scaled) * (log_ndtr(scaled) - log_ndtr(test)))

    train = expect(lambda train, test: ndtr(-train / shrinkage))
    test = expect(lambda train, test: ndtr(-test))
    both = expect(lambda train, test: ndtr(-train / shrinkage) * ndtr(-test))
    square = expect(lambda train, test: (train - test) ** 2)
    table = np.array([[1 - train - test + both, test - both], [train - both, both]])
    return Ladder(
        model=MODEL,
        losses=LossLaw(table),
        sample_information=representation_information(MODEL, MODEL.dimension),
        output_divergence=(MODEL.log_shrinkage - 1 / MODEL.samples + square) / 2,
        decision_divergence=expect(divergence),
    )


def simulated_gap(generator: torch.Generator) -> tuple[float, float]:
    """Return the gap of ``DRAWS`` data sets and its standard error."""
    margins = simulate(MODEL, DRAWS, generator=generator)
    gaps = (margins.test < 0).double() - (margins.train < 0).double()
    return float(gaps.mean()), float(gaps.std()) / math.sqrt(DRAWS)


def ladder() -> Comparison:
    """Return one point of the ladder with all its bounds; computed on the CPU."""
    ours, theirs = upper_bounds(solve(MODEL)), upper_bounds(ladder_by_nquad())
    apart = max(abs(ours[name] - theirs[name]) for name in ours)
    generator = stream(0, "simulation")
    _, error = simulated_gap(generator)
    relative = error / solve(MODEL).gap
    return Comparison(
        "ladder",
        f"Exact ladder, d = {MODEL.dimension}, n = {MODEL.samples}: gap and nine bounds",
        Way("ours", lambda: upper_bounds(solve(MODEL))),
        (
            Way(
                "scipy.integrate.nquad",
                lambda: upper_bounds(ladder_by_nquad()),
                note=f"five double integrals; the bounds differ by at most {apart:.0e}",
            ),
            Way(
                "simulation",
                lambda: simulated_gap(generator),
                note=f"{DRAWS:,} data sets; the gap alone, standard error {relative:.0%} of it",
            ),
        ),
        rounds=7,
    )


def on_the_line(device: torch.device) -> Comparison:
    """Return W1 of many pairs of samples of different size on the line."""
    generator = stream(0, "lines")
    first = torch.randn(LINES, POINTS, generator=generator, dtype=torch.float64)
    second = torch.randn(LINES, FEWER, generator=generator, dtype=torch.float64) + 1
    left, right = first.numpy(), second.numpy()
    here, there = first.to(device), second.to(device)
    return Comparison(
        "line",
        f"W1 on the line, {LINES} pairs of {POINTS:,} and {FEWER:,} points",
        Way("ours", lambda: wasserstein_line(here, there)),
        (
            Way("POT, wasserstein_1d", lambda: ot.wasserstein_1d(left.T, right.T, p=1)),
            Way(
                "POT, wasserstein_1d on tensors",
                lambda: ot.wasserstein_1d(here.mT, there.mT, p=1),
            ),
            Way(
                "scipy.stats.wasserstein_distance",
                lambda: [wasserstein_distance(*pair) for pair in zip(left, right, strict=True)],
                note="a loop over the pairs",
            ),
        ),
        rounds=11,
    )


def sliced(device: torch.device) -> Comparison:
    """Return the sliced W1 of two samples in many dimensions."""
    generator = stream(0, "sliced")
    first = torch.randn(SAMPLE, FEATURES, generator=generator, dtype=torch.float64)
    second = torch.randn(SAMPLE, FEATURES, generator=generator, dtype=torch.float64) + 0.1
    left, right = first.numpy(), second.numpy()
    here, there = first.to(device), second.to(device)
    directions = stream(0, "directions", device=device)

    def by_pot(one: object, other: object) -> object:
        return ot.sliced_wasserstein_distance(one, other, n_projections=DIRECTIONS, p=1, seed=0)

    return Comparison(
        "sliced",
        f"Sliced W1, {SAMPLE:,} × {FEATURES}, {DIRECTIONS} directions",
        Way(
            "ours",
            lambda: sliced_wasserstein(here, there, directions=DIRECTIONS, generator=directions),
        ),
        (
            Way("POT, sliced_wasserstein_distance", lambda: by_pot(left, right)),
            Way("POT, the same on tensors", lambda: by_pot(here, there)),
        ),
        rounds=11,
    )


def comparisons(device: torch.device) -> list[Comparison]:
    """Return the ladder, distances on the line, sliced distances, neighbours, drawn networks."""
    return [ladder(), on_the_line(device), sliced(device), *neighbours.comparisons()]


def scaling(device: torch.device) -> list[Question]:
    """Return how information by neighbours grows; it is computed on the CPU."""
    return [neighbours.question()]
