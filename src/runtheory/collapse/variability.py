"""NC1: how small the variation within classes is beside the variation between them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory.boundary import checked
from runtheory.collapse.conventions import Convention, Weighting, centred_means, class_weights
from runtheory.collapse.statistics import ClassStatistics

PAPYAN = Convention()


@dataclass(frozen=True)
class Variability:
    """NC1 with the numerical rank of S_B that it rests on (at most min(classes - 1, width))."""

    value: Float64[Tensor, ""]
    rank: Int64[Tensor, ""]


@checked
def variability_collapse(
    statistics: ClassStatistics, *, convention: Convention = PAPYAN
) -> Variability:
    """Return NC1 = tr(S_W S_B^+)/K [papyan2020prevalence].

    With A = diag(sqrt(weight)) (means - global mean), of shape K x d, and its thin singular value
    decomposition A = U diag(s) V', S_B = A'A and S_B^+ = V diag(s^-2) V', so that

        NC1 = (1/K) sum_i v_i' S_W v_i / s_i^2,        S_W = scatter / N.

    No d x d matrix is inverted and the conditioning is that of A, not its square. A direction
    counts while s_i exceeds max(K, d) times the rounding of the means, and at most K - 1 of them
    do. The value is never negative. Where all class means coincide it is infinite, or NaN without
    variation within classes either (dead features): 0/0, as in every measure here. Variation
    outside the span of the means does not enter: the rank says how much was seen.

    Raises
    ------
    ValueError
        If a class has no sample, samples were refused, the scatter matrix was not kept, or the
        convention weighs S_W by classes while the classes differ in size (the pooled scatter
        cannot be split again).

    Examples
    --------
    >>> import torch
    >>> from runtheory.collapse import class_statistics, variability_collapse
    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> state = class_statistics(features, torch.tensor([0, 0, 1, 1]), classes=2)
    >>> variability_collapse(state).value
    tensor(0., dtype=torch.float64)
    """
    scatter = _pooled_scatter(statistics.checked(), convention)
    weights = class_weights(statistics, convention.between)
    scaled = weights.sqrt()[:, None] * centred_means(statistics, convention.mean)
    # The orthogonal factor first: the decomposition then works on K x K instead of K x d.
    basis, triangle = torch.linalg.qr(scaled.T)  # (feature, rank), (rank, class)
    _, singular, mixing = torch.linalg.svd(triangle.T, full_matrices=False)
    directions = mixing @ basis.T  # (rank, feature)
    # The means are rounded in proportion to their distance from the origin, offset included.
    lengths = weights.sqrt() * torch.linalg.vector_norm(statistics.means, dim=1)
    precision = torch.finfo(torch.float64).eps * max(statistics.means.shape)
    counted = singular > precision * torch.maximum(singular[0], lengths.max())
    counted &= torch.arange(len(singular), device=counted.device) < statistics.classes - 1
    spread = ((directions @ scatter) * directions).sum(1).clamp(min=0)
    terms = torch.where(counted, spread / singular.square(), 0.0)
    rank = counted.sum()
    nothing = torch.where(scatter.diagonal().sum() > 0, torch.inf, torch.nan)
    value = torch.where(rank > 0, terms.sum(), nothing)
    return Variability(value / statistics.classes if convention.per_class else value, rank)


@checked
def trace_ratio(
    statistics: ClassStatistics, *, convention: Convention = PAPYAN
) -> Float64[Tensor, ""]:
    """Return tr S_W / tr S_B, which needs the per-class traces only [tirer2023perturbation].

    Raises
    ------
    ValueError
        If a class has no sample or samples were refused.
    """
    statistics.checked()
    within = class_weights(statistics, convention.within) @ class_variances(statistics)
    squares = centred_means(statistics, convention.mean).square().sum(1)
    return within / (class_weights(statistics, convention.between) @ squares)


@checked
def class_variances(statistics: ClassStatistics) -> Float64[Tensor, "class"]:
    """Return the mean of ||h - mean_k||^2 over the samples of each class (divisor n_k)."""
    return statistics.square_deviations / statistics.counts


@checked
def distance_normalised_variances(
    statistics: ClassStatistics,
) -> Float64[Tensor, "class class"]:
    """Return CDNV of every pair, (v_i + v_j) / (2 ||mean_i - mean_j||^2), NaN on the diagonal.

    v_k is the variance with divisor n_k. [galanti2022role]; the squared distance is theirs, other
    code raises the quotient to another power.

    Raises
    ------
    ValueError
        If a class has no sample or samples were refused.
    """
    statistics.checked()
    variances = class_variances(statistics)
    means = statistics.means
    distances = torch.cdist(means, means, compute_mode="donot_use_mm_for_euclid_dist")
    pairs = (variances[:, None] + variances[None, :]) / (2 * distances.square())
    return pairs.fill_diagonal_(torch.nan)


@checked
def mean_distance_normalised_variance(statistics: ClassStatistics) -> Float64[Tensor, ""]:
    """Return the mean of CDNV over the pairs of different classes; raises as the pairs do."""
    return distance_normalised_variances(statistics).nanmean()


@checked
def nearest_centre_error(
    variance: Float64[Tensor, "*batch"], directions: int
) -> Float64[Tensor, "*batch"]:
    """Return the chance that a sample lies nearer to the other of two class means, from the CDNV.

        Q(sqrt(r / CDNV) / 2),   Q the upper tail of the standard normal law,

    for Gaussian noise spread evenly over r orthogonal ``directions``, one of them that from mean
    to mean (prop-noise-oracle).
    """
    return torch.special.ndtr(-(directions / variance).sqrt() / 2)


def _pooled_scatter(statistics: ClassStatistics, convention: Convention) -> Tensor:
    """Return S_W, the pooled scatter over N."""
    if statistics.scatter is None:
        raise ValueError("NC1 needs the scatter matrix, got statistics made with full=False")
    counts = statistics.counts
    if convention.within is Weighting.CLASSES and bool((counts != counts[0]).any()):
        raise ValueError(
            "a class-weighted S_W needs classes of one size once the scatter is pooled, "
            f"got counts from {int(counts.min())} to {int(counts.max())}"
        )
    return statistics.scatter / counts.sum()
