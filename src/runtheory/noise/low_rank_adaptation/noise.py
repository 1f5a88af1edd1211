r"""What dropout on an adapter's input adds to a squared error, and how far few masks are from it.

An adapter adds $\Delta = AB$ to a matrix that stays as it was: inputs X, change $\Delta$ (feature,
output), targets Y for what the adapter should add. Dropout hides features of X from the adapter
alone. Everything is in float64.
"""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import apply_masks, check_rate
from runtheory.shapes import Features, Scalar

Targets = Float[Tensor, "batch output"]
Change = Float[Tensor, "feature output"]


@checked
def masked_errors(
    inputs: Features,
    targets: Targets,
    change: Change,
    *,
    masks: Bool[Tensor, "sample batch feature"],
    rate: float,
) -> Float[Tensor, " sample"]:
    r"""Return $\|Y - (\xi \odot X)\Delta\|^2$ under each mask, summed over examples and outputs.

    Raises
    ------
    ValueError
        If ``rate`` is outside [0, 1), or a number is not finite.
    """
    _check(inputs, targets, change, rate)
    added = apply_masks(inputs.double(), masks, rate=rate) @ change.double()
    return (targets.double() - added).square().sum((1, 2))


@checked
def added_penalty(inputs: Features, change: Change, *, rate: float) -> Scalar:
    r"""Return $\frac{p}{1-p} \sum_j \|x_j\|^2 \|\Delta_j\|^2$, what dropout adds on average.

    x_j is the column of feature j and Delta_j its row (thm-adaptive-ridge, summed over outputs).

    Raises
    ------
    ValueError
        As :func:`masked_errors`.
    """
    check_rate(rate)
    tensor_checks.finite(inputs=inputs, change=change)
    strength = inputs.double().square().sum(0) * change.double().square().sum(1)  # (feature)
    return rate / (1 - rate) * strength.sum()


@checked
def error_variance(
    inputs: Features, targets: Targets, change: Change, *, rate: float, shared: bool = False
) -> Scalar:
    r"""Return the variance of :func:`masked_errors` over masks, exactly (thm-adapter-noise).

    With $v_j = x_j \Delta_j$ and the residual r of an example it is
    $\alpha \sum_j ((\alpha - 1) \|v_j\|^2 - 2 r \cdot v_j)^2
    + 2 \alpha^2 \sum_{j \ne k} (v_j \cdot v_k)^2$, $\alpha = p / (1 - p)$; examples with masks of
    their own add up. ``shared`` is one mask for all: then r and v_j run over all examples.

    Raises
    ------
    ValueError
        As :func:`masked_errors`.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.low_rank_adaptation.noise import error_variance
    >>> one, change = torch.ones(1, 1), torch.ones(1, 1)
    >>> error_variance(one, one, change, rate=0.2)  # the errors are 1 and 1/16
    tensor(0.1406, dtype=torch.float64)
    """
    _check(inputs, targets, change, rate)
    variance = rate / (1 - rate)
    parts = inputs.double()[..., None] * change.double()  # v_j: (example, feature, output)
    residual = targets.double() - parts.sum(1)
    if shared:
        parts, residual = parts.transpose(0, 1).flatten(1)[None], residual.flatten()[None]
    products = parts @ parts.mT
    squares = products.diagonal(dim1=1, dim2=2)
    linear = (variance - 1) * squares - 2 * (parts @ residual[..., None])[..., 0]
    pairs = products.square().sum() - squares.square().sum()
    return variance * linear.square().sum() + 2 * variance**2 * pairs


@checked
def steps_to_settle(
    inputs: Features,
    targets: Targets,
    change: Change,
    *,
    rate: float,
    share: float,
    shared: bool = False,
) -> float:
    """Return the steps over which the mean error comes within ``share`` of the penalty.

    One standard deviation of the mean over T steps, each with fresh masks, is ``share`` times
    :func:`added_penalty` at the T returned. The change is held fixed: it is a scale, no schedule.

    Raises
    ------
    ValueError
        As :func:`masked_errors`, and if ``share`` is not positive or nothing is added.
    """
    checks.positive_finite(share=share)
    penalty = float(added_penalty(inputs, change, rate=rate))
    if penalty == 0:
        raise ValueError("dropout adds nothing here: the rate, the inputs or the change is zero")
    variance = float(error_variance(inputs, targets, change, rate=rate, shared=shared))
    return variance / (share * penalty) ** 2


def _check(inputs: Tensor, targets: Tensor, change: Tensor, rate: float) -> None:
    check_rate(rate)
    tensor_checks.finite(inputs=inputs, targets=targets, change=change)
