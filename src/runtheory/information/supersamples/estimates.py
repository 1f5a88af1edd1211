"""Bounds on the gap estimated from the losses of many super-sample replicates.

An estimate of a bound is not a certificate: each of these replaces an information by its plug-in
estimate, which is too large on average. The result says by how much it should be (``bias``) and
what the same recipe makes of masks that know nothing (the null band): a value inside the band is
indistinguishable from zero information. Losses are zero or one; information is in nats.

Pooled estimates take all pairs of all replicates together, which gives a valid bound for any
algorithm. They count every pair twice, once with its copies exchanged and its mask flipped: the
two have one law. Disintegrated estimates hold the super-sample fixed, need many masks for each,
and their floor is sqrt(2 bias) per pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.supersamples import loss_information
from runtheory.information.supersamples.symbols import table_information, zero_one

Losses = Float64[Tensor, "replicate pair 2"]
Symbols = Int64[Tensor, "replicate pair"]
Masks = Int64[Tensor, "replicate pair"]
Groups = Int64[Tensor, "replicate"]


@dataclass(frozen=True)
class EstimatedBound:
    """An estimated bound on the gap, E[test error - training error].

    ``information`` is the plug-in estimate (nats, averaged over tables), ``bias`` its upward bias
    to first order for independent entries, ``null_low`` and ``null_high`` the 5% and 95% points of
    ``value`` when whole masks are exchanged between replicates, and ``samples`` the number of
    entries in one table. Pairs of one replicate are dependent: the band sees that, ``bias`` does
    not.
    """

    value: float
    information: float
    bias: float
    null_low: float
    null_high: float
    samples: int


@dataclass(frozen=True)
class Frequencies:
    """Shares of a pooled table: errors on either copy, and pairs in which one copy alone errs.

    ``gained`` counts the pairs whose test copy alone is wrong, ``lost`` those whose training copy
    alone is.
    """

    pairs: int
    train_error: float
    test_error: float
    gained: float
    lost: float


@dataclass(frozen=True)
class PooledBound:
    """A bound on the gap that a pooled table gives: which information, and what is made of it.

    ``information`` takes the frequencies, ``bound`` the training error and the information. The
    doubled tables of differences and of single losses have one free cell each, over m and 2 m
    entries for m pairs: the plug-in is too large by 1 / (2 m ``entries``), to first order.
    """

    name: str
    information: Callable[[Frequencies], float]
    bound: Callable[[float, float], float]
    entries: int

    def value(self, table: Frequencies) -> float:
        """Return the bound of a table."""
        return self.bound(table.train_error, self.information(table))


def _difference_information(table: Frequencies) -> float:
    return loss_information.difference_information(table.gained, table.lost)


def _single_information(table: Frequencies) -> float:
    return loss_information.single_information(table.train_error, table.test_error)


DIFFERENCE = PooledBound(
    "root, difference",
    _difference_information,
    lambda _, information: loss_information.difference_bound(information),
    entries=1,
)
SINGLE = PooledBound(
    "root, single loss",
    _single_information,
    lambda _, information: loss_information.single_bound(information),
    entries=2,
)
BINARY = PooledBound(
    "coin (binary kl)", _difference_information, loss_information.binary_bound, entries=1
)
FAST_RATE = PooledBound(
    "fast rate",
    _single_information,
    lambda error, information: loss_information.fast_rate_bound(error, information).value,
    entries=2,
)
POOLED_BOUNDS = (DIFFERENCE, SINGLE, BINARY, FAST_RATE)


@checked
def pooled_frequencies(losses: Losses, masks: Masks) -> Frequencies:
    """Return the shares of all pairs of all replicates taken together.

    Raises
    ------
    ValueError
        If the shapes differ, there is no pair, or a loss or mask entry is neither 0 nor 1.
    """
    if losses.shape[:2] != masks.shape:
        raise ValueError(
            f"losses and masks must agree, got {tuple(losses.shape)} and {tuple(masks.shape)}"
        )
    if masks.numel() == 0:
        raise ValueError("there must be at least one replicate and one pair, got none")
    zero_one(losses, "losses")
    zero_one(masks, "masks")
    train = losses.gather(2, masks[:, :, None]).squeeze(2)  # (replicate, pair)
    test = losses.sum(2) - train
    return Frequencies(
        pairs=masks.numel(),
        train_error=float(train.mean()),
        test_error=float(test.mean()),
        gained=float((test > train).to(torch.float64).mean()),
        lost=float((test < train).to(torch.float64).mean()),
    )


@checked
def estimated_bound(
    losses: Losses,
    masks: Masks,
    *,
    kind: PooledBound,
    generator: torch.Generator,
    permutations: int = 200,
) -> EstimatedBound:
    """Return the pooled estimate of one of ``POOLED_BOUNDS``.

    Raises
    ------
    ValueError
        If the shapes differ, a loss or mask entry is neither 0 nor 1, there are fewer than two
        replicates, or ``permutations`` is below one.
    """
    _check_masks(masks, permutations)
    table = pooled_frequencies(losses, masks)
    nulls = []
    for _ in range(permutations):
        # whole masks, so that the pairs of a replicate stay together
        shuffled = masks[_permutation(len(masks), generator)]
        nulls.append(kind.value(pooled_frequencies(losses, shuffled)))
    low, high = _band(nulls)
    bias = 1 / (2 * table.pairs * kind.entries)
    return EstimatedBound(kind.value(table), kind.information(table), bias, low, high, table.pairs)


@checked
def interpolation_identity(losses: Losses, masks: Masks) -> float:
    """Return I(D; U) / log 2 from the pooled table; it equals the observed test error exactly.

    Raises
    ------
    ValueError
        On the terms of :func:`pooled_frequencies`, or if a training loss is not zero.
    """
    table = pooled_frequencies(losses, masks)
    if table.train_error > 0:
        raise ValueError(f"the identity needs training error 0, got {table.train_error}")
    return loss_information.interpolation_error(_difference_information(table))


@checked
def estimated_disintegrated_bound(
    symbols: Symbols,
    masks: Masks,
    groups: Groups,
    *,
    generator: torch.Generator,
    permutations: int = 200,
) -> EstimatedBound:
    """Return the mean over super-samples and pairs of sqrt(2 I(symbol_i; U_i | super-sample)).

    ``symbols`` codes what is observed of pair i in each replicate: the two predicted classes give
    the bound of [harutyunyan2021information], the two losses that of [hellstrom2022family], the
    loss difference that of [wang2023tighter]; ``symbols`` makes the codes.

    Raises
    ------
    ValueError
        If the shapes differ, a code is negative, a mask entry is neither 0 nor 1, a group has
        fewer than two replicates, or ``permutations`` is below one.
    """
    _check_masks(masks, permutations)
    if symbols.shape != masks.shape or len(groups) != len(masks):
        raise ValueError(
            f"symbols, masks and groups must agree, got {tuple(symbols.shape)}, "
            f"{tuple(masks.shape)} and {tuple(groups.shape)}"
        )
    sizes = torch.unique(groups, return_counts=True)[1]
    if symbols.numel() == 0 or int(symbols.min()) < 0 or int(sizes.min()) < 2:
        raise ValueError(
            "codes must be at least one, not negative, and each group needs two replicates"
        )
    members = [torch.nonzero(groups == group).squeeze(1) for group in torch.unique(groups)]
    value, information, bias = _disintegrated(symbols, masks, members)
    nulls = []
    for _ in range(permutations):
        shuffled = masks.clone()
        for rows in members:
            shuffled[rows] = masks[rows[_permutation(len(rows), generator)]]
        nulls.append(_disintegrated(symbols, shuffled, members)[0])
    low, high = _band(nulls)
    return EstimatedBound(value, information, bias, low, high, int(sizes.min()))


def _disintegrated(
    symbols: Tensor, masks: Tensor, members: list[Tensor]
) -> tuple[float, float, float]:
    """Average over groups of the mean over pairs: the bound, the information and its bias."""
    parts = [table_information(symbols[rows], masks[rows]) for rows in members]
    information = torch.stack([part[0] for part in parts])
    bias = torch.stack([part[1] for part in parts])
    return float((2 * information).sqrt().mean()), float(information.mean()), float(bias.mean())


def _permutation(count: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(count, generator=generator, device=generator.device)


def _band(values: list[float]) -> tuple[float, float]:
    points = torch.tensor([0.05, 0.95], dtype=torch.float64)
    low, high = torch.tensor(values, dtype=torch.float64).quantile(points).tolist()
    return low, high


def _check_masks(masks: Tensor, permutations: int) -> None:
    zero_one(masks, "masks")
    if len(masks) < 2:
        raise ValueError(f"an estimate needs at least two replicates, got {len(masks)}")
    checks.at_least(1, permutations=permutations)
