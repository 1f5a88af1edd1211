r"""What dropout adds to an objective: second-order penalties, and adaptive ridge, which is exact.

Features are dropped at ``rate`` with inverted scaling, so that the
noise on feature j of example i has variance rate / (1 - rate) x_ij^2. Everything is computed in
float64.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate
from runtheory.shapes import Features, Logits, Scalar


@checked
def logit_covariance(
    features: Features, weight: Float[Tensor, "class feature"], *, rate: float
) -> Float[Tensor, "batch class class"]:
    """Return rate / (1 - rate) W diag(h^2) W^T for each example, the covariance of a linear head.

    Classes share the mask, so the off-diagonal entries are not zero. Squared nats.
    """
    check_rate(rate)
    noisy = features.double()[:, None, :] * weight.double()  # (example, class, feature)
    return rate / (1 - rate) * noisy @ noisy.mT


@checked
def jensen_gap(
    probabilities: Float[Tensor, "*batch class"], covariance: Float[Tensor, "*batch class class"]
) -> Float[Tensor, "*batch"]:
    """Return 1/2 tr(H C) with H = diag(p) - p p^T, the second-order gap of the cross entropy.

    For logits z of covariance C, E[CE(z)] - CE(E[z]) equals this up to third-order terms, whatever
    the target. ``probabilities`` are softmax(E[z]). Nats, at least 0.
    """
    p, c = probabilities.double(), covariance.double()
    spread = (p * c.diagonal(dim1=-2, dim2=-1)).sum(-1)  # tr(diag(p) C)
    return (spread - (p[..., None, :] @ c @ p[..., None])[..., 0, 0]) / 2


@checked
def softmax_penalty(
    features: Features,
    weight: Float[Tensor, "class feature"],
    bias: Float[Tensor, " class"] | None = None,
    *,
    rate: float,
) -> Scalar:
    """Return the batch mean of 1/2 tr(H(p_i) C_i): what dropout before a linear head adds.

    C_i is ``logit_covariance`` and p_i the softmax without dropout. The quadratic approximation of
    [wager2013dropout]: a ridge whose strength adapts to each weight by the Fisher information of
    its feature. Nats.
    """
    logits: Logits = features.double() @ weight.double().mT
    if bias is not None:
        logits = logits + bias.double()
    covariance = logit_covariance(features, weight, rate=rate)
    return jensen_gap(logits.softmax(-1), covariance).mean()


@checked
def expected_squared_error(
    inputs: Features,
    targets: Float[Tensor, " batch"],
    weight: Float[Tensor, " feature"],
    *,
    rate: float,
) -> Scalar:
    """Return E sum_i (y_i - (xi_i * x_i) . w)^2, exactly.

    It is sum_i (y_i - x_i . w)^2 + rate / (1 - rate) sum_j w_j^2 sum_i x_ij^2
    [srivastava2014dropout, section 9.1, there without inverted scaling].
    """
    check_rate(rate)
    x, w = inputs.double(), weight.double()
    ridge = rate / (1 - rate) * (w**2 @ (x**2).sum(0))
    return ((targets.double() - x @ w) ** 2).sum() + ridge


@checked
def adaptive_ridge(
    inputs: Features, targets: Float[Tensor, " batch"], *, rate: float
) -> Float[Tensor, " feature"]:
    """Return the minimiser of ``expected_squared_error`` over the weights.

    It solves (X^T X + rate / (1 - rate) diag(X^T X)) w = X^T y, as least squares on X with one row
    sqrt(rate / (1 - rate)) ||X_j|| e_j appended for every feature, which keeps the condition number
    of X instead of squaring it. Where the minimiser is not unique (rate 0 and dependent columns, or
    a column of zeros), the CPU returns the one of least norm.

    Raises
    ------
    ValueError
        If ``rate`` is outside [0, 1), or a number is not finite.
    """
    check_rate(rate)
    tensor_checks.finite(inputs=inputs, targets=targets)
    x, y = inputs.double(), targets.double()
    penalty = (rate / (1 - rate)) ** 0.5 * torch.linalg.vector_norm(x, dim=0)
    rows = torch.cat([x, penalty.diag()])  # (example + feature, feature)
    right = torch.cat([y, y.new_zeros(len(penalty))])
    solution: Tensor = torch.linalg.lstsq(rows, right[:, None]).solution[:, 0]
    return solution
