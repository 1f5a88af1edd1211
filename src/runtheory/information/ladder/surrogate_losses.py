"""The squared loss of the Gaussian mean, in closed form.

The model of :mod:`conditional_laws`: W is the mean of n draws U_i of N(mu, s^2 I_d). The
individual-sample bound depends on the function that the lemma of Donsker and Varadhan is applied
to: for |W - U|^2 it is O(n^(-1/2)), for the excess |W - U|^2 - |mu - U|^2, which has the same gap,
it has the rate and even the constant of the gap. Float64, nats.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq, minimize_scalar

from runtheory.boundary import checked
from runtheory.information.ladder.conditional_laws import GaussianMeanModel


@checked
def squared_loss_gap(model: GaussianMeanModel) -> float:
    """Return E|W - U|^2 - E|W - U_i|^2 = 2 s^2 d / n: s^2 d (1 + 1/n) less s^2 d (1 - 1/n)."""
    return 2 * model.deviation**2 * model.dimension / model.samples


@checked
def squared_loss_bound(model: GaussianMeanModel) -> float:
    """Return s^2 d (1 + 1/n) sqrt(2 log(n / (n - 1))), individual-sample [bu2020tightening].

    With independent W and U, |W - U|^2 is v times a chi-square variable of d degrees,
    v = s^2 (1 + 1/n), and log E exp(-x (l - E l)) <= d v^2 x^2 for x >= 0. So gap <=
    inf (I + d v^2 x^2) / x = 2 v sqrt(d I), I = (d/2) log(n / (n - 1)). O(n^(-1/2)), while the gap
    is O(1/n).
    """
    return _variance(model) * model.dimension * math.sqrt(2 * model.log_shrinkage)


@checked
def squared_loss_exact_bound(model: GaussianMeanModel) -> float:
    """Return the same bound with the exact generating function: s^2 d (1 + 1/n) y.

    log E exp(-x (l - E l)) = d v x - (d/2) log(1 + 2 v x), and the best x gives y in (0, 1) with
    -log(1 - y) - y = log(n / (n - 1)). Still O(n^(-1/2)), for y^2 / 2 ~ 1/n: the variance of the
    loss does not fall with n, as that of |mu - U|^2 is in it.
    """
    information = model.log_shrinkage

    def excess(y: float) -> float:
        return -math.log1p(-y) - y - information

    upper = min(math.sqrt(2 * information), 1 - 1e-15)
    return _variance(model) * model.dimension * float(brentq(excess, 0.0, upper, rtol=1e-14))


@checked
def excess_loss_bound(model: GaussianMeanModel) -> float:
    """Return the same bound for the excess r = |W - U|^2 - |mu - U|^2; it tends to the gap.

    The means of |mu - U|^2 agree under both laws, so that r has the same gap. With independent W
    and U, E r = s^2 d / n and log E exp(-x r) = -(d/2) log(1 + (2 s^2 / n)(x - 2 x^2 s^2)); the
    bound is the least (I + x E r + log E exp(-x r)) / x. At x = 1 / (2 s^2) it is
    2 s^2 d / n to first order. A change of function of this kind is in [zhou2023exactly].
    """
    information, samples = model.log_shrinkage, model.samples

    def value(x: float) -> float:
        moment = math.log1p(2 / samples * (x - 2 * x**2))
        return (information / 2 + x / samples - moment / 2) / x

    # Beyond this x, in units of 1 / s^2, the generating function is infinite.
    ends = (1e-6, (1 + math.sqrt(1 + 4 * samples)) / 4 * (1 - 1e-9))
    least = minimize_scalar(value, bounds=ends, method="bounded", options={"xatol": 1e-12})
    return model.deviation**2 * model.dimension * float(least.fun)


def _variance(model: GaussianMeanModel) -> float:
    return model.deviation**2 * (1 + 1 / model.samples)
