"""What several linear layers keep of collapse, and figures that cost less than a simplex frame.

Theorem thm-depth-keeps: wherever all derivatives vanish, the features H_j = W_j ... W_1 H behind
layer j have the Gram matrices

    H_j' H_j = C^((j+1)/p) / (l_0 l_1 ... l_j) (Z'Z)^((j+1)/p),   p = M + 1,  l_0 = l_H,

C the product of all penalties. Under cross-entropy the classes do not make a simplex frame there if
they can be split into orthogonal groups, each a simplex frame of its own, at a lower cost
(proposition prop-depth-blocks).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.collapse.models import FeatureModel


@checked
def layer_grams(
    model: FeatureModel, scores: Float64[Tensor, "class sample"]
) -> Float64[Tensor, "layer sample sample"]:
    """Return H_j' H_j for j = 0, ..., M - 1 at a stationary point with these scores Z, no bias in.

    Raises
    ------
    ValueError
        If a score is not finite, or there are other classes or samples than the model has.
    """
    tensor_checks.finite(scores=scores)
    if scores.shape != (model.classes, model.samples):
        raise ValueError(
            f"scores must have shape {(model.classes, model.samples)}, got {tuple(scores.shape)}"
        )
    _, lengths, right = torch.linalg.svd(scores, full_matrices=False)
    penalties = (model.feature_penalty, *model.layer_penalties[::-1])
    grams = []
    for layer in range(model.layers):
        power = (layer + 1) / (model.layers + 1)
        scale = model.pressure ** (layer + 1) / math.prod(penalties[: layer + 1])
        grams.append((right.T * (scale * lengths ** (2 * power))) @ right)
    return torch.stack(grams)


@checked
def block_scores(sizes: tuple[int, ...]) -> Float64[Tensor, "class class"]:
    """Return V V' for unit vectors in orthogonal groups, each a simplex frame of its own.

    ``(K,)`` is the simplex frame of K classes and ``(2, 2, ...)`` the cross-polytope.

    Raises
    ------
    ValueError
        If there is no group, or one has fewer than two classes.

    Examples
    --------
    >>> from runtheory.collapse.layers import block_scores
    >>> block_scores((2, 3))[:2]
    tensor([[ 1., -1.,  0.,  0.,  0.],
            [-1.,  1.,  0.,  0.,  0.]], dtype=torch.float64)
    """
    _require_groups(sizes)
    blocks = [
        (size * torch.eye(size, dtype=torch.float64) - 1) / (size - 1)  # unit rows
        for size in sizes
    ]
    return torch.block_diag(*blocks)


@checked
def block_penalty(sizes: tuple[int, ...], *, layers: int) -> float:
    """Return sum_g (s_g - 1) (s_g/(s_g - 1))^(2/(M+1)), least penalty of unit vectors in groups.

    In units in which the scores I - J/K of a simplex frame, with the same lead of the own class
    over the others, have K - 1. Below K - 1, no simplex frame is a global minimiser.

    Raises
    ------
    ValueError
        If there is no group, one has fewer than two classes, or ``layers`` is below one.
    """
    _require_groups(sizes)
    checks.at_least(1, layers=layers)
    return float(sum((size - 1) * (size / (size - 1)) ** (2 / (layers + 1)) for size in sizes))


@checked
def pairs_of(classes: int) -> tuple[int, ...]:
    """Return the sizes of groups of two, with one group of three if the classes are odd.

    Raises
    ------
    ValueError
        If there are fewer than two classes.
    """
    checks.at_least(2, classes=classes)
    pairs = (2,) * (classes // 2 - classes % 2)
    return (*pairs, 3) if classes % 2 else pairs


def _require_groups(sizes: tuple[int, ...]) -> None:
    if not sizes or min(sizes) < 2:
        raise ValueError(f"sizes needs groups of two classes or more, got {sizes}")
