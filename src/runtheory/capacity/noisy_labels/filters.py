r"""Linear fits that keep a share of each principal direction: what they miss, what they memorise.

Examples have inputs $X$ (example, feature) of rank r with left singular vectors $u_1, \dots, u_r$,
in the order of falling singular values. A fit with factors $a_j$ returns
$\hat Y = \sum_j a_j u_j u_j^\top Y$ of its targets. Least squares has $a_j = 1$; a cut at K keeps
the first K; dropout of the principal scores at rate p has $a_j = 1 - p$ (thm-filters). Float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate
from runtheory.dropout.ordered import keep_chances

Inputs = Float[Tensor, "example feature"]
Targets = Float[Tensor, "example output"]
Directions = Float64[Tensor, "example direction"]


@checked
def principal_directions(inputs: Inputs) -> tuple[Directions, Float64[Tensor, " direction"]]:
    """Return the left singular vectors as columns, with the singular values that are not zero.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    tensor_checks.finite(inputs=inputs)
    values = inputs.double()
    left, sizes, _ = torch.linalg.svd(values, full_matrices=False)
    if not len(sizes):
        return left, sizes
    lost = max(values.shape) * torch.finfo(torch.float64).eps * sizes.max()
    rank = int((sizes > lost).sum())
    return left[:, :rank], sizes[:rank]


@checked
def cut_factors(rank: int, *, kept: int) -> Float64[Tensor, " direction"]:
    """Return ``kept`` ones, then zeros: principal-component regression.

    Raises
    ------
    ValueError
        If ``rank`` is negative or ``kept`` lies outside 0 to ``rank``.
    """
    checks.not_negative(rank=rank)
    checks.in_interval(0, rank, kept=kept)
    return (torch.arange(rank) < kept).double()


@checked
def filtered(
    directions: Float[Tensor, "example direction"],
    targets: Float[Tensor, "*stack example output"],
    factors: Sequence[float] | Float[Tensor, " direction"],
) -> Float64[Tensor, "*stack example output"]:
    """Return the fit to each set of targets.

    Raises
    ------
    ValueError
        If there is not one factor for each direction.
    """
    scale = _factors(directions, factors)
    wide = directions.double()
    return (wide * scale) @ (wide.T @ targets.double())


@checked
def expected_error(
    directions: Float[Tensor, "example direction"],
    means: Targets,
    factors: Sequence[float] | Float[Tensor, " direction"],
    *,
    variance: float,
) -> tuple[float, float]:
    r"""Return squared bias and variance of a fit at its own inputs, for each example on average.

    Targets are ``means`` plus noise that is uncorrelated between examples and has, summed over
    outputs, the ``variance`` $\sigma^2$. The two parts are
    $\frac1n \|M - \hat M\|^2$ and $\frac{\sigma^2}{n} \sum_j a_j^2$ (thm-filters).

    Raises
    ------
    ValueError
        If ``variance`` is negative, or there is not one factor for each direction.
    """
    checks.not_negative(variance=variance)
    scale = _factors(directions, factors)
    missed = means.double() - filtered(directions, means, scale)
    count = len(means)
    return float(missed.square().sum()) / count, variance * float(scale.square().sum()) / count


@checked
def cut_errors(
    energies: Float[Tensor, " direction"], *, examples: int, variance: float
) -> Float64[Tensor, " kept"]:
    r"""Return the error at its own inputs of cuts at K = 0, ..., r: :func:`expected_error`, summed.

    ``energies`` are the squared sizes of the means along each direction, summed over outputs; what
    the means have outside the directions is left out.

    Raises
    ------
    ValueError
        If ``examples`` is below the number of directions or one, an energy or the ``variance`` is
        negative, or an energy is not finite.
    """
    wide = _energies(energies, examples, variance)
    missed = wide.flip(0).cumsum(0).flip(0)
    kept = torch.arange(len(wide) + 1, device=wide.device, dtype=torch.float64)
    return (torch.cat([missed, wide.new_zeros(1)]) + variance * kept) / examples


@checked
def shrunk_errors(
    energies: Float[Tensor, " direction"], *, examples: int, variance: float
) -> Float64[Tensor, " kept"]:
    """Return the errors of dropout that memorises as much as cuts at K = 0, ..., r.

    All factors are K / r. Takes and raises what :func:`cut_errors` does, and ``ValueError`` without
    directions.
    """
    checks.at_least(1, directions=len(energies))
    wide = _energies(energies, examples, variance)
    factor = torch.arange(len(wide) + 1, device=wide.device).double() / len(wide)
    noise = variance * len(wide) * factor.square()
    return ((1 - factor).square() * wide.sum() + noise) / examples


@checked
def memorised_share(
    factors: Sequence[float] | Float[Tensor, " direction"], *, examples: int
) -> float:
    r"""Return how much of its own targets' noise a fit gives back: $\frac1n \sum_j a_j$.

    Raises
    ------
    ValueError
        If ``examples`` is below one, there are more factors than examples, or one is not finite.
    """
    scale = torch.as_tensor(factors, dtype=torch.float64)
    checks.at_least(max(1, len(scale)), examples=examples)
    tensor_checks.finite(factors=scale)
    return float(scale.sum()) / examples


