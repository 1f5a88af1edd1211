"""Measured variances of a dropout gradient: its parts, and the whole as a minibatch sees it.

The laws they are compared with are in ``laws``. The variance of a gradient is the trace of its
covariance, the expected squared distance from its mean. Accumulated in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Integer
from torch import Tensor, nn

from runtheory import checks
from runtheory.boundary import checked
from runtheory.dropout.gradients import masked_gradients, trainable_parameters
from runtheory.dropout.head import body_and_head
from runtheory.dropout.masks import draw_masks
from runtheory.modes import evaluating
from runtheory.randomness import Streams
from runtheory.shapes import Scalar

JACKKNIFE_GROUPS = 32
Inputs = Float[Tensor, "batch ..."]


@dataclass(frozen=True)
class GradientVariance:
    """Estimates of V_data = Var_x E_xi g and V_mask = E_x Var_xi g, each with its standard error.

    ``ratio`` is mask / data, whose error allows for their correlation. ``data`` is unbiased and may
    come out negative where it is small beside ``mask / repeats``.
    """

    data: float
    mask: float
    ratio: float
    data_error: float
    mask_error: float
    ratio_error: float
    examples: int
    repeats: int


@dataclass(frozen=True)
class TotalVariance:
    """The variance of a minibatch gradient over ``repetitions``, with its standard error."""

    value: float
    error: float
    repetitions: int


@checked
def gradient_variance(
    net: nn.Module,
    images: Inputs,
    labels: Integer[Tensor, " batch"],
    *,
    rate: float,
    repeats: int,
    generator: torch.Generator,
    parameters: Sequence[str] | None = None,
) -> GradientVariance:
    """Split the variance of the per-example gradient into its data and mask parts.

    One-way analysis of variance over ``repeats`` masks of each example: V_mask is the mean variance
    within examples, V_data the variance between the examples' means less V_mask / repeats. Errors
    are delete-a-group jackknife over at most 32 groups of examples, so the examples must be in
    random order; they are taken as independent draws from a population, of which V_data speaks.
    Layers with batch statistics use their running ones. ``parameters`` names a part of the net.

    Raises
    ------
    ValueError
        If there are fewer than three examples or two repeats; as ``draw_masks`` and
        ``masked_gradients``.
    """
    _check_counts(len(images), repeats)
    masks = _masks_for(net, images, repeats, rate=rate, generator=generator)
    chunks = masked_gradients(net, images, labels, masks=masks, rate=rate, parameters=parameters)
    group = torch.arange(len(images), device=images.device) % JACKKNIFE_GROUPS
    within, squares, sums = _one_way_sums(chunks, group, repeats)  # the last (group, parameter)
    count, square, norm = _leave_one_group_out(squares, sums, group)
    mask = _leave_one_group_out(within, sums, group)[1] / count  # whole, then without each group
    # The examples' means vary by V_data + V_mask / repeats.
    data = (square - norm / count) / (count - 1) - mask / repeats
    estimates = torch.stack([data, mask, mask / data])
    data_error, mask_error, ratio_error = _jackknife_errors(estimates).tolist()
    return GradientVariance(
        data=float(data[0]),
        mask=float(mask[0]),
        ratio=float(mask[0] / data[0]),
        data_error=data_error,
        mask_error=mask_error,
        ratio_error=ratio_error,
        examples=len(images),
        repeats=repeats,
    )


@checked
def minibatch_variance(
    net: nn.Module,
    images: Inputs,
    labels: Integer[Tensor, " batch"],
    objective: Callable[[nn.Module, Tensor, Tensor, Streams], Scalar],
    *,
    batch: int,
    repetitions: int,
    streams: Streams,
) -> TotalVariance:
    """Measure the variance of the gradient of ``objective`` over fresh batches and fresh masks.

    Batches are drawn with replacement from ``streams["batches"]``, so that their examples are
    independent, and the net is held in evaluation mode. All trainable parameters count. For a pool
    of n examples the data part of the law is then (n - 1) / n of ``GradientVariance.data``.

    Raises
    ------
    ValueError
        If there are fewer than three repetitions or no example in a batch; as
        ``trainable_parameters`` and the objective.
    """
    checks.at_least(1, batch=batch, images=len(images))
    checks.at_least(3, repetitions=repetitions)  # of two, leaving one out leaves no variance
    chosen = list(trainable_parameters(net, None).values())
    group = torch.arange(repetitions, device=images.device) % JACKKNIFE_GROUPS
    size = sum(p.numel() for p in chosen)
    sums = torch.zeros(
        min(repetitions, JACKKNIFE_GROUPS), size, dtype=torch.float64, device=images.device
    )
    squares = []
    with evaluating(net):
        for index in range(repetitions):
            rows = torch.randint(
                len(images), (batch,), generator=streams["batches"], device=images.device
            )
            loss = objective(net, images[rows], labels[rows], streams)
            parts = torch.autograd.grad(loss, chosen)
            gradient = torch.cat([part.flatten() for part in parts]).double()  # (parameter)
            squares.append(gradient.square().sum())
            sums[index % JACKKNIFE_GROUPS] += gradient
    count, square, norm = _leave_one_group_out(torch.stack(squares), sums, group)
    estimates = (square - norm / count) / (count - 1)
    return TotalVariance(
        float(estimates[0]), float(_jackknife_errors(estimates[None])[0]), repetitions
    )


def _check_counts(examples: int, repeats: int) -> None:
    if examples < 3 or repeats < 2:  # of two examples, leaving one out leaves no variance
        raise ValueError(
            f"variances need at least three examples and two repeats, got {examples} and {repeats}"
        )


def _masks_for(
    net: nn.Module,
    images: Tensor,
    repeats: int,
    *,
    rate: float,
    generator: torch.Generator,
) -> Tensor:
    with torch.no_grad(), evaluating(net):
        feature = body_and_head(net)[0](images[:1]).shape[1:]
    shape = (len(images), *feature)
    return draw_masks(repeats, shape, rate=rate, generator=generator)


def _one_way_sums(
    chunks: Iterable[Tensor], group: Tensor, repeats: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return each example's variance over masks, its mean's squared norm, and sums of means."""
    within, squares = [], []
    sums: Tensor | None = None
    start = 0
    for chunk in chunks:
        means = chunk.mean(1)  # (example, parameter)
        squares.append(_squared_norms(means))
        within.append((_squared_norms(chunk).sum(1) - repeats * squares[-1]) / (repeats - 1))
        if sums is None:
            size = (min(len(group), JACKKNIFE_GROUPS), means.shape[1])
            sums = means.new_zeros(size, dtype=torch.float64)
        sums.index_add_(0, group[start : start + len(means)], means.double())
        start += len(means)
    assert sums is not None
    return torch.cat(within), torch.cat(squares), sums


