"""The least of many bounds: all descriptions tried one by one, and all of them paid for."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from runtheory.capacity.random_subspaces import described, description, networks
from runtheory.capacity.random_subspaces.quadratic import draw_directions
from runtheory.information.supersamples.perceptrons import draw_perceptrons
from runtheory.randomness import stream

GRID = described.Grid(bits=(1, 3), reaches=(1.0, 2.0, 5.0), delta=0.1)


def setting() -> tuple:
    generator = stream(0, "described")
    start = draw_perceptrons((3, 4, 2), replicates=3, generator=generator)
    directions = draw_directions(26, directions=4, replicates=3, generator=generator).float()
    inputs = torch.randn((3, 40, 3), generator=generator)
    examples = inputs, (inputs[:, :, 0] > 0).long()
    coordinates = 2 * torch.randn((3, 4, 2), generator=generator)
    return start, directions, examples, coordinates


def test_all_descriptions_one_by_one() -> None:
    start, directions, examples, coordinates = setting()
    found = described.least_described(
        start,
        directions,
        coordinates=coordinates,
        dimensions=(1, 4),
        examples=examples,
        grid=GRID,
    )
    for place, best in enumerate(found):
        bounds = {}
        for (run, dimension), bits, reach in product(enumerate((1, 4)), GRID.bits, GRID.reaches):
            z = torch.zeros(3, 4, 1)
            part = coordinates[:, :dimension, run]
            z[:, :dimension, 0] = description.quantised(part, bits=bits, reach=reach)
            nets = networks.moved(start, directions, coordinates=z)
            error = 1 - float(networks.accuracy(nets, *examples)[place, 0])
            nats = dimension * bits * math.log(2) + math.log(2 * 2 * 3)
            bound = description.described_bound(error, nats, samples=40, delta=0.1)
            bounds[dimension, bits, reach] = float(bound), error, nats
        key = min(bounds, key=lambda one: bounds[one][0])
        assert (best.bound, best.train_error, best.nats) == pytest.approx(bounds[key])
        kept = best.coordinates[:, None].expand(3, -1, -1)
        nets = networks.moved(start, directions, coordinates=kept)
        again = 1 - float(networks.accuracy(nets, *examples)[place, 0])
        assert again == pytest.approx(best.train_error)
        assert (best.coordinates[best.dimension :] == 0).all()


def test_what_is_refused() -> None:
    start, directions, examples, coordinates = setting()
    given = {"coordinates": coordinates, "examples": examples, "grid": GRID}
    with pytest.raises(ValueError, match="runs must be 1, got 2"):
        described.least_described(start, directions, dimensions=(2,), **given)
    with pytest.raises(ValueError, match="dimensions must lie in"):
        described.least_described(start, directions, dimensions=(2, 5), **given)
    for wrong, told in (
        ({"bits": ()}, "bits_given must be at least 1"),
        ({"bits": (0,)}, "bits must lie in"),
        ({"reaches": (0.0,)}, "reaches must be positive"),
        ({"delta": 1.0}, "delta must lie in"),
    ):
        with pytest.raises(ValueError, match=told):
            described.Grid(**wrong)
