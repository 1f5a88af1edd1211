r"""Derivatives of a random convex loss, drawn for a batch, and what they are on average.

Two classes. The *margin* of an example is its label's logit less the other one: negative where the
answer is wrong. Descent on the mean of $\phi(s_i)$ over margins s_i sees nothing of the loss $\phi$
but the derivatives $\phi'(s_i)$, and these are drawn here [dai2025ensloss].
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int64
from scipy.special import betainc, log_ndtr, ndtr
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

NODES = 400  # of the quadrature of rank weights: thirteen digits for batches up to ten thousand


@checked
def margins(
    logits: Float[Tensor, "*stack batch 2"], labels: Int64[Tensor, "*stack batch"]
) -> Float[Tensor, "*stack batch"]:
    """Return the label's logit less that of the other class; NaN stays NaN.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.random_losses.derivatives import margins
    >>> margins(torch.tensor([[0.0, 3.0], [1.0, -1.0]]), torch.tensor([1, 1]))
    tensor([ 3., -2.])

    Raises
    ------
    ValueError
        If a label is neither 0 nor 1.
    """
    if tensor_checks.readable(labels):
        checks.labels_below(labels, 2)
    return (logits[..., 1] - logits[..., 0]) * (2 * labels - 1)


@checked
def draw_derivatives(
    stack: tuple[int, ...], batch: int, *, generator: torch.Generator
) -> Float[Tensor, "*stack batch"]:
    """Draw -min(exp(Z), 1) for normal Z, in ascending order along the last axis (float32).

    A plan for :func:`assigned`, on the generator's device; batches of a ``stack`` are independent.

    Raises
    ------
    ValueError
        If a size is below one.
    """
    checks.at_least(1, batch=batch, smallest_size=min(stack, default=1))
    normal = torch.randn((*stack, batch), generator=generator, device=generator.device)
    return (-normal.exp().clamp(max=1.0)).sort(-1).values


@checked
def assigned(
    derivatives: Float[Tensor, "*stack batch"], margins: Float[Tensor, "*stack batch"]
) -> Float[Tensor, "*stack batch"]:
    r"""Return each example's derivative: the r-th smallest for the r-th smallest margin.

    Where a margin s exceeds 1, its derivative is divided by s, which keeps the order
    (thm-random-loss). Equal margins may get different ones, in any order. The authors' code
    subtracts $10^{-6}$ afterwards; we do not.

    Raises
    ------
    ValueError
        If a derivative is positive, or the derivatives do not ascend.
    """
    if tensor_checks.readable(derivatives):
        tensor_checks.finite(derivatives=derivatives, margins=margins)
        if bool((derivatives > 0).any()) or bool((derivatives.diff(dim=-1) < 0).any()):
            raise ValueError("derivatives must ascend and must not be positive")
    rank = margins.argsort(-1).argsort(-1)
    return derivatives.to(margins).gather(-1, rank) / margins.detach().clamp(min=1.0)


@checked
def random_loss(
    margins: Float[Tensor, "*stack batch"], *, generator: torch.Generator
) -> Float[Tensor, "*stack batch"]:
    r"""Return $g_i s_i$ for each margin s_i: its gradient is that of a loss drawn for this batch.

    The derivatives g_i (:func:`draw_derivatives`, :func:`assigned`) are constants to autograd; the
    value itself means nothing. Each call draws anew: keep the generator outside the loop.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.random_losses.derivatives import margins, random_loss
    >>> from runtheory.randomness import stream
    >>> generator = stream(0, "losses")
    >>> net = torch.nn.Linear(3, 2)
    >>> inputs, labels = torch.ones(4, 3), torch.tensor([0, 1, 1, 0])
    >>> random_loss(margins(net(inputs), labels), generator=generator).mean().backward()
    """
    *stack, batch = margins.shape
    drawn = draw_derivatives(tuple(stack), batch, generator=generator)
    return assigned(drawn, margins).detach() * margins


@checked
def rank_loss(margins: Float[Tensor, "*stack batch"]) -> Float[Tensor, "*stack batch"]:
    """Return what :func:`random_loss` is on average: every derivative at its expectation."""
    weights = torch.as_tensor(-_kept_weights(margins.shape[-1])).to(margins)
    return assigned(weights.expand(margins.shape), margins).detach() * margins


@checked
def rank_weights(batch: int) -> Float[np.ndarray, " batch"]:
    r"""Return the expected size of the derivative at each rank, from the smallest margin on.

    $w_r = \mathbb{E} \min(e^{Z}, 1)$ for the r-th largest Z of ``batch`` standard normal ones
    (thm-rank-weights), float64, by Gauss-Legendre quadrature of $P(e^Z > u)$ over [0, 1].

    Example
    -------
    >>> from runtheory.noise.random_losses.derivatives import rank_weights
    >>> rank_weights(3).round(3).tolist()
    [0.968, 0.815, 0.502]

    Raises
    ------
    ValueError
        If ``batch`` is below one.
    """
    checks.at_least(1, batch=batch)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    above = ndtr(-np.log((nodes + 1) / 2))  # P(e^Z > u)
    rank = np.arange(1, batch + 1)[:, None]
    return np.asarray(betainc(rank, batch + 1 - rank, above) @ weights / 2)


@cache
def _kept_weights(batch: int) -> np.ndarray:
    return rank_weights(batch)  # a training loop asks for one batch size, many times


@checked
def mean_size(power: int = 1) -> float:
    r"""Return $\mathbb{E} \min(e^{kZ}, 1) = \frac12 + e^{k^2/2} \Phi(-k)$ for the ``power`` k.

    The mean size of a drawn derivative (0.762), or its mean square (k = 2).

    Raises
    ------
    ValueError
        If ``power`` is negative.
    """
    checks.not_negative(power=power)
    return 0.5 + math.exp(power**2 / 2 + float(log_ndtr(-power)))


@checked
def loss_through(
    margins: Float[Tensor, " batch"],
    derivatives: Float[Tensor, " batch"],
    at: Float[Tensor, " point"],
) -> Float[Tensor, " point"]:
    """Return, at the points, a loss that has the given derivatives at the given margins.

    Its derivative is linear between neighbouring margins, constant below them and fades to zero
    above, so that the loss is bounded below (thm-random-loss). It is zero at the smallest margin,
    and convex where the derivatives are negative and ascend with the margins.

    Raises
    ------
    ValueError
        If two margins are equal or a number is not finite.
    """
    tensor_checks.finite(margins=margins, derivatives=derivatives, at=at)
    order = margins.argsort()
    knots, slopes = margins[order], derivatives[order]
    gaps = knots.diff()
    if bool((gaps <= 0).any()):
        raise ValueError("margins must differ from one another")
    rises = (slopes[1:] + slopes[:-1]) / 2 * gaps
    heights = torch.cat([rises.new_zeros(1), rises.cumsum(0)])
    left = (torch.searchsorted(knots, at, right=True) - 1).clamp(0, len(knots) - 1)
    bends = torch.cat([slopes.diff() / gaps, slopes.new_zeros(1)])[left]
    step = at - knots[left]
    inside = slopes[left] * step + torch.where(step < 0, 0.0, bends) * step.square() / 2
    return heights[left] + torch.where(
        at > knots[-1], slopes[-1] * -torch.expm1(-step.clamp(min=0)), inside
    )
