r"""The two contrastive losses of a square of scores, and retrieval from stored embeddings.

``scores[..., i, j]`` belongs to anchor i and candidate j; the partner of anchor i is candidate i.
With $s_{ij}$ the scores, already divided by a temperature, InfoNCE keeps the partner in the
denominator, $\ln \sum_j e^{s_{ij}} - s_{ii}$, and InfoLOOB leaves it out
[furst2022cloob]. The chapter is ``contrastive_bounds``.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Scores = Float[Tensor, "*stack anchor candidate"]
Losses = Float[Tensor, "*stack anchor"]


@checked
def info_nce(scores: Scores) -> Losses:
    """Return each anchor's loss with its partner among the candidates, in nats: at least zero.

    Raises
    ------
    ValueError
        If there are not as many candidates as anchors, or none, or a score is not finite.

    Example
    -------
    >>> import torch
    >>> from runtheory.capacity.contrastive_bounds.losses import info_nce, leave_one_out
    >>> scores = torch.tensor([[6.0, 2.0, 1.0], [1.0, 3.0, 3.0], [1.0, 1.0, 1.0]]).log()
    >>> [round(float(row.exp()), 4) for row in info_nce(scores)]  # 9/6, 7/3 and 3/1
    [1.5, 2.3333, 3.0]
    >>> [round(float(row.exp()), 4) for row in leave_one_out(scores)]  # 3/6, 4/3 and 2/1
    [0.5, 1.3333, 2.0]
    """
    _check_square(scores, least=1)
    return scores.logsumexp(-1) - scores.diagonal(dim1=-2, dim2=-1)


@checked
def leave_one_out(scores: Scores) -> Losses:
    """Return each anchor's loss with its partner left out of the sum, in nats: of either sign.

    InfoNCE is log(1 + exp) of it, anchor by anchor (thm-one-softplus).

    Raises
    ------
    ValueError
        As :func:`info_nce`, and if there are fewer than two anchors.
    """
    _check_square(scores, least=2)
    partner = torch.eye(scores.shape[-1], dtype=torch.bool, device=scores.device)
    others = scores.masked_fill(partner, -math.inf)
    return others.logsumexp(-1) - scores.diagonal(dim1=-2, dim2=-1)


@checked
def rescaled_info_nce(scores: Scores) -> Losses:
    """Return InfoNCE divided by the mean of 1 - p_ii over the anchors, which passes no gradient.

    Its gradient has the direction of InfoNCE's, and its anchors weigh one on average, as those of
    the leave-one-out loss do: a control that tells the size of a gradient from its weights.

    Raises
    ------
    ValueError
        As :func:`leave_one_out`.
    """
    left = leave_one_out(scores).detach().sigmoid().mean(-1, keepdim=True)
    return info_nce(scores) / left.clamp(min=torch.finfo(scores.dtype).tiny)


@checked
def partner_shares(scores: Scores) -> Losses:
    """Return the softmax share p_ii of each anchor's partner: exp of minus its InfoNCE loss.

    Raises as :func:`info_nce`.
    """
    return (-info_nce(scores)).exp()


@checked
def retrieved(
    queries: Float[Tensor, "*stack query feature"],
    stored: Float[Tensor, "*stack pattern feature"],
    *,
    sharpness: float,
) -> Float[Tensor, "*stack query feature"]:
    """Return for each query the softmax mean of the stored vectors, brought to length one.

    The weights are the softmax of ``sharpness`` (beta) times query . stored [furst2022cloob].

    Raises
    ------
    ValueError
        If ``sharpness`` is negative or infinite, nothing is stored, or a number is not finite.
    """
    checks.not_negative(sharpness=sharpness)
    checks.at_least(1, stored=stored.shape[-2])
    tensor_checks.finite(sharpness=sharpness, queries=queries, stored=stored)
    weights = (sharpness * queries @ stored.mT).softmax(-1)
    return torch.nn.functional.normalize(weights @ stored, dim=-1)


def _check_square(scores: Tensor, *, least: int) -> None:
    anchors, candidates = scores.shape[-2:]
    if anchors != candidates:
        raise ValueError(f"scores must be square, got {anchors} anchors, {candidates} candidates")
    checks.at_least(least, anchors=anchors)
    if scores.numel():  # one pass in place of the several of a look at every score
        tensor_checks.finite(scores=torch.stack(scores.detach().aminmax()))
