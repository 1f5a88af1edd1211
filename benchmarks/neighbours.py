"""Information by neighbours beside brute force and a tree, drawn networks beside a loop.

The peer takes the distances of a block of points at a time with SciPy, as one would by hand; the
tree is what our function itself uses in few coordinates. All three give the same value. One network
at a time is measured with a plain module.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from scipy.special import digamma
from torch import nn

from benchmarks.scaling import Question, Size
from benchmarks.timing import Comparison, Way
from runtheory.information.certificates.stochastic_networks import stochastic_risk
from runtheory.information.measures.mutual_information import neighbour_information
from runtheory.information.supersamples.perceptrons import draw_perceptrons
from runtheory.randomness import stream

NEIGHBOURS, COORDINATES, BLOCK = 5, 16, 2**20
LARGE, SMALL = 20_000, 5_000
WIDTHS, EXAMPLES, DRAWS = (784, 600, 600, 10), 500, 10


def pair(points: int, coordinates: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two normal samples, the second being the first with noise of the same size."""
    first, noise = torch.randn(
        2, points, coordinates, generator=stream(0, "neighbours"), dtype=torch.float64
    )
    return first, first + noise


def _information(first: np.ndarray, second: np.ndarray, points: int) -> float:
    return float(digamma(NEIGHBOURS) + digamma(points) - (digamma(first) + digamma(second)).mean())


def by_blocks(first: np.ndarray, second: np.ndarray) -> float:
    """Return the information from blocks of all distances."""
    counts, size = [], max(1, BLOCK // len(first))
    for low in range(0, len(first), size):
        near = [cdist(part[low : low + size], part, "chebyshev") for part in (first, second)]
        radius = np.partition(np.maximum(*near), NEIGHBOURS, axis=1)[:, NEIGHBOURS, None]
        counts.append([(part < radius).sum(1) for part in near])
    left, right = np.concatenate(counts, axis=1)
    return _information(left, right, len(first))


def by_tree(first: np.ndarray, second: np.ndarray) -> float:
    """Return the information from k-d trees."""
    joint = np.hstack([first, second])
    radius = cKDTree(joint).query(joint, k=[NEIGHBOURS + 1], p=np.inf)[0][:, 0]
    left, right = (
        cKDTree(part).query_ball_point(part, np.nextafter(radius, 0), p=np.inf, return_length=True)
        for part in (first, second)
    )
    return _information(left, right, len(first))


def neighbours(points: int, *, tree: bool) -> Comparison:
    """Return the information of two variables of 16 coordinates each."""
    first, second = pair(points, COORDINATES)
    left, right = first.numpy(), second.numpy()
    peers = [Way("blocked brute force", lambda: by_blocks(left, right))]
    if tree:
        peers.append(Way("scipy.spatial.cKDTree", lambda: by_tree(left, right)))
    return Comparison(
        f"neighbours-{points}",
        f"Information by neighbours, {points:,} points, {COORDINATES} + {COORDINATES} coordinates",
        Way("ours", lambda: neighbour_information(first, second, neighbours=NEIGHBOURS)),
        tuple(peers),
        rounds=5,  # of seconds each
    )


def drawn_networks() -> Comparison:
    """Return the error of drawn networks, which takes nearly all the time of a certificate."""
    draw = stream(0, "certificate")
    net = draw_perceptrons(WIDTHS, replicates=1, generator=draw)
    inputs = torch.randn(EXAMPLES, WIDTHS[0], generator=draw)
    labels = torch.randint(WIDTHS[-1], (EXAMPLES,), generator=draw)
    layers: list[nn.Module] = []
    for low, high in pairwise(WIDTHS):
        layers += [nn.Linear(low, high), nn.ReLU()]
    module, mean = nn.Sequential(*layers[:-1]), [p.clone() for p in net.parameters]

    def one_by_one() -> float:
        wrong, weights = 0.0, list(module.parameters())
        with torch.no_grad():
            for _ in range(DRAWS):
                order = [part for pair in zip(mean[:3], mean[3:], strict=True) for part in pair]
                for weight, centre in zip(weights, order, strict=True):
                    middle = centre[0].mT if weight.ndim == 2 else centre[0, 0]
                    weight.copy_(middle + 0.01 * torch.randn(weight.shape, generator=draw))
                wrong += float((module(inputs).argmax(1) != labels).double().mean())
        return wrong / DRAWS

    return Comparison(
        "drawn-networks",
        f"Risk of {DRAWS} drawn networks {'-'.join(map(str, WIDTHS))}, {EXAMPLES} examples",
        Way(
            "ours",
            lambda: stochastic_risk(
                net, inputs, labels, deviation=0.01, draws=DRAWS, generator=draw
            ),
        ),
        (Way("one by one, nn.Module", one_by_one),),
        rounds=7,
    )


def comparisons() -> list[Comparison]:
    """Return neighbours at both sizes, and drawn networks; all computed on the CPU."""
    return [
        neighbours(SMALL, tree=True),
        neighbours(LARGE, tree=False),
        drawn_networks(),
    ]


def question() -> Question:
    """Return how information by neighbours grows with points and coordinates together.

    The tree of the peer sets the size: from 8,000 points on it takes minutes a round.
    """

    def at(factor: float) -> Size:
        points, coordinates = round(1000 * factor**0.5), round(8 * factor**0.5)
        first, second = pair(points, coordinates)
        left, right = first.numpy(), second.numpy()
        return Size(
            f"{points:,} × ({coordinates} + {coordinates})",
            lambda: neighbour_information(first, second, neighbours=NEIGHBOURS),
            lambda: by_tree(left, right),
        )

    return Question(
        "neighbours", "Information by neighbours, points × coordinates", "scipy.spatial.cKDTree", at
    )
