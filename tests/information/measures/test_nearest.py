from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from runtheory.information.measures import nearest
from runtheory.information.measures.divergence_estimates import knn_kl
from runtheory.information.measures.mutual_information import neighbour_information
from tests.information.shared import normal
from tests.peak import peak_megabytes


@pytest.mark.parametrize("width", [1, 3, 12])
def test_tree_and_brute_force_find_the_same_counts_and_distances(width, monkeypatch) -> None:
    first, second = (normal(300, width, seed=seed).numpy() for seed in (0, 1))
    second = second + first
    first[::7] = first[0]  # ties in one variable alone
    found, distances = [], []
    for coordinates in (0, 100):
        monkeypatch.setattr(nearest, "counts_by_tree", lambda *_, most=coordinates: most > 0)
        monkeypatch.setattr(nearest, "TREE_COORDINATES", coordinates)
        monkeypatch.setattr(nearest, "BLOCK", 300 * 17)
        found.append(nearest.surroundings(first, second, 5))
        distances.append(nearest.kth_distances(second, first, 4))
    brute, tree = found
    for name in ("radius", "first", "second"):
        np.testing.assert_array_equal(getattr(brute, name), getattr(tree, name))
    np.testing.assert_allclose(distances[0], distances[1], rtol=1e-14)


def test_counts_and_distances_against_loops() -> None:
    first, second = normal(30, 9).numpy(), normal(30, 8, seed=1).numpy()
    found = nearest.surroundings(first, second, 3)
    for i in range(30):
        near = [max(np.abs(first[i] - first[j]).max(), np.abs(second[i] - second[j]).max())
                for j in range(30)]  # fmt: skip
        radius = sorted(near)[3]
        assert found.radius[i] == radius
        assert found.first[i] == sum(np.abs(first[i] - row).max() < radius for row in first)
        assert found.second[i] == sum(np.abs(second[i] - row).max() < radius for row in second)
    wide = np.hstack([first, second])
    for query, distance in zip(wide, nearest.kth_distances(wide, wide[:20], 2), strict=True):
        lengths = sorted(math.dist(query, row) for row in wide[:20])
        assert distance == pytest.approx(lengths[1], abs=1e-14)


def test_a_tree_serves_few_coordinates_and_more_of_them_where_points_are_many() -> None:
    assert nearest.counts_by_tree(1000, 6)
    assert not nearest.counts_by_tree(1000, 7)
    assert nearest.counts_by_tree(20_000, 9)
    assert not nearest.counts_by_tree(20_000, 16)
    assert not nearest.counts_by_tree(5_000, 32)
    assert nearest.counts_by_tree(2, 2)


def test_copies_are_counted_and_oversampled_data_refused() -> None:
    points = np.array([[0.0, 1.0], [-0.0, 1.0], [2.0, 3.0], [2.0, 3.0], [2.0, 4.0]])
    assert nearest.copies(points) == 4
    with pytest.raises(ValueError, match=r"points coincide: at most one in a hundred .* 4 of 5"):
        nearest.refuse_copies(points)
    few = normal(1000, 1).numpy()
    few[0] = few[1]  # two single-precision numbers may round to one
    nearest.refuse_copies(few)


def test_a_sample_in_which_every_point_stands_twice_has_no_estimate() -> None:
    first, second = normal(400, 1, shift=1.0), normal(400, 1, seed=1)
    once = knn_kl(first, second)
    assert once == pytest.approx(0.5, abs=0.15)
    with pytest.raises(ValueError, match="points coincide"):
        knn_kl(first.repeat(2, 1), second)
    with pytest.raises(ValueError, match="points coincide"):
        knn_kl(first, torch.cat([second, first]))
    with pytest.raises(ValueError, match="points coincide"):
        neighbour_information(first.repeat(2, 1), second.repeat(2, 1))
    tied = torch.cat([first, first[:1]])
    assert knn_kl(tied, second) == pytest.approx(once, abs=0.02)


def test_the_memory_of_brute_force_is_bounded() -> None:
    peak = peak_megabytes(
        """
        import torch
        from runtheory.information.measures.mutual_information import neighbour_information
        points = torch.randn(4000, 32, generator=torch.Generator().manual_seed(0))
        neighbour_information(points[:9, :16], points[:9, 16:])
        start()
        neighbour_information(points[:, :16], points[:, 16:])
        """
    )
    assert peak < 60  # all distances at once: 256


def test_threads_share_the_blocks_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = normal(90, 12).numpy(), normal(90, 12, seed=1).numpy()
    alone = nearest.surroundings(first, second, 3)
    monkeypatch.setattr(nearest, "BLOCK", 600)
    for threads in (1, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        found = nearest.surroundings(first, second, 3)
        for name in ("radius", "first", "second"):
            np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))
    distance = np.abs(first[:, None] - first).max(-1)
    np.testing.assert_array_equal(alone.first, (distance < alone.radius[:, None]).sum(1))
