r"""How far dropout moves a box that is a linear function of features, and how little that tells.

A box is (top, bottom, left, right). With features f and a linear head, edge e lies at
$\sum_j w_{ej} f_j + c_e$; dropout at rate p multiplies each feature by 0 or 1 / (1 - p).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate


@checked
def edge_deviations(
    features: Float[Tensor, "batch feature"], weight: Float[Tensor, "edge feature"], *, rate: float
) -> Float64[Tensor, "batch edge"]:
    """Return each edge's standard deviation over masks of the features (thm-box-shift).

    The root of rate / (1 - rate) times the sum of the squares of the edge's contributions, in the
    unit of the edges. The head's bias has no part in it.

    Raises
    ------
    ValueError
        If a number is not finite or ``rate`` lies outside [0, 1).

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.box_stability.movement import edge_deviations
    >>> edge_deviations(torch.tensor([[3.0, 4.0]]), torch.ones(1, 2), rate=0.5)
    tensor([[5.]], dtype=torch.float64)
    """
    check_rate(rate)
    tensor_checks.finite(features=features, weight=weight)
    squares = features.double().square() @ weight.double().square().T
    return (rate / (1 - rate) * squares).sqrt()


@checked
def stability_floor(
    boxes: Float[Tensor, "box 4"], deviations: Float[Tensor, "box 4"]
) -> Float64[Tensor, "box"]:
    """Return 1 minus the sum of each edge's deviation over the side it ends (thm-box-shift).

    The mean overlap of a box with itself under dropout is at least that, whatever the masks. It may
    be negative, where it says nothing.

    Raises
    ------
    ValueError
        If a number is not finite, a box has a side that is not positive, or a deviation is
        negative.
    """
    tensor_checks.finite(deviations=deviations)
    if tensor_checks.readable(deviations):
        checks.not_negative(deviations=deviations.detach().cpu().numpy())
    sides = _sides(boxes).repeat_interleave(2, 1)  # (box, edge): the side that each edge ends
    return 1 - (deviations.double() / sides).sum(1)


@checked
def shifted_overlap(
    boxes: Float[Tensor, "box 4"], shift: Sequence[float]
) -> Float64[Tensor, "box"]:
    """Return the overlap of each box with itself, shifted by (down, right): q / (2 - q).

    q is the product over the axes of 1 - |shift| / side, or 0 where a shift exceeds its side
    (thm-overlap-metric).

    Raises
    ------
    ValueError
        If ``shift`` is not two finite numbers, or a box has a side that is not positive.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.box_stability.movement import shifted_overlap
    >>> shifted_overlap(torch.tensor([[0.0, 4.0, 0.0, 8.0]]), (0.0, 2.0))
    tensor([0.6000], dtype=torch.float64)
    """
    moved = torch.tensor(shift, dtype=torch.float64, device=boxes.device)
    if moved.shape != (2,):
        raise ValueError(f"shift must be two numbers, down and right, got {len(shift)}")
    tensor_checks.finite(shift=moved)
    common = (1 - moved.abs() / _sides(boxes)).clamp(min=0).prod(1)
    return common / (2 - common)


def _sides(boxes: Tensor) -> Tensor:
    """Return height and width of each box (box, 2), float64, after a look at them."""
    tensor_checks.finite(boxes=boxes)
    edges = boxes.double()
    sides = edges[:, 1::2] - edges[:, 0::2]
    if tensor_checks.readable(sides) and not bool((sides > 0).all()):
        raise ValueError(f"boxes must have positive sides, got one of {float(sides.min())}")
    return sides
