"""Generalisation bounds over the layers of one network.

A network is T_0 = X, T_l = g_l(T_{l-1}; W_l) for l = 1..L, learnt from n samples Z_i = (X_i, Y_i),
with a loss l(T_L, Y) that is s-sub-Gaussian under P_W x P_Z (s = 1/2 for values in [0, 1]). The
gap is E[test loss - training loss]. Arrays have one row for each layer 0..L and one column for
each sample; one column is enough where the samples are exchangeable. All information is in nats;
a value below zero by rounding alone (1e-9) counts as zero.

The bounds have the form of those of [he2024information]: what is stated here is derived here, not
quoted. They compare the layers *of one network*; they do not compare networks of different depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from runtheory import checks
from runtheory.boundary import checked

LayerSamples = Float64[np.ndarray, "layer sample"]
Layers = Float64[np.ndarray, "layer"]

ROUNDING = 1e-9


@checked
def divergence_bound(
    information: LayerSamples, divergence: LayerSamples, *, sub_gaussian: float = 0.5
) -> Layers:
    """Return the bound on |gap| of every layer, UB(0), ..., UB(L).

    UB(l) = (s sqrt 2 / n) sum_i sqrt(information[l, i] + divergence[l, i]), where

    * information[l, i] = I(T_{l,i}, Y_i ; W_{l+1..L} | W_{1..l}), and
    * divergence[l, i] = D(P(T_{l,i}, Y_i | W_{1..l}) || P(T_l, Y | W_{1..l}) | P(W_{1..l})).

    Their sum is the divergence of (T_{l,i}, Y_i, W) from its law with a fresh sample, by the chain
    rule; the bound is the Donsker-Varadhan inequality. UB(0) is the individual-sample bound with
    I(W; Z_i); information[L] = 0. By data processing UB(L) <= ... <= UB(0), with nothing that
    makes a step strict.

    Raises
    ------
    ValueError
        If the shapes differ, an entry is negative or not finite, or ``sub_gaussian`` is not
        positive.
    """
    if information.shape != divergence.shape:
        raise ValueError(
            f"information and divergence need one shape, got {information.shape} "
            f"and {divergence.shape}"
        )
    total = _not_negative(information, "information") + _not_negative(divergence, "divergence")
    checks.positive_finite(sub_gaussian=sub_gaussian)
    return sub_gaussian * np.sqrt(2 * total).mean(1)


@checked
def contracted_bound(
    label: Float64[np.ndarray, "sample"],
    content: Float64[np.ndarray, "sample"],
    coefficients: Float64[np.ndarray, "noisy"],
    *,
    sub_gaussian: float = 0.5,
) -> Layers:
    """Return the bound on |gap| after 0, 1, ..., all of the noisy layers.

    (s sqrt 2 / n) sum_i sqrt(label[i] + eta_1 ... eta_l content[i]), with label[i] = I(Y_i; W),
    content[i] = I(X_i; W | Y_i) and eta_l a bound on the KL contraction of layer l for every
    weight. The label does not pass through the layers, so its term does not contract: with
    Y_i = W and a network that answers W, contracting it gives values below the gap. The bound is
    about the stochastic network, with its noise drawn afresh at every evaluation, on the training
    samples too. For product laws the actual contraction is stronger, see ``contraction``.

    Raises
    ------
    ValueError
        If the shapes differ, an entry is negative or not finite, a coefficient lies outside
        [0, 1], or ``sub_gaussian`` is not positive.
    """
    if label.shape != content.shape:
        raise ValueError(f"label and content need one shape, got {label.shape}, {content.shape}")
    label, content = _not_negative(label, "label"), _not_negative(content, "content")
    checks.positive_finite(sub_gaussian=sub_gaussian)
    checks.in_interval(0, 1, coefficients=coefficients)
    products = np.concatenate(([1.0], np.cumprod(coefficients)))  # after 0, 1, ... layers
    return sub_gaussian * np.sqrt(2 * (label + products[:, None] * content)).mean(1)


@checked
def finite_parameter_bound(
    *, parameters: int, levels: int, samples: int, label_entropy: float, coefficient: float = 1.0
) -> float:
    """Return a bound on |gap| for a loss in [0, 1] and weights on a grid of ``levels`` values.

    With H = parameters log(levels) >= H(W) >= sum_i I(Z_i; W) and a = min(H, n H(Y)), the sum of
    label terms is at most a, and Jensen's inequality turns :func:`contracted_bound` into
    sqrt((a + coefficient (H - a)) / (2 n)), ``coefficient`` the product of all contractions. Below
    sqrt(H(Y) / 2) it is sqrt(H / (2 n)): contraction does not enter, and each further layer raises
    it by its weights.

    Raises
    ------
    ValueError
        If a count is not positive, ``label_entropy`` is negative, or ``coefficient`` lies outside
        [0, 1].
    """
    checks.at_least(1, parameters=parameters, levels=levels, samples=samples)
    checks.not_negative(label_entropy=label_entropy)
    checks.in_interval(0, 1, coefficient=coefficient)
    entropy = parameters * math.log(levels)
    label = min(entropy, samples * label_entropy)
    return math.sqrt((label + coefficient * (entropy - label)) / (2 * samples))


@checked
def known_information_bound(
    information: float, *, label_entropy: float, coefficient: float = 1.0
) -> float:
    """Return a bound on |gap| for a loss in [0, 1] from J, a bound on the mean of I(Z_i; W).

    sqrt((a + coefficient (J - a)) / 2) with a = min(J, H(Y)): what an example's label can hold
    does not contract. ``coefficient`` is the product of all contractions. Below sqrt(H(Y) / 2) it
    does not enter.

    Raises
    ------
    ValueError
        If ``information`` or ``label_entropy`` is negative, or ``coefficient`` lies outside [0, 1].
    """
    checks.not_negative(information=information, label_entropy=label_entropy)
    checks.in_interval(0, 1, coefficient=coefficient)
    label = min(information, label_entropy)
    return math.sqrt((label + coefficient * (information - label)) / 2)


@dataclass(frozen=True)
class WassersteinLadder:
    """The Wasserstein bound of every layer and what its minimum rests on.

    ``values`` are the bounds on |gap| for layers 0..L and ``funnel`` the layer of the smallest, the
    deepest of equals. ``excess`` is the largest d_L - weight_l d_l over draws, samples and
    layers: no exact distance makes it positive, see :func:`wasserstein_ladder`.
    """

    values: Layers
    funnel: int
    excess: float


@checked
def wasserstein_ladder(
    distances: Float64[np.ndarray, "draw layer sample"],
    lipschitz: Float64[np.ndarray, "draw map"],
    *,
    loss_lipschitz: float,
) -> WassersteinLadder:
    """Return (rho/n) sum_i E_W[weight_l W1(P(T_{l,i}, Y_i | W), P(T_l, Y | W))] for every layer.

    ``distances`` holds W1 for draws of W, layers 0..L and samples; ``lipschitz`` a Lipschitz
    constant of each of the L maps T_{l-1} -> T_l for the same draws (operator norm times that of
    the activation); the loss is rho-Lipschitz in (T_L, Y), distances of the pair added.
    weight_l = max(1, product of the constants after l), because the label is carried along.

    A push-forward by a K-Lipschitz map multiplies W1 by at most K, so exact distances under one
    conditioning satisfy d_L <= weight_l d_l for every draw: values[L] is then the minimum, and a
    funnel strictly inside the network needs E d_L > E[weight_l d_l], hence excess > 0. A positive
    excess says that something is not W1 (a closed-form surrogate, an estimate whose bias grows
    with dimension), that the constants are not the maps' own, or that the conditioning differs.

    Raises
    ------
    ValueError
        If draws disagree, the number of maps is not layers - 1, an entry is negative or not
        finite, or ``loss_lipschitz`` is not positive.
    """
    draws, layers, _ = distances.shape
    if lipschitz.shape != (draws, layers - 1):
        raise ValueError(
            f"lipschitz needs shape {(draws, layers - 1)} for distances of shape "
            f"{distances.shape}, got {lipschitz.shape}"
        )
    distances = _not_negative(distances, "distances")
    checks.positive_finite(loss_lipschitz=loss_lipschitz)
    weights = lipschitz_weights(lipschitz)[:, :, None]
    weighted = weights * distances  # (draw, layer, sample)
    values = loss_lipschitz * weighted.mean((0, 2))
    funnel = layers - 1 - int(np.argmin(values[::-1]))
    return WassersteinLadder(values, funnel, float((distances[:, -1:] - weighted).max()))


@checked
def lipschitz_weights(
    lipschitz: Float64[np.ndarray, "draw map"],
) -> Float64[np.ndarray, "draw layer"]:
    """Return max(1, product of the constants after layer l) for l = 0..L; the last is one.

    Raises
    ------
    ValueError
        If a constant is negative or not finite.
    """
    after = np.cumprod(_not_negative(lipschitz, "lipschitz")[:, ::-1], axis=1)[:, ::-1]
    return np.maximum(1.0, np.hstack([after, np.ones((len(lipschitz), 1))]))


def _not_negative(values: np.ndarray, name: str) -> np.ndarray:
    if not np.all(np.isfinite(values) & (values >= -ROUNDING)):
        raise ValueError(f"{name} must be finite and not negative, got {np.min(values)}")
    return np.maximum(values, 0)
