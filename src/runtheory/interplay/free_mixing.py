"""Free features for mixed images: which classifier and which features minimise the loss.

Every mixed image has a feature of its own; with targets t that mix two
independent labels of K balanced classes, E ||h||^2 the mean over mixed images, and decay l_W, l_H,

    min E ce(W h, t) + (l_W/2) ||W||^2 + (l_H/2) E ||h||^2

has W W' = k l_H (I - J/K), logits z = k (t - softmax(z)) for every mixture, and k > 0 solves
E ||t - softmax(z)||^2 = (K - 1) l_W l_H. Everything is float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.optimize import brentq
from scipy.special import wrightomega

from runtheory import checks
from runtheory.boundary import checked

Array = np.ndarray


@dataclass(frozen=True)
class ShareLaw:
    """A law of the share that an image keeps, on finitely many points: two independent labels.

    Raises
    ------
    ValueError
        If shares or weights lie outside [0, 1], the weights do not sum to one, or there is not
        one weight for each share.
    """

    shares: Float64[np.ndarray, "point"]
    weights: Float64[np.ndarray, "point"]

    def __post_init__(self) -> None:
        if self.shares.ndim != 1 or self.shares.shape != self.weights.shape or not self.shares.size:
            shapes = f"{self.shares.shape} and {self.weights.shape}"
            raise ValueError(f"shares and weights must be points of one number, got {shapes}")
        checks.in_interval(0, 1, shares=self.shares)
        checks.not_negative(weights=self.weights)
        if abs(self.weights.sum() - 1) > 1e-9:
            raise ValueError(f"weights must sum to one, got {self.weights.sum()}")

    @property
    def concentration(self) -> float:
        """E[share^2 + (1 - share)^2]: one for labels that are not mixed."""
        return float(self.weights @ (self.shares**2 + (1 - self.shares) ** 2))


UNMIXED = ShareLaw(np.ones(1), np.ones(1))

STRONGEST = 1e9
"""The largest strength: beyond it, differences of numbers of its size lose the logits."""


@checked
def uniform_shares(points: int = 64) -> ShareLaw:
    """Return Gauss-Legendre points for a share uniform on [0, 1]: Mixup at alpha 1."""
    checks.at_least(1, points=points)
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return ShareLaw((nodes + 1) / 2, weights / 2)


@checked
def free_logits(targets: Float64[np.ndarray, "point class"], strength: float) -> Array:
    """Return the solution z of z = strength (t - softmax(z)) for every row t.

    With S the normaliser, z_c + (k/S) exp(z_c) = k t_c, so z_c = k t_c - omega(k t_c + log(k/S)),
    omega Wright's function; log(k/S) is the root of sum_c z_c = 0.

    Raises
    ------
    ValueError
        If a row is no distribution, or ``strength`` lies outside (0, 1e9].
    """
    checks.in_interval(0, STRONGEST, ends="(]", strength=strength)
    if targets.ndim != 2 or not (targets >= 0).all() or not np.allclose(targets.sum(1), 1):
        raise ValueError("targets must be distributions, one a row")
    scaled = strength * targets  # k t, (point, class)
    logits = np.empty_like(scaled)
    for index, row in enumerate(scaled):
        # At the lower end every omega is below its z's argument, at the upper above it.
        low, high = -row.max() - 50, np.log(strength) + 50
        root = brentq(_excess, low, high, args=(row,), xtol=1e-14)
        logits[index] = row - wrightomega(row + root).real
    return logits


@checked
def residual(law: ShareLaw, classes: int, strength: float) -> float:
    """Return E ||t - softmax(z)||^2 at this strength.

    The two labels are independent and uniform, so that one in K mixtures is of one class. Raises
    ``ValueError`` for fewer than two classes, else as :func:`free_logits`.
    """
    checks.at_least(2, classes=classes)
    logits = free_logits(_targets(law.shares, classes), strength)
    alone = free_logits(np.eye(1, classes), strength)
    mixed = law.weights @ np.square(logits).sum(1)
    same = 1 / classes  # the chance that both labels are one
    # |t - softmax|^2 = |z|^2 / k^2
    return float((same * np.square(alone).sum() + (1 - same) * mixed) / strength**2)


@checked
def free_strength(law: ShareLaw, classes: int, decay: float) -> float:
    """Return the strength k at ``decay`` = sqrt(l_W l_H), and 0 where the best features are none.

    There is a positive one exactly if decay^2 < E[s^2 + (1 - s)^2] / K, s the share.

    Raises
    ------
    ValueError
        If ``decay`` is not positive or there are fewer than two classes.
    """
    checks.positive(decay=decay)
    checks.at_least(2, classes=classes)
    if decay**2 >= law.concentration / classes:
        return 0.0
    goal = np.log((classes - 1) * decay**2)

    def gap(logarithm: float) -> float:
        return float(np.log(residual(law, classes, float(np.exp(logarithm)))) - goal)

    high = 1.0
    while gap(high) > 0:
        high += 2.0
    low = -1.0
    while gap(low) < 0:
        low -= 2.0
    return float(np.exp(brentq(gap, low, high, xtol=1e-13)))


@checked
def path_height(share: float, *, strength: float, classes: int) -> float:
    """Return how far the two logits of a mixture lie, in the mean, above each of the others.

    With the other logits at -x and g the difference of the two, the height is K x / 2, where
    2 x exp(K x / 2) cosh(g / 2) + (K - 2) x = k and
    g + (k - (K - 2) x) tanh(g / 2) = k |2 share - 1|, k the strength [thm-free-mixing].

    Raises
    ------
    ValueError
        If the share lies outside [0, 1], the strength outside (0, 1e9], or there are fewer than
        three classes.
    """
    checks.in_interval(0, 1, share=share)
    checks.in_interval(0, STRONGEST, ends="(]", strength=strength)
    checks.at_least(3, classes=classes)

    def cosine(x: float) -> float:
        return (strength / x - classes + 2) / 2 * math.exp(-classes * x / 2)

    def excess(x: float) -> float:
        lead = 2 * math.acosh(max(cosine(x), 1.0))
        slope = (strength - (classes - 2) * x) * math.tanh(lead / 2)
        return lead + slope - strength * abs(2 * share - 1)

    # The even mixture lies highest; from there x falls, and the lead rises, to either end.
    lowest, even = 1e-12, strength / classes
    highest = brentq(lambda x: cosine(x) - 1, lowest, even, xtol=1e-15)
    root = highest if share == 0.5 else brentq(excess, lowest, highest, xtol=1e-15)
    return classes * float(root) / 2


def _targets(shares: Array, classes: int) -> Array:
    targets = np.zeros((len(shares), classes))
    targets[:, 0], targets[:, 1] = shares, 1 - shares
    return targets


def _excess(logarithm: float, scaled: Array) -> float:
    return float((scaled - wrightomega(scaled + logarithm).real).sum())
