"""The mean loss of drawn networks, a block of networks and of examples at a time.

What is held at once is a block of networks and their activations on a block of examples: memory
does not grow with the number of examples. Time is that of draws x examples forward passes: nothing
is saved, for every network has weights of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor
from tqdm import tqdm

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Scores = Float[Tensor, "draw example class"]
BoundedLoss = Callable[[Tensor, Tensor], Tensor]
Drawn = Callable[[slice], Tensor]  # rows of the examples to the scores of a block of networks


@checked
def zero_one_loss(
    scores: Float[Tensor, "*draw example class"], labels: Int64[Tensor, "example"]
) -> Float[Tensor, "*draw example"]:
    """Return 1 where the largest score is not that of the label, else 0; NaN where a score is NaN.

    Raises
    ------
    ValueError
        If a label is none of the classes.
    """
    _check_labels(scores, labels)
    wrong = (scores.argmax(-1) != labels).to(torch.float64)
    return wrong.masked_fill_(scores.isnan().any(-1), math.nan)


@checked
def bounded_cross_entropy(
    scores: Float[Tensor, "*draw example class"],
    labels: Int64[Tensor, "example"],
    *,
    least: float = 1e-4,
) -> Float[Tensor, "*draw example"]:
    """Return log max(p, least) / log(least), p the softmax probability of the label, in [0, 1].

    The cross-entropy in units of log(1 / ``least``), cut off where the probability falls below
    ``least``, as in [perezortiz2021tighter].

    Raises
    ------
    ValueError
        If ``least`` lies outside (0, 1), or a label is none of the classes.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information import bounded_cross_entropy
    >>> scores, labels = torch.zeros(1, 4), torch.tensor([2])
    >>> bounded_cross_entropy(scores, labels, least=1 / 16)  # log(4) / log(16)
    tensor([0.5000], dtype=torch.float64)
    """
    checks.in_interval(0, 1, ends="()", least=least)
    _check_labels(scores, labels)
    floor = torch.log(torch.tensor(least, dtype=torch.float64, device=scores.device))
    logarithms = scores.to(torch.float64).log_softmax(-1)
    chosen = labels.expand(scores.shape[:-1])[..., None]
    return (logarithms.gather(-1, chosen).squeeze(-1).clamp(min=floor) / floor).clamp(0, 1)


@checked
def mean_drawn_loss(
    draw: Callable[[int], Drawn],
    labels: Int64[Tensor, "example"],
    *,
    counts: Sequence[int],
    rows: int,
    loss: BoundedLoss,
    bar: tqdm | None = None,
) -> float:
    """Return the mean of ``loss`` over all examples and over networks, drawn in blocks.

    ``draw(count)`` draws that many networks and returns what gives their scores on a slice of the
    examples; ``counts`` are the sizes of the blocks, ``rows`` examples are taken at a time.
    ``bar`` is moved on by each block.

    Raises
    ------
    ValueError
        If a loss lies outside [0, 1], where no bound holds, or is NaN, if there is not one for each
        network and example, or there is no example or a count below one.
    """
    checks.at_least(1, counts=list(counts), networks=sum(counts), rows=rows, examples=len(labels))
    total, examples = 0.0, len(labels)
    for count in counts:
        scores = draw(count)
        sums = torch.zeros(count, dtype=torch.float64, device=labels.device)
        for low in range(0, examples, rows):
            part = slice(low, min(low + rows, examples))
            sums += _losses(loss, scores(part), labels[part]).sum(1)
        total += float((sums / examples).sum())  # over networks
        if bar is not None:
            bar.update(count)
    return total / sum(counts)


@checked
def blocks(total: int, size: int) -> list[int]:
    """Return the sizes of blocks of at most ``size`` that make up ``total``.

    Raises
    ------
    ValueError
        If ``total`` is negative or ``size`` is below one.
    """
    checks.at_least(0, total=total)
    checks.at_least(1, size=size)
    return [min(size, total - low) for low in range(0, total, size)]


@checked
def progress(total: int, *, shown: bool = True) -> tqdm:
    """Return a bar over drawn networks, shown on a terminal alone: pages and logs stay free of it.

    It is taken away when all is done.
    """
    return tqdm(total=total, unit="network", leave=False, disable=None if shown else True)


def _losses(loss: BoundedLoss, scores: Tensor, labels: Tensor) -> Float64[Tensor, "draw example"]:
    """Return the losses in float64; raise unless each network and example has one in [0, 1]."""
    found, asked = loss(scores, labels), tuple(scores.shape[:2])
    if not isinstance(found, Tensor) or tuple(found.shape) != asked:
        # A mean over the examples would be divided by their number once more.
        told = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(f"loss must give a value for each draw and example, {asked}, got {told}")
    checks.in_interval(0, 1, loss=torch.stack(found.aminmax()).tolist())
    return found.to(torch.float64)


def _check_labels(scores: Tensor, labels: Tensor) -> None:
    if tensor_checks.readable(labels):
        checks.labels_below(labels, scores.shape[-1])
