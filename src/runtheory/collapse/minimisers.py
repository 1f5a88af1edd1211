"""Closed-form minimisers of the unconstrained-feature models of ``models``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.collapse.frames import sum_zero_basis
from runtheory.collapse.models import FeatureModel, Minimiser

BISECTIONS = 80  # of an interval of length below one: to the last bit of float64


@dataclass(frozen=True)
class _Modes:
    """Singular triples of the weighted targets, each with the N that its residual is divided by."""

    left: Tensor
    right: Tensor
    lengths: Tensor
    divisors: Tensor


@checked
def square_minimiser(model: FeatureModel) -> Minimiser:
    """Return the minimiser for the squared loss, any number of layers.

    Let A hold the class targets with columns scaled by sqrt(n_k). The bias removes or damps the
    direction of the constant, and what remains splits into singular modes of length s: per mode,

        (1/2N')(s - z)^2 + (p/2) C^(1/p) z^(2/p)  ->  min over z >= 0,

    so z = s u with u the larger root of (1 - u) u^(1 - 2/p) = N' C^(1/p) s^(2/p - 2), or u = 0
    (``surviving_share``); one layer is the soft threshold z = (s - N sqrt(l_W l_H))_+.

    * No bias: A = diag(sqrt n_k), N' = N. A general orthogonal frame; for one layer
      ||w_k||^2 = sqrt(n_k l_H/l_W) - N l_H, ||h_k||^2 = sqrt(l_W/(n_k l_H)) - N l_W/n_k,
      and class k dies where n_k <= N^2 l_W l_H. [dang2023neural]
    * Free bias: A = (I - n 1'/N) diag(sqrt n_k), N' = N and b = n/N; balanced: a simplex ETF.
    * Penalised bias, balanced: as without a bias, but the mode of the constant has
      N' = N (1 + 1/l_b). One layer: ETF where l_b <= N c/(sqrt n - N c), c = sqrt(l_W l_H).

    Returns class-level values in float64 on the CPU. Where two minimisers tie (a deep model at its
    threshold) the smaller one is returned.

    Raises
    ------
    ValueError
        If the targets are smoothed, or the classes differ in size under a bias penalty that is
        neither 0 nor infinite (no closed form is known to us).
    """
    if model.smoothing:
        raise ValueError(f"the squared loss is solved for smoothing 0, got {model.smoothing}")
    modes = _square_modes(model)
    factors = model.layers + 1
    ratio = modes.divisors * model.pressure * modes.lengths ** (2 / factors - 2)
    ratio = torch.where(modes.lengths > 0, ratio, torch.inf)
    singular = modes.lengths * surviving_share(ratio, layers=model.layers)  # (mode)
    residual = (modes.lengths - singular).square() / (2 * modes.divisors)
    loss = (residual + _penalty(model, singular)).sum()
    return _minimiser(model, modes, singular, bias=_square_bias(model, modes, singular), loss=loss)


@checked
def cross_entropy_minimiser(model: FeatureModel) -> Minimiser:
    """Return the minimiser for cross-entropy, one layer, balanced classes, any bias penalty.

    Z = a (I - J/K) at class level and b = 0: a simplex ETF. With c' = sqrt(n l_W l_H) and the
    label smoothing e,

        a = log(1/(c' + e/K) - (K - 1)),  zero where c' + e/K >= 1/K,
        loss = log(1 + (K - 1) exp(-a)) + (K - 1)(c' + e/K) a,
        ||w_k||^2 = sqrt(n l_H/l_W) a (K - 1)/K,   h_k = sqrt(l_W/(n l_H)) w_k.

    [zhu2021geometric] show for e = 0 that only the ETF is globally optimal, with another
    normalisation.

    Raises
    ------
    ValueError
        If the classes differ in size or the model has more than one layer.
    """
    if not model.balanced or model.layers != 1:
        raise ValueError(
            "cross-entropy is solved for one layer and classes of one size, "
            f"got {model.layers} layers and class_counts {model.class_counts}"
        )
    classes, count = model.classes, model.class_counts[0]
    slope = math.sqrt(count) * model.pressure + model.smoothing / classes
    scale = math.log(1 / slope - (classes - 1)) if slope * classes < 1 else 0.0
    loss = math.log1p((classes - 1) * math.exp(-scale)) + (classes - 1) * slope * scale
    modes = _balanced_modes(model)
    singular = math.sqrt(count) * scale * (modes.divisors == model.samples).to(torch.float64)
    singular[0] = 0.0
    bias = torch.zeros(classes, dtype=torch.float64)
    total = torch.tensor(loss, dtype=torch.float64)
    return _minimiser(model, modes, singular, bias=bias, loss=total)


@checked
def surviving_share(pressure: Float64[Tensor, "mode"], *, layers: int) -> Float64[Tensor, "mode"]:
    """Return u in [0, 1): the larger root of (1 - u) u^((M-1)/(M+1)) = pressure, else 0.

    The threshold is ``collapse_threshold(layers)``; just below it u exceeds (M-1)/M, so for M >= 2
    layers a class dies by a jump and for one layer continuously. Bisection to the last bit.

    Raises
    ------
    ValueError
        If a pressure is negative or NaN (infinity is taken: nothing survives), or ``layers`` is
        below one.
    """
    checks.at_least(1, layers=layers)
    if tensor_checks.readable(pressure) and not bool((pressure >= 0).all()):
        raise ValueError("pressure must not be negative, got a negative number or NaN")
    exponent = (layers - 1) / (layers + 1)
    low = torch.full_like(pressure, (layers - 1) / layers)
    high = torch.ones_like(pressure)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        beyond = (1 - middle) * middle**exponent < pressure
        low, high = torch.where(beyond, low, middle), torch.where(beyond, middle, high)
    return torch.where(pressure < collapse_threshold(layers), (low + high) / 2, 0.0)


@checked
def collapse_threshold(layers: int) -> float:
    """Return the pressure at which a mode of an M-layer model dies.

        (1/M) ((M-1)/M)^((M-1)/(M+1)),   1 for M = 1

    There the null solution and u = (M-1)/M have the same loss.

    Raises
    ------
    ValueError
        If ``layers`` is below one.
    """
    if layers < 1:
        raise ValueError(f"a model has one layer or more, got {layers}")
    return float(((layers - 1) / layers) ** ((layers - 1) / (layers + 1))) / layers


@checked
def class_pressures(model: FeatureModel) -> Float64[Tensor, "class"]:
    """Return N C^(1/p) n_k^(1/p - 1) per class: what ``surviving_share`` takes, bias-free."""
    return model.samples * model.pressure * model.counts() ** (1 / (model.layers + 1) - 1)


@checked
def factor_lengths(
    model: FeatureModel, singular: Float64[Tensor, "mode"]
) -> Float64[Tensor, "factor mode"]:
    """Return the singular values of W_M, ..., W_1, H that make Z's: l_j s_j^2 = (C z^2)^(1/p)."""
    penalties = torch.tensor((*model.layer_penalties, model.feature_penalty), dtype=torch.float64)
    common = model.pressure * singular ** (2 / len(penalties))
    return (common / penalties[:, None]).sqrt()


def _penalty(model: FeatureModel, singular: Tensor) -> Tensor:
    """Return the smallest penalty of all factorisations, mode by mode."""
    factors = model.layers + 1
    return factors / 2 * model.pressure * singular ** (2 / factors)


def _balanced_modes(model: FeatureModel) -> _Modes:
    """Return the modes for classes of one size; the constant is the first of them."""
    classes = model.classes
    constant = torch.full((classes, 1), classes**-0.5, dtype=torch.float64)
    basis = torch.cat([constant, sum_zero_basis(classes)], dim=1)
    lengths = torch.full((classes,), math.sqrt(model.class_counts[0]), dtype=torch.float64)
    divisors = torch.full_like(lengths, model.samples)
    if model.bias_penalty > 0:
        divisors[0] *= 1 + 1 / model.bias_penalty
    else:
        divisors[0] = torch.inf
    return _Modes(basis, basis, lengths, divisors)


def _square_modes(model: FeatureModel) -> _Modes:
    if model.balanced:
        return _balanced_modes(model)
    counts = model.counts()
    divisors = torch.full_like(counts, model.samples)
    if math.isinf(model.bias_penalty):
        identity = torch.eye(model.classes, dtype=torch.float64)
        return _Modes(identity, identity, counts.sqrt(), divisors)
    if model.bias_penalty:
        raise ValueError(
            "classes of different size are solved for bias_penalty 0 or infinity, "
            f"got {model.bias_penalty}"
        )
    shares = counts / model.samples
    centred = torch.diag(counts.sqrt()) - torch.outer(shares, counts.sqrt())  # (class, class)
    left, lengths, right = torch.linalg.svd(centred)
    # The constant is removed exactly: its singular value is zero, not rounding.
    lengths[-1] = 0.0
    return _Modes(left, right.T, lengths, divisors)


def _square_bias(model: FeatureModel, modes: _Modes, singular: Tensor) -> Tensor:
    """Return b = -(mean residual)/(1 + l_b)."""
    if math.isinf(model.bias_penalty):
        return torch.zeros(model.classes, dtype=torch.float64)
    if not model.balanced:
        return model.counts() / model.samples
    share = (1 - singular[0] / modes.lengths[0]) / (model.classes * (1 + model.bias_penalty))
    return share * torch.ones(model.classes, dtype=torch.float64)


def _minimiser(
    model: FeatureModel, modes: _Modes, singular: Tensor, *, bias: Tensor, loss: Tensor
) -> Minimiser:
    """Put the modes together: W = U s_W Q', H = Q s_H V' diag(1/sqrt n_k) for any isometry Q."""
    lengths = factor_lengths(model, singular)
    right = modes.right / model.counts().sqrt()[:, None]  # (class, mode)
    return Minimiser(
        scores=(modes.left * singular) @ right.T,
        bias=bias,
        classifier_gram=(modes.left * lengths[:-1].prod(0).square()) @ modes.left.T,
        feature_gram=(right * lengths[-1].square()) @ right.T,
        loss=loss,
    )
