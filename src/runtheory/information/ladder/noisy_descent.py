"""Noisy gradient descent to the mean of Gaussian examples, in closed form.

Examples A_i ~ N(mu, s^2 I_d), training loss |w - a|^2 / 2, and full-batch steps

    W_t = W_{t-1} - gamma (W_{t-1} - mean of the A_i) + tau xi_t,   xi_t ~ N(0, I_d),

from a fixed W_0. Everything is jointly Gaussian. With r = 1 - gamma, given the mean of the examples
W_T has the mean r^T W_0 + (1 - r^T) (mean of A_i) and the variance tau^2 (1 - r^2T) / (1 - r^2)
in each coordinate. The four informations about one example go up from :func:`iterate_information`
to :func:`step_information`; only the last is what the theorem on noisy descent bounds. Float64,
nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize_scalar

from runtheory import checks
from runtheory.boundary import checked


@dataclass(frozen=True)
class NoisyDescent:
    """The model: n = ``samples``, T = ``steps``, gamma = ``learning_rate``, tau = ``noise``.

    d = ``dimension``, s = ``deviation``, and ``start`` is the length |W_0 - mu|.

    Raises
    ------
    ValueError
        If ``dimension`` or ``steps`` is below 1, ``samples`` below 2, ``learning_rate`` lies
        outside (0, 2), ``noise`` or ``deviation`` is not positive, or ``start`` is negative or
        not finite.
    """

    dimension: int
    samples: int
    steps: int
    learning_rate: float
    noise: float
    deviation: float = 1.0
    start: float = 0.0

    def __post_init__(self) -> None:
        checks.at_least(1, dimension=self.dimension, steps=self.steps)
        checks.at_least(2, samples=self.samples)
        checks.in_interval(0, 2, ends="()", learning_rate=self.learning_rate)
        checks.positive_finite(noise=self.noise, deviation=self.deviation)
        checks.not_negative(start=self.start)
        checks.in_interval(0, math.inf, ends="[)", start=self.start)

    @property
    def pull(self) -> float:
        """1 - (1 - gamma)^T, the weight of the examples' mean in W_T."""
        return 1 - (1 - self.learning_rate) ** self.steps

    @property
    def spread(self) -> float:
        """The variance of each coordinate of W_T given the examples."""
        rest = 1 - self.learning_rate
        return self.noise**2 * (1 - rest ** (2 * self.steps)) / (1 - rest**2)

    @property
    def step_signal(self) -> float:
        """gamma^2 s^2 / tau^2: what one example alone would move a step by, over the noise."""
        return (self.learning_rate * self.deviation / self.noise) ** 2


@checked
def responses(model: NoisyDescent) -> Float64[np.ndarray, "step source"]:
    """Return what each of W_1 .. W_T takes of each source, one row a step, step by step.

    The sources are the n examples and the T draws of noise, in units of s and of one, so that
    rows @ normal numbers are drawn weights (one coordinate, less its mean), and rows @ rows.T is
    their covariance. It is the recursion itself: what the closed forms are compared with.
    """
    rows = np.zeros((model.steps + 1, model.samples + model.steps))
    for step in range(1, model.steps + 1):
        rows[step] = (1 - model.learning_rate) * rows[step - 1]
        rows[step, : model.samples] += model.learning_rate * model.deviation / model.samples
        rows[step, model.samples + step - 1] += model.noise
    return rows[1:]


@checked
def recursion_information(
    model: NoisyDescent, *, last: bool = False, others: bool = False
) -> float:
    """Return an information about one example from determinants of covariances, the slow way.

    Of the whole path, or of the last iterate alone; with the other examples known, or not. For
    any of them it is half of log det of the covariance less that with the example known.
    """
    rows = responses(model)[-1 if last else 0 :]
    unknown = np.delete(rows, range(1, model.samples if others else 1), axis=1)
    before, after = (np.linalg.slogdet(kept @ kept.T)[1] for kept in (unknown, unknown[:, 1:]))
    return model.dimension / 2 * float(before - after)


