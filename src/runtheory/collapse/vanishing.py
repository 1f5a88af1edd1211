"""Cross-entropy with free features as the decay goes to zero, for classes of any size.

The scores of the minimiser over log(1/c), c = sqrt(l_W l_H), tend to those of least nuclear norm
that lead every other class by one (theorem thm-vanishing-decay). With Y the one-hot targets,
P = I - J/K and P_N the same for samples, these are P Y without a bias (the *simplex-encoded labels*
of [thrampoulidis2022imbalance]) and Y P_N with a free one. Up to a factor the classifier has then

    W W' = (P D P)^(1/2)  without a bias,   (D - n n'/N)^(1/2)  with a free one,   D = diag(n_k).
"""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory.boundary import checked

Square = Float64[Tensor, "class class"]


@checked
def vanishing_scores(counts: tuple[int, ...], *, bias: bool) -> Square:
    """Return the limit of Z/log(1/c), a column a class: P or I - n 1'/N (``bias``: a free one).

    Raises
    ------
    ValueError
        If there are fewer than two classes, or one has no sample.
    """
    sizes = _sizes(counts)
    share = sizes / sizes.sum() if bias else torch.full_like(sizes, 1 / len(sizes))
    return torch.eye(len(sizes), dtype=torch.float64) - share[:, None]


@checked
def vanishing_classifier(counts: tuple[int, ...], *, bias: bool) -> Square:
    """Return the limit of W W' up to a factor, (Z Z')^(1/2) over all samples.

    Raises as ``vanishing_scores`` does.

    Examples
    --------
    >>> from runtheory.collapse.vanishing import vanishing_classifier
    >>> vanishing_classifier((4, 4), bias=True).round(decimals=6)
    tensor([[ 1., -1.],
            [-1.,  1.]], dtype=torch.float64)
    """
    weighted = vanishing_scores(counts, bias=bias) * _sizes(counts).sqrt()
    left, lengths, _ = torch.linalg.svd(weighted)
    return (left * lengths) @ left.T


@checked
def vanishing_multipliers(counts: tuple[int, ...], *, bias: bool) -> Square:
    """Return minus what the constraints pull: U V' of the scores, columns weighted by sqrt(n_k).

    Entry [j, k], j not k, is negative: class j pushes back at the samples of class k. That proves
    the scores of ``vanishing_scores`` to be the only ones of least nuclear norm; with a free bias
    the columns, weighted by sqrt(n_k), sum to zero as well. Raises as ``vanishing_scores`` does.
    """
    weighted = vanishing_scores(counts, bias=bias) * _sizes(counts).sqrt()
    left, _, right = torch.linalg.svd(weighted)
    return left[:, :-1] @ right[:-1]  # the last singular value is zero


def _sizes(counts: tuple[int, ...]) -> Float64[Tensor, "class"]:
    if len(counts) < 2 or min(counts) < 1:
        raise ValueError(f"counts needs two classes or more, each with a sample, got {counts}")
    return torch.tensor(counts, dtype=torch.float64)
