from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from runtheory.collapse.frames import cross_polytope, embed, regular_polygon, simplex_frame
from runtheory.collapse.hull import one_vs_rest_distances
from runtheory.randomness import stream


@pytest.mark.parametrize(
    ("vectors", "distance"),
    [(simplex_frame(5), 5 / 4), (simplex_frame(40), 40 / 39), (cross_polytope(8), 1.0)]
    + [(regular_polygon(k), 1 - math.cos(2 * math.pi / k)) for k in (5, 7, 12)],
)
def test_one_vs_rest_distances_of_known_frames(vectors: Tensor, distance: float) -> None:
    turned = embed(vectors, vectors.shape[1] + 3, generator=stream(4, "hull"))
    result = one_vs_rest_distances(2.5 * turned)
    torch.testing.assert_close(
        result.distances, torch.full_like(result.distances, distance), rtol=0, atol=1e-9
    )
    assert float(result.gaps.max()) < 1e-9
    assert float(result.spread) < 1e-9


def test_distances_scale_with_vectors_that_keep_their_lengths() -> None:
    scaled = one_vs_rest_distances(2.5 * simplex_frame(5), normalise=False)
    assert float(scaled.minimum) == pytest.approx(2.5 * 5 / 4)


def test_the_spread_is_the_deviation_over_the_mean_with_the_divisor_of_all() -> None:
    # On a line, without scaling: 1 from the hull [3, 7], none, 4 from the hull [2, 3].
    line = torch.tensor([[2.0], [3.0], [7.0]], dtype=torch.float64)
    result = one_vs_rest_distances(line, normalise=False)
    torch.testing.assert_close(result.distances, torch.tensor([1.0, 0, 4]).double())
    mean = 5 / 3
    deviation = math.sqrt(((1 - mean) ** 2 + mean**2 + (4 - mean) ** 2) / 3)
    assert float(result.spread) == pytest.approx(deviation / mean, rel=1e-9)


def test_one_vs_rest_distance_agrees_with_a_search_over_the_hull() -> None:
    vectors = torch.randn(4, 3, generator=stream(5, "hull"), dtype=torch.float64)
    grid = torch.linspace(0, 1, 401, dtype=torch.float64)
    first, second = torch.meshgrid(grid, grid, indexing="ij")
    weights = torch.stack([first, second, 1 - first - second], -1)[first + second <= 1]
    distances = one_vs_rest_distances(vectors, normalise=False).distances
    for k in range(4):
        others = torch.cat([vectors[:k], vectors[k + 1 :]])
        searched = (weights @ others - vectors[k]).norm(dim=1).min()
        assert searched - 1e-3 <= distances[k] <= searched + 1e-12


def test_polygons_come_closer_with_every_corner() -> None:
    distances = [float(one_vs_rest_distances(regular_polygon(k)).minimum) for k in range(3, 9)]
    assert all(after < before for before, after in pairwise(distances))


@pytest.mark.parametrize(
    ("vectors", "text"),
    [
        (torch.zeros(3, 2), "zero row"),
        (torch.ones(1, 2), "got 1"),
        (torch.full((3, 2), torch.inf), "finite"),
    ],
)
def test_vectors_without_a_distance_are_refused(vectors: Tensor, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        one_vs_rest_distances(vectors)