@checked
def dropout_weights(
    inputs: Inputs, targets: Targets, *, rate: float
) -> Float64[Tensor, "feature output"]:
    r"""Return the weights of least mean squared error over all inverted dropout masks of inputs.

    $(X^\top X + \frac{p}{1-p} \operatorname{diag}(X^\top X))^{-1} X^\top Y$.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1), a number is not finite, or the minimiser is not unique.
    """
    check_rate(rate)
    tensor_checks.finite(inputs=inputs, targets=targets)
    products = inputs.double().T @ inputs.double()
    penalty = rate / (1 - rate) * products.diagonal().diag()
    return _solved(products + penalty, inputs.double().T @ targets.double())


@checked
def ordered_weights(
    inputs: Inputs, targets: Targets, *, chances: Float[Tensor, " feature"]
) -> Float64[Tensor, "feature output"]:
    r"""Return the weights of least mean squared error over the cuts of inputs.

    A cut keeps the first features, length K of 1, ..., d with its chance; nothing is rescaled. Two
    features i and j are both kept where K reaches the later one, with the tail sum $q$ of its
    chance: $A_{ij} = q_{\max(i,j)} (X^\top X)_{ij}$, $b_i = q_i (X^\top Y)_i$, $A w = b$.

    Raises
    ------
    ValueError
        If chances are not a distribution or not one a feature, a number is not finite, or the
        minimiser is not unique.
    """
    tensor_checks.finite(inputs=inputs, targets=targets)
    tails = keep_chances(chances).double()
    both = torch.minimum(tails[:, None], tails)  # tails never rise
    wide = inputs.double()
    return _solved(both * (wide.T @ wide), tails[:, None] * (wide.T @ targets.double()))


@checked
def new_input_errors(
    inputs: Inputs,
    weights: Float[Tensor, "feature output"],
    *,
    deviations: Float[Tensor, " feature"],
    variance: float,
) -> Float64[Tensor, " kept"]:
    r"""Return the expected squared error on a new input, given ``inputs``, of cuts at 0, ..., r.

    The new input has independent features of mean zero and standard ``deviations`` D; targets are
    ``inputs @ weights`` plus noise. With right singular vectors v and singular values s it is
    $\|D (W - \sum_{j \le K} v_j v_j^\top W)\|^2 + \sigma^2 \sum_{j \le K} \|D v_j\|^2 / s_j^2$.

    Raises
    ------
    ValueError
        If ``variance`` or a deviation is negative, or a number is not finite.
    """
    checks.not_negative(variance=variance)
    tensor_checks.finite(inputs=inputs, weights=weights, deviations=deviations)
    if tensor_checks.readable(deviations):
        checks.not_negative(deviations=deviations.tolist())
    rank = principal_directions(inputs)[0].shape[1]
    _, sizes, right = torch.linalg.svd(inputs.double(), full_matrices=False)
    spread, wide = deviations.double()[:, None], weights.double()
    parts = right[:rank, :, None] * (right[:rank] @ wide)[:, None]  # (direction, feature, output)
    missed = wide - torch.cat([torch.zeros_like(wide)[None], parts.cumsum(0)])
    bias = (spread * missed).square().sum((1, 2))
    added = (spread * right[:rank].T).square().sum(0) / sizes[:rank].square()
    return bias + variance * torch.cat([added.new_zeros(1), added.cumsum(0)])


@checked
def gaussian_error(examples: int, *, features: int, variance: float) -> float:
    r"""Return the mean of :func:`new_input_errors` over normal inputs, with all features kept.

    $\sigma^2 d / (n - d - 1)$, whatever the covariance of the inputs (thm-new-inputs); infinite for
    $n \le d + 1$ unless the variance is zero.

    Raises
    ------
    ValueError
        If there are fewer examples than features, a count is below one, or ``variance`` is
        negative.
    """
    checks.at_least(1, features=features)
    checks.at_least(features, examples=examples)
    checks.not_negative(variance=variance)
    room = examples - features - 1
    if variance == 0:
        return 0.0
    return variance * features / room if room > 0 else math.inf


def _energies(energies: Tensor, examples: int, variance: float) -> Tensor:
    checks.at_least(max(1, len(energies)), examples=examples)
    checks.not_negative(variance=variance)
    tensor_checks.finite(energies=energies)
    if tensor_checks.readable(energies):
        checks.not_negative(energies=energies.tolist())
    return energies.double()


def _factors(directions: Tensor, factors: Sequence[float] | Tensor) -> Tensor:
    scale = torch.as_tensor(factors, dtype=torch.float64, device=directions.device)
    if len(scale) != directions.shape[1]:
        raise ValueError(
            f"factors must be {directions.shape[1]}, one a direction, got {len(scale)}"
        )
    return scale


def _solved(matrix: Tensor, right: Tensor) -> Tensor:
    if int(torch.linalg.matrix_rank(matrix)) < len(matrix):
        raise ValueError("the minimiser must be unique, got inputs of linearly dependent features")
    return torch.linalg.solve(matrix, right)
