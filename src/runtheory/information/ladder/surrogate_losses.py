"""Losses of the Gaussian mean in closed form.

The model of :mod:`conditional_laws`: W is the mean of n draws U_i of N(mu, s^2 I_d). With squared
loss the individual-sample bound is of the wrong order in n, also with the exact
cumulant generating function; the reason is in the Gaussian tail, not in a constant. Float64, nats.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq

from runtheory.information.ladder.conditional_laws import GaussianMeanModel


def squared_loss_gap(model: GaussianMeanModel) -> float:
    """Return E|W - U|^2 - E|W - U_i|^2 = 2 s^2 d / n: s^2 d (1 + 1/n) less s^2 d (1 - 1/n)."""
    return 2 * model.deviation**2 * model.dimension / model.samples


def linear_loss_gap(model: GaussianMeanModel) -> float:
    """Return the gap of the loss -W.U: E|W|^2 - E W.mu = s^2 d / n."""
    return model.deviation**2 * model.dimension / model.samples


def squared_loss_bound(model: GaussianMeanModel) -> float:
    """Return s^2 d (1 + 1/n) sqrt(2 log(n / (n - 1))), individual-sample [bu2020tightening].

    With independent W and U, |W - U|^2 is v times a chi-square variable of d degrees,
    v = s^2 (1 + 1/n), and log E exp(-x (l - E l)) <= d v^2 x^2 for x >= 0. So gap <=
    inf (I + d v^2 x^2) / x = 2 v sqrt(d I), I = (d/2) log(n / (n - 1)). O(n^(-1/2)), while the gap
    is O(1/n).
    """
    return _variance(model) * model.dimension * math.sqrt(2 * model.log_shrinkage)


def squared_loss_exact_bound(model: GaussianMeanModel) -> float:
    """Return the same bound with the exact generating function: s^2 d (1 + 1/n) y.

    log E exp(-x (l - E l)) = d v x - (d/2) log(1 + 2 v x), and the best x gives y in (0, 1) with
    -log(1 - y) - y = log(n / (n - 1)). Still O(n^(-1/2)), for y^2 / 2 ~ 1/n.
    """
    information = model.log_shrinkage

    def excess(y: float) -> float:
        return -math.log1p(-y) - y - information

    upper = min(math.sqrt(2 * information), 1 - 1e-15)
    return _variance(model) * model.dimension * float(brentq(excess, 0.0, upper, rtol=1e-14))


def _variance(model: GaussianMeanModel) -> float:
    return model.deviation**2 * (1 + 1 / model.samples)