@checked
def squared_gap(model: NoisyDescent) -> float:
    """Return the gap of |w - a|^2 at W_T: 2 (1 - (1 - gamma)^T) s^2 d / n."""
    return 2 * model.pull * model.deviation**2 * model.dimension / model.samples


@checked
def squared_test_loss(model: NoisyDescent) -> float:
    """Return E|W_T - A|^2 for a new A: its own s^2 d, and W_T's variance and squared bias."""
    bias = (1 - model.pull) * model.start
    return model.dimension * (model.deviation**2 + _variance(model)) + bias**2


@checked
def iterate_information(model: NoisyDescent) -> float:
    """Return I(W_T; A_i): what the last iterate holds. It is below (d/2) log(n / (n - 1))."""
    signal = (model.pull * model.deviation / model.samples) ** 2  # of one example, in W_T
    return -model.dimension / 2 * math.log1p(-signal / _variance(model))


@checked
def path_information(model: NoisyDescent) -> float:
    """Return I(W_0, ..., W_T; A_i), which tends to (d/2) log(n / (n - 1)).

    (W_t - (1 - gamma) W_{t-1}) / gamma is the examples' mean with fresh noise of variance
    (tau / gamma)^2: T looks at one number a coordinate.
    """
    looks, samples = model.steps * model.step_signal, model.samples
    known = looks * (samples - 1) / samples**2
    return model.dimension / 2 * math.log1p(looks / samples**2 / (1 + known))


@checked
def path_information_given_others(model: NoisyDescent) -> float:
    """Return I(W_0, ..., W_T; A_i | the other examples), which grows like (d/2) log T."""
    looks = model.steps * model.step_signal
    return model.dimension / 2 * math.log1p(looks / model.samples**2)


@checked
def step_information(model: NoisyDescent) -> float:
    """Return T d gamma^2 s^2 / (2 n (n - 1) tau^2), the theorem's sum over the steps.

    Each step counts the example's deviation from the mean of the others, of variance
    s^2 n / (n - 1) a coordinate, as if no step before had told anything of it.
    """
    looks, samples = model.steps * model.step_signal, model.samples
    return model.dimension * looks / (2 * samples * (samples - 1))


@checked
def excess_bound(model: NoisyDescent, information: float) -> float:
    """Return the bound on the gap of |w - a|^2 from an information about one example.

    The lemma of Donsker and Varadhan for -x r with the excess r = |W_T - A|^2 - |mu - A|^2, whose
    gap is that of the loss: the least (information + x E r + log E exp(-x r)) / x over x > 0, the
    expectations over independent W_T and A. With q the variance of a coordinate of W_T, b^2 the
    squared bias and k = x - 2 x^2 s^2, E r = d q + b^2 and
    log E exp(-x r) = -(d/2) log(1 + 2 k q) - k b^2 / (1 + 2 k q).

    Raises
    ------
    ValueError
        If ``information`` is negative or not finite.
    """
    checks.in_interval(0, math.inf, ends="[)", information=information)
    if information == 0:
        return 0.0
    unit, dimension = model.deviation**2, model.dimension
    spread, bias = _variance(model) / unit, ((1 - model.pull) * model.start) ** 2 / unit

    def value(scale: float) -> float:
        x = math.exp(scale)
        k = x - 2 * x**2
        moment = -dimension / 2 * math.log1p(2 * k * spread) - k * bias / (1 + 2 * k * spread)
        return (information + x * (dimension * spread + bias) + moment) / x

    # Beyond this x, in units of 1 / s^2, the generating function is infinite.
    last = (1 + math.sqrt(1 + 4 / spread)) / 4 * (1 - 1e-9)
    least = minimize_scalar(
        value, bounds=(-25.0, math.log(last)), method="bounded", options={"xatol": 1e-12}
    )
    return unit * float(least.fun)


def _variance(model: NoisyDescent) -> float:
    # Of each coordinate of W_T, over examples and noise.
    return model.pull**2 * model.deviation**2 / model.samples + model.spread
