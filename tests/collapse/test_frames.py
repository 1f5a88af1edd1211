from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.collapse.frames import (
    angle_floor,
    coherence_bound,
    cross_polytope,
    embed,
    regular_polygon,
    simplex_frame,
    sum_zero_basis,
)
from runtheory.collapse.geometry import angle_error
from runtheory.randomness import stream

LENGTHS = torch.tensor([3.0, 1.0, 0.0], dtype=torch.float64)


@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 1000))
def test_no_vectors_have_angles_below_the_floor(classes: int, width: int, seed: int) -> None:
    vectors = torch.randn(classes, width, generator=stream(seed, "floor"), dtype=torch.float64)
    vectors = vectors - vectors.mean(0)
    assert float(angle_error(vectors)) >= angle_floor(classes, width) - 1e-12


@pytest.mark.parametrize("classes", [4, 5, 8, 40])
def test_a_polygon_comes_near_the_floor_of_the_plane(classes: int) -> None:
    error = float(angle_error(regular_polygon(classes)))
    assert angle_floor(classes, 2) < error < 3 * angle_floor(classes, 2)


def test_a_simplex_frame_meets_the_floor_of_its_width() -> None:
    assert angle_floor(5, 4) == angle_floor(5, 9) == 0
    assert angle_floor(5, 3) == pytest.approx(1 / 12)
    assert float(angle_error(simplex_frame(5))) < 1e-12


@pytest.mark.parametrize("classes", [2, 3, 8])
def test_simplex_frame_has_its_gram_matrix(classes: int) -> None:
    rows = simplex_frame(classes)
    expected = torch.full((classes, classes), -1 / (classes - 1), dtype=torch.float64)
    torch.testing.assert_close(rows @ rows.T, expected.fill_diagonal_(1.0), atol=1e-12, rtol=0)


def test_sum_zero_basis_is_orthonormal_and_sums_to_zero() -> None:
    basis = sum_zero_basis(7)
    assert float(basis.sum(0).abs().max()) < 1e-12
    torch.testing.assert_close(basis.T @ basis, torch.eye(6, dtype=torch.float64))


def test_cross_polytope_alternates_signs() -> None:
    assert cross_polytope(4).tolist() == [[1, 0], [-1, 0], [0, 1], [0, -1]]


def test_regular_polygon_turns_by_equal_angles() -> None:
    rows = regular_polygon(5)
    steps = (rows * rows.roll(-1, 0)).sum(1)
    torch.testing.assert_close(steps, torch.full((5,), 0.30901699437494745).double())


def test_embedding_keeps_lengths_and_angles() -> None:
    turned = embed(torch.diag(LENGTHS), 7, generator=stream(2, "frame"))
    torch.testing.assert_close(turned @ turned.T, torch.diag(LENGTHS**2), atol=1e-12, rtol=0)


def test_embedding_is_uniform_also_in_its_signs() -> None:
    # Without the signs of the triangular factor the first coordinate is never positive.
    generator = stream(3, "isometries")
    frame = torch.ones(1, 1, dtype=torch.float64)
    first = torch.stack([embed(frame, 3, generator=generator)[0, 0] for _ in range(400)])
    assert abs(float((first > 0).double().mean()) - 0.5) < 4 * 0.5 / 20
    # Uniform on the sphere: a coordinate is uniform on [-1, 1] in three dimensions.
    assert abs(float(first.square().mean()) - 1 / 3) < 4 * (4 / 45 / 400) ** 0.5


@pytest.mark.parametrize(("classes", "width", "bound"), [(4, 3, 1 / 3), (3, 5, 0.0), (5, 2, 0.375)])
def test_welch_bound(classes: int, width: int, bound: float) -> None:
    expected = bound**0.5 if bound == 0.375 else bound
    assert coherence_bound(classes, width) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: simplex_frame(1), "two classes"),
        (lambda: cross_polytope(5), "even"),
        (lambda: embed(simplex_frame(5), 3, generator=stream(0, "f")), "at least 4"),
        (lambda: coherence_bound(3, 0), "width"),
    ],
)
def test_impossible_frames_are_refused(call: Callable[[], object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
