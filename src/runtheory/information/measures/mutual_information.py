"""Mutual information of joint tables, and from samples with what is known of the error (nats).

:func:`plug_in` is exact for a law that is known. From samples all are estimates: the plug-in errs
upwards by a known first-order term, the nearest-neighbour estimator has no stated error at all, a
binned entropy measures its bins. None turns a bound into a certificate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from scipy.special import digamma
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.measures.nearest import refuse_copies, surroundings
from runtheory.information.samples import sample

Symbols = Int64[Tensor, "sample"]
OtherSymbols = Int64[Tensor, "other"]


@checked
def plug_in(
    joint: Float64[np.ndarray, "*table row column"] | Int64[np.ndarray, "*table row column"],
) -> Float64[np.ndarray, "*table"]:
    """Return I(row; column) of every joint table, given as probabilities or as counts.

    sum q ((1 + u) log(1 + u) - u) with q the product of the margins and u = p/q - 1: every term is
    non-negative, so that a small information keeps its digits. Each table is divided by its sum.

    Raises
    ------
    ValueError
        If an entry is negative or a table sums to zero.
    """
    checks.not_negative(joint=joint)
    total = joint.sum((-2, -1), keepdims=True, dtype=np.float64)
    checks.positive(total=total)
    law = joint / total
    product = law.sum(-1, keepdims=True) * law.sum(-2, keepdims=True)  # (*table, row, column)
    excess = np.where(product > 0, law - product, 0.0) / np.where(product > 0, product, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.where(excess > -1, np.log1p(excess), 0.0)
    return np.asarray((product * ((1 + excess) * logarithm - excess)).sum((-2, -1)))


@dataclass(frozen=True)
class DiscreteInformation:
    """A plug-in value with two views of its bias, all in nats.

    ``bias`` = (#cells - #rows - #columns + 1) / (2 m), counted over what occurs (Miller's first
    order term); ``corrected`` takes it off. ``null_mean``, ``null_low`` and ``null_high`` are the
    mean and the 2.5 and 97.5 % points of the same plug-in over random pairings of the same values,
    where the truth is 0; NaN without permutations. A value within that band shows nothing.
    """

    value: float
    bias: float
    samples: int
    null_mean: float
    null_low: float
    null_high: float

    @property
    def corrected(self) -> float:
        return self.value - self.bias


@checked
def plug_in_information(
    first: Symbols,
    second: OtherSymbols,
    *,
    permutations: int = 0,
    generator: torch.Generator | None = None,
) -> DiscreteInformation:
    """Return the mutual information of the empirical joint law of two columns of integers.

    For independent columns its mean is about (#X - 1)(#Y - 1) / (2 m) instead of 0, and sqrt(2 I)
    has a floor of about sqrt((#X - 1)(#Y - 1) / m).

    Raises
    ------
    ValueError
        If the columns differ in length or have fewer than 2 entries, ``permutations`` is negative,
        or permutations are asked for without a generator.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information import plug_in_information
    >>> coin = torch.tensor([0, 1, 0, 1])
    >>> round(plug_in_information(coin, coin).value, 4)
    0.6931
    """
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(
            f"columns must be equally long and have 2 entries, got {len(first)} and {len(second)}"
        )
    if permutations < 0 or (permutations and generator is None):
        raise ValueError(f"{permutations} permutations need a count >= 0 and a generator")
    row = torch.unique(first.cpu(), return_inverse=True)[1].numpy()
    column = torch.unique(second.cpu(), return_inverse=True)[1].numpy()
    counts = _contingency(row, column)
    # Whole columns are re-paired: both margins stay as they are.
    null = [
        float(plug_in(_contingency(row, column[_permutation(len(row), generator)])))
        for _ in range(permutations)
    ]
    low, high = np.quantile(null, [0.025, 0.975]) if null else (math.nan, math.nan)
    cells = np.count_nonzero(counts) - counts.shape[0] - counts.shape[1] + 1
    return DiscreteInformation(
        value=float(plug_in(counts)),
        bias=float(cells) / (2 * len(row)),
        samples=len(row),
        null_mean=float(np.mean(null)) if null else math.nan,
        null_low=float(low),
        null_high=float(high),
    )


def _permutation(count: int, generator: torch.Generator | None) -> np.ndarray:
    assert generator is not None
    order: np.ndarray = (
        torch.randperm(count, generator=generator, device=generator.device).cpu().numpy()
    )
    return order


def _contingency(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    width = int(column.max()) + 1
    counts = np.bincount(row * width + column, minlength=(int(row.max()) + 1) * width)
    return counts.reshape(-1, width)


@checked
def neighbour_information(
    first: Float[Tensor, "sample feature"],
    second: Float[Tensor, "other other_feature"],
    *,
    neighbours: int = 5,
) -> float:
    """Estimate I(first; second) in nats from nearest neighbours [kraskov2004estimating].

    Their first estimator: psi(k) + psi(N) - mean(psi(n_x + 1) + psi(n_y + 1)), where n_x counts the
    points whose distance in the first variable is *strictly* below that to the k-th neighbour in
    the joint space; all distances are maxima over coordinates. Close to unbiased for independent
    variables, too small for strong dependence, can be negative, and comes with no error. Computed
    on the CPU, by :mod:`nearest`; scale the coordinates to similar spreads first. The joint law
    must have a density, or one variable given the other: more than one point in a hundred with an
    exact copy (oversampled data, two discrete columns) is refused.

    Raises
    ------
    ValueError
        If ``neighbours`` is below 1, there are not more points than neighbours, the samples differ
        in length, a value is not finite, a coordinate is constant, or points coincide as above.

    Examples
    --------
    >>> import math
    >>> import torch
    >>> from runtheory.information import neighbour_information
    >>> draw = torch.Generator().manual_seed(0)
    >>> signal, noise = torch.randn(2, 1000, 1, generator=draw)
    >>> found = neighbour_information(signal, signal + noise)
    >>> abs(found - math.log(2) / 2) < 0.1
    True
    """
    first, second = sample(first, "first"), sample(second, "second")
    if len(first) != len(second) or not 1 <= neighbours < len(first):
        raise ValueError(
            f"{neighbours} neighbours need two samples of one size above that and 1 or more of "
            f"them, got {len(first)} and {len(second)} points"
        )
    left, right = (part.detach().to("cpu", torch.float64).numpy() for part in (first, second))
    if min(np.ptp(left, axis=0).min(), np.ptp(right, axis=0).min()) == 0:
        raise ValueError("every coordinate must vary, got one of zero variance")
    refuse_copies(np.concatenate([left, right], axis=1))
    near = surroundings(left, right, neighbours)
    if not near.radius.min() > 0:
        raise ValueError(f"more than {neighbours} points coincide: the information is not defined")
    total = digamma(neighbours) + digamma(len(left))
    for inside in (near.first, near.second):
        total -= digamma(inside).mean()  # the point itself is the + 1
    return float(total)


@dataclass(frozen=True)
class BinnedEntropy:
    """The entropy of binned vectors, in nats, beside the most it could be: log(number of rows).

    ``bias`` is Miller's first-order term -(cells - 1) / (2 m) of the plug-in; it means nothing
    where most cells hold one row. ``outside`` is the share of all values that lay outside the bins
    and were counted in the outermost ones: above zero, the bins were laid for other features.
    """

    value: float
    cells: int
    ceiling: float
    bias: float
    outside: float


@checked
def binned_entropy(
    features: Float[Tensor, "sample feature"], bins: int, *, low: float, high: float
) -> BinnedEntropy:
    """Return the entropy of the cells floor((t - low) / width), width = (high - low) / bins.

    For a deterministic network this is what binned "I(X; T)" is: it tells how the features cluster
    at that width and grows to log(number of distinct inputs) as the bins shrink, whatever the
    network does. Values outside [low, high] fall into the outermost bins, and their share is told.

    Raises
    ------
    ValueError
        If there are fewer than 2 rows, a value is not finite (a network that diverged is not
        compressed), ``bins`` is below 1, or not low < high, both finite.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information import binned_entropy
    >>> features = torch.tensor([[-0.9], [-0.8], [0.7], [3.0]])
    >>> found = binned_entropy(features, 2, low=-1.0, high=1.0)
    >>> round(found.value, 3), found.cells, found.outside
    (0.693, 2, 0.25)
    """
    cells = bin_numbers(sample(features, "features", least=2), bins, low=low, high=high)
    outside = ((features < low) | (features > high)).to(torch.float64).mean()
    counts = torch.unique(cells, dim=0, return_counts=True)[1].to(torch.float64)
    share, rows = counts / len(features), len(features)
    entropy = float(-(share * share.log()).sum())
    bias = -(len(counts) - 1) / (2 * rows)
    return BinnedEntropy(max(0.0, entropy), len(counts), math.log(rows), bias, float(outside))


@checked
def bin_numbers(
    features: Float[Tensor, "sample feature"], bins: int, *, low: float, high: float
) -> Int64[Tensor, "sample feature"]:
    """Return the bin of every value, 0 to ``bins`` - 1, those outside in the outermost bins.

    Raises
    ------
    ValueError
        If a value is not finite, ``bins`` is below 1, or not low < high, both finite.
    """
    checks.at_least(1, bins=bins)
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"there must be low < high, both finite, got [{low}, {high}]")
    points = sample(features, "features").detach().to(torch.float64)
    scaled = (points - low) * (bins / (high - low))  # in units of one bin
    return scaled.floor().clamp(0, bins - 1).to(torch.int64)
