r"""The mean over k of n experts, drawn at random: its variance, by three ways of drawing.

Outputs $v_1, \dots, v_n$ of the experts, for one input, lie along the axis before the last. Their
*disagreement* is $S^2 = \frac{1}{n-1} \sum_i \|v_i - \bar v\|^2$. Variances are total: summed over
the entries of an output. All results are float64.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Outputs = Float[Tensor, "*batch expert output"]
MOST_SUBSETS = 2**16


@checked
def disagreement(outputs: Outputs) -> Float64[Tensor, "*batch"]:
    """Return S^2, the squared distances of the experts from their mean, divided by n minus 1.

    Raises
    ------
    ValueError
        If there are fewer than two experts, or a number is not finite.
    """
    _check_experts(outputs)
    values = outputs.double()
    apart = values - values.mean(-2, keepdim=True)
    return apart.square().sum((-2, -1)) / (outputs.shape[-2] - 1)


@checked
def subset_variance(outputs: Outputs, *, used: int) -> Float64[Tensor, "*batch"]:
    """Return the variance of the mean over ``used`` different experts (thm-random-experts).

    (1 / k - 1 / n) S^2: zero where all are used.

    Raises
    ------
    ValueError
        If ``used`` is outside 1 to n, or as ``disagreement``.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.random_experts.subsets import subset_variance
    >>> leads = torch.tensor([[1.0], [3.0], [4.0], [8.0]])
    >>> [round(float(subset_variance(leads, used=k)), 4) for k in (1, 3, 4)]
    [6.5, 0.7222, 0.0]
    """
    experts = _check_used(outputs, used)
    return (1 / used - 1 / experts) * disagreement(outputs)


@checked
def replacement_variance(outputs: Outputs, *, used: int) -> Float64[Tensor, "*batch"]:
    """Return the variance of the mean over ``used`` draws that may repeat an expert.

    (1 - 1 / n) S^2 / k: not zero at k = n. Raises as ``subset_variance``.
    """
    experts = _check_used(outputs, used)
    return (1 - 1 / experts) / used * disagreement(outputs)


@checked
def kept_variance(outputs: Outputs, *, used: int) -> Float64[Tensor, "*batch"]:
    r"""Return the variance if each expert is kept on its own, with probability k / n (dropout).

    The sum of those kept is divided by k, whatever their number:
    (1 / k - 1 / n) ((1 - 1 / n) S^2 + \|mean\|^2). Raises as ``subset_variance``.
    """
    experts = _check_used(outputs, used)
    mean = outputs.double().mean(-2).square().sum(-1)
    return (1 / used - 1 / experts) * ((1 - 1 / experts) * disagreement(outputs) + mean)


@checked
def subset_means(
    outputs: Float[Tensor, "expert output"], *, used: int
) -> Float64[Tensor, "subset output"]:
    """Return the mean over every set of ``used`` experts, by enumeration.

    Raises
    ------
    ValueError
        If there are more than 2^16 sets, or as ``subset_variance``.
    """
    experts = _check_used(outputs, used)
    _check_experts(outputs)
    checks.in_interval(1, MOST_SUBSETS, subsets=comb(experts, used))
    sets = torch.tensor(list(combinations(range(experts), used)), device=outputs.device)
    return outputs.double()[sets].mean(1)


def _check_experts(outputs: Tensor) -> None:
    checks.at_least(2, experts=outputs.shape[-2])
    checks.at_least(1, outputs=outputs.shape[-1])
    tensor_checks.finite(outputs=outputs)


def _check_used(outputs: Tensor, used: int) -> int:
    experts = outputs.shape[-2]
    checks.in_interval(1, experts, used=used)
    return experts
