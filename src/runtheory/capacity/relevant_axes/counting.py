r"""How many axes count: relevances, the share that they must make up, and active axes.

A Gaussian code of mean m and variance v has on each axis the divergence
$\frac12 \bigl((m^2 + v) / \sigma^2 - 1 - \ln(v / \sigma^2)\bigr)$ from a centred Gaussian prior of
variance $\sigma^2$, in nats.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

SHARE = 0.99  # of the sum of relevances, the authors' choice
ACTIVE = 0.1  # nats of divergence from the prior
Relevances = Float[Tensor, "*batch axis"]


@checked
def axes_for_share(relevances: Relevances, *, share: float = SHARE) -> Int64[Tensor, "*batch"]:
    """Return the least number of axes whose relevances make up more than ``share`` of the sum.

    Zero where no axis has any. [saha2025ardvae]_ takes a share of 0.99.

    Raises
    ------
    ValueError
        If ``share`` is outside [0, 1), or a relevance is negative or not finite.

    Example
    -------
    >>> import torch
    >>> from runtheory.capacity.relevant_axes.counting import axes_for_share
    >>> axes_for_share(torch.tensor([0.5, 4.0, 0.0, 2.0, 0.01])).item()
    3
    """
    checks.in_interval(0, 1, ends="[)", share=share)
    _not_negative(relevances)
    ordered = relevances.double().sort(-1, descending=True).values.cumsum(-1)
    total = ordered[..., -1:]
    missing = (ordered <= share * total).sum(-1)
    return torch.where(total[..., 0] > 0, missing + 1, 0)


@checked
def active_axes(divergences: Relevances, *, threshold: float = ACTIVE) -> Int64[Tensor, "*batch"]:
    """Return on how many axes the mean divergence from the prior exceeds ``threshold``, in nats.

    Raises
    ------
    ValueError
        If ``threshold`` is negative, or a divergence is not finite.
    """
    checks.not_negative(threshold=threshold)
    tensor_checks.finite(divergences=divergences)
    return (divergences > threshold).sum(-1)


@checked
def gaussian_divergences(
    means: Float[Tensor, "*batch example axis"],
    variances: Float[Tensor, "*batch example axis"],
    *,
    prior: Float[Tensor, "*batch axis"],
) -> Float64[Tensor, "*batch axis"]:
    """Return the mean divergence of Gaussian codes from the prior on each axis, in nats.

    Raises
    ------
    ValueError
        If there are no examples, a variance is not positive, or a number is not finite.
    """
    checks.at_least(1, examples=means.shape[-2])
    tensor_checks.finite(means=means, variances=variances, prior=prior)
    for name, values in {"variances": variances, "prior": prior}.items():
        if tensor_checks.readable(values) and values.numel():
            checks.positive(**{name: float(values.min())})
    ratio = variances.double() / prior.double().unsqueeze(-2)
    square = means.double().square() / prior.double().unsqueeze(-2)
    return 0.5 * (square + ratio - 1 - ratio.log()).mean(-2)


def _not_negative(relevances: Tensor) -> None:
    checks.at_least(1, axes=relevances.shape[-1])
    tensor_checks.finite(relevances=relevances)
    if tensor_checks.readable(relevances) and relevances.numel():
        checks.not_negative(relevances=float(relevances.min()))
