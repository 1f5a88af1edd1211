from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from runtheory.collapse.frames import (
    coherence_bound,
    cross_polytope,
    embed,
    regular_polygon,
    simplex_frame,
    sum_zero_basis,
)
from runtheory.randomness import stream

LENGTHS = torch.tensor([3.0, 1.0, 0.0], dtype=torch.float64)


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
