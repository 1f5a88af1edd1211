r"""Flipped labels: drawn, counted, and what they leave of the truth.

A label is *flipped* with probability $\varepsilon$: one of the $C - 1$ other classes takes its
place, each as likely as the others. The flips of different examples are independent.
"""

from __future__ import annotations

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Labels = Int64[Tensor, "*stack example"]


@checked
def flip_labels(
    labels: Int64[Tensor, "stack example"],
    *,
    rate: float,
    classes: int,
    generator: torch.Generator,
) -> Int64[Tensor, "stack example"]:
    """Return labels of which each is flipped with probability ``rate``, on their own device.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1], there are fewer than two classes, or a label is none of
        them.

    Example
    -------
    >>> import torch
    >>> from runtheory.capacity.noisy_labels.flips import flip_labels
    >>> from runtheory.randomness import stream
    >>> flip_labels(torch.tensor([[0, 1, 1]]), rate=1.0, classes=2, generator=stream(0, "flips"))
    tensor([[1, 0, 0]])
    """
    _check_rate(rate, classes)
    if tensor_checks.readable(labels):
        checks.labels_below(labels.flatten(), classes)
    uniform = torch.rand(
        labels.shape, generator=generator, device=generator.device, dtype=torch.float64
    )
    further = torch.randint(1, classes, labels.shape, generator=generator, device=generator.device)
    step = torch.where(uniform < rate, further, 0)
    return (labels + step.to(labels.device)) % classes


@checked
def agreement(
    accuracy: Float64[Tensor, "*any"] | float, *, rate: float, classes: int
) -> Float64[Tensor, "*any"]:
    r"""Return the share of flipped labels that a rule is expected to match (prop-noisy-score).

    $a (1 - \varepsilon) + (1 - a) \varepsilon / (C - 1)$ for a rule that is right on the share
    ``accuracy`` $= a$ of the examples and has not seen their flips.

    Raises
    ------
    ValueError
        If ``accuracy`` or ``rate`` lies outside [0, 1] or there are fewer than two classes.
    """
    _check_rate(rate, classes)
    right = torch.as_tensor(accuracy, dtype=torch.float64)
    if tensor_checks.readable(right):
        checks.in_interval(0, 1, accuracy=right.flatten().tolist())
    return right * (1 - rate) + (1 - right) * rate / (classes - 1)


@checked
def memorised(predictions: Labels, *, given: Labels, true: Labels) -> Float64[Tensor, "*stack"]:
    """Return the share of the wrong labels that are predicted as they were given.

    Only examples whose given label is not the true one are counted. A rule that has not seen them
    and is right on the share a has (1 - a) / (C - 1), not zero.

    Raises
    ------
    ValueError
        If shapes differ, or a row has no wrong label.
    """
    wrong = given != true
    count = wrong.sum(-1)
    if tensor_checks.readable(count):
        checks.at_least(1, wrong_labels=int(count.min()))
    return ((predictions == given) & wrong).sum(-1).double() / count


@checked
def flip_variance(rate: float, *, classes: int) -> float:
    r"""Return the variance of a flipped label as a row of zeros and a one, summed over classes.

    $1 - (1 - \varepsilon)^2 - \varepsilon^2 / (C - 1)$, the same for every true label.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1] or there are fewer than two classes.
    """
    _check_rate(rate, classes)
    return 1 - (1 - rate) ** 2 - rate**2 / (classes - 1)


@checked
def mean_rows(
    labels: Int64[Tensor, " example"], *, rate: float, classes: int
) -> Float64[Tensor, "example class"]:
    """Return the mean of each flipped label as a row of zeros and a one.

    Raises
    ------
    ValueError
        As :func:`flip_labels`.
    """
    _check_rate(rate, classes)
    true = torch.nn.functional.one_hot(tensor_checks.class_labels(labels, classes=classes), classes)
    share = rate / (classes - 1)
    return share + (1 - rate - share) * true.double()


def _check_rate(rate: float, classes: int) -> None:
    checks.in_interval(0, 1, rate=rate)
    checks.at_least(2, classes=classes)