def _squared_norms(gradients: Float[Tensor, "*rows parameter"]) -> Float64[Tensor, " *rows"]:
    norms: Tensor = torch.linalg.vector_norm(gradients, dim=-1, dtype=torch.float64)
    return norms.square()


def _leave_one_group_out(
    values: Float64[Tensor, " row"], sums: Float64[Tensor, "group parameter"], group: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return row counts, sums of ``values`` and squared norms of the summed rows of ``sums``.

    Each has one entry for all rows and then one for the rows outside each group.
    """
    zeros = values.new_zeros(len(sums))
    counts = zeros.index_add(0, group, torch.ones_like(values))
    totals = zeros.index_add(0, group, values)
    gram = sums @ sums.mT  # (group, group)
    norm = gram.sum()
    norms = norm - 2 * gram.sum(1) + gram.diagonal()  # of all sums less those of one group
    without = [(part.sum() - part) for part in (counts, totals)]
    whole = [part.sum().reshape(1) for part in (counts, totals)]
    return (
        torch.cat([whole[0], without[0]]),
        torch.cat([whole[1], without[1]]),
        torch.cat([norm.reshape(1), norms]),
    )


def _jackknife_errors(estimates: Float64[Tensor, "quantity fold"]) -> Float64[Tensor, " quantity"]:
    """Return standard errors from the columns after the first, which leave a group out each."""
    folds = estimates[:, 1:]
    groups = folds.shape[1]
    return ((groups - 1) * folds.var(1, correction=0)).sqrt()
