"""The configurations that collapse leads to, as rows of a matrix."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked


@checked
def simplex_frame(classes: int) -> Float64[Tensor, "class direction"]:
    """Return K unit rows in K - 1 dimensions with inner products -1/(K-1): the simplex ETF.

    Gram matrix (K/(K-1)) (I - J/K). Coordinates from the Helmert basis of the sum-zero space.

    Raises
    ------
    ValueError
        If ``classes`` is below two.

    Examples
    --------
    >>> from runtheory.collapse import simplex_frame
    >>> frame = simplex_frame(4)
    >>> (frame @ frame.T).round(decimals=4)[0]
    tensor([ 1.0000, -0.3333, -0.3333, -0.3333], dtype=torch.float64)
    """
    basis = sum_zero_basis(classes)
    return math.sqrt(classes / (classes - 1)) * basis


@checked
def sum_zero_basis(classes: int) -> Float64[Tensor, "class direction"]:
    """Return an orthonormal basis (columns) of the vectors of length K that sum to zero."""
    order = torch.arange(1, _checked_classes(classes), dtype=torch.float64)
    above = torch.ones(classes, classes - 1, dtype=torch.float64).triu()
    below = -torch.diag(order)
    columns = above + torch.cat([torch.zeros(1, classes - 1, dtype=torch.float64), below])
    return columns / (order * (order + 1)).sqrt()


@checked
def cross_polytope(classes: int) -> Float64[Tensor, "class direction"]:
    """Return the K unit rows e_1, -e_1, e_2, -e_2, ... in K/2 dimensions.

    Raises
    ------
    ValueError
        If ``classes`` is odd or below two.
    """
    if _checked_classes(classes) % 2:
        raise ValueError(f"a cross-polytope has an even number of vertices, got {classes}")
    axes = torch.eye(classes // 2, dtype=torch.float64)
    return torch.stack([axes, -axes], dim=1).flatten(0, 1)


@checked
def regular_polygon(classes: int) -> Float64[Tensor, "class direction"]:
    """Return K unit rows at equal angles in the plane.

    Raises
    ------
    ValueError
        If ``classes`` is below two.
    """
    angles = torch.arange(_checked_classes(classes), dtype=torch.float64) * (2 * math.pi / classes)
    return torch.stack([angles.cos(), angles.sin()], dim=1)


@checked
def embed(
    frame: Float64[Tensor, "class direction"], width: int, *, generator: torch.Generator
) -> Float64[Tensor, "class feature"]:
    """Return the frame turned into ``width`` dimensions by a uniformly random isometry.

    Lengths and angles stay. The isometry is the orthogonal factor of a Gaussian matrix with the
    signs of the triangular factor taken out, which makes it uniform.

    Raises
    ------
    ValueError
        If ``width`` is below the dimension of the frame.
    """
    directions = frame.shape[1]
    checks.at_least(directions, width=width)  # to hold the frame
    draw = torch.randn(
        width, directions, generator=generator, dtype=torch.float64, device=generator.device
    )
    orthogonal, triangular = torch.linalg.qr(draw)
    isometry = orthogonal * triangular.diagonal().sign()
    turned: Tensor = frame @ isometry.T.to(frame.device)
    return turned


@checked
def coherence_bound(classes: int, width: int) -> float:
    """Return the Welch bound on the largest |cos| of K vectors in d dimensions, 0 for K <= d.

        max |cos_ij| >= sqrt((K - d) / (d (K - 1)))

    Raises
    ------
    ValueError
        If ``classes`` is below two or ``width`` below one.
    """
    checks.at_least(1, width=width)
    return math.sqrt(max(_checked_classes(classes) - width, 0) / (width * (classes - 1)))


@checked
def angle_floor(classes: int, width: int) -> float:
    """Return a bound from below on the mean of |cos_ij + 1/(K-1)| of K vectors in d dimensions.

        mean |cos_ij + 1/(K-1)| >= (K - 1 - d) / (d (K - 1)),   0 for K <= d + 1

    For sum cos_ij^2 >= K^2/d (with i = j) and sum cos_ij >= 0 bound the mean of the squares by
    K (K - 1 - d) / (d (K-1)^2), and no distance exceeds K/(K-1). A bound, not the least value.

    Raises
    ------
    ValueError
        If ``classes`` is below two or ``width`` below one.
    """
    checks.at_least(1, width=width)
    return max(_checked_classes(classes) - 1 - width, 0) / (width * (classes - 1))


def _checked_classes(classes: int) -> int:
    if classes < 2:
        raise ValueError(f"a frame needs at least two classes, got {classes}")
    return classes
