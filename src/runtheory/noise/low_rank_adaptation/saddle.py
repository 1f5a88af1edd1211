r"""The smallest adapter, one number times another: how long it stays at the saddle B = 0.

Gradient flow on the expected error $\frac12 \mathbb{E}(m - \xi ab)^2$ of the product ab from
(a_0, 0); the factor $\xi$ is dropout's. Times are in units of 1 / learning rate and more: small
steps of descent with learning rate h reach time t after t / h of them. NumPy, float64.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy.integrate import solve_ivp

from runtheory import checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate
from runtheory.intervals import Numbers, real

Path = Float[np.ndarray, " time"]


@checked
def product(times: Numbers, *, start: float, rate: float = 0.0, target: float = 1.0) -> Path:
    r"""Return ab at the times, in closed form (thm-saddle-time).

    $ab = \frac{a_0^2}{2} \sinh 2u$ with
    $\tanh u = m \tanh(Rt) / (R + c \tanh(Rt))$, $c = a_0^2 / (2(1-p))$, $R^2 = m^2 + c^2$.

    Raises
    ------
    ValueError
        If ``start`` or ``target`` is not positive and finite, ``rate`` is outside [0, 1), or a time
        is negative or not finite.

    Example
    -------
    >>> from runtheory.noise.low_rank_adaptation.saddle import product
    >>> product([0.0, 3.0, 10.0], start=0.1).round(3).tolist()
    [0.0, 0.503, 1.0]
    """
    _check(start, rate, target)
    at = _times(times)
    bend = start**2 / (2 * (1 - rate))
    root = math.hypot(target, bend)
    gap = bend**2 / (root + target)  # root - target, without the cancellation
    fading = np.exp(-2 * root * at)
    above = (root + target + bend) + fading * (gap - bend)
    below = (gap + bend) + fading * (root + target - bend)
    growth = np.maximum(above / below, 1.0)  # e^(2u); rounding must not go below its start
    return np.asarray(start**2 / 4 * (growth - 1 / growth))


@checked
def saddle_time(*, start: float, share: float, rate: float = 0.0, target: float = 1.0) -> float:
    r"""Return when ab reaches ``share`` of its limit (1 - rate) ``target`` (thm-saddle-time).

    For a small start nearly $\frac{1}{2m} \ln \frac{4 q m (1-p)}{(1-q) a_0^2}$ with the share q: at
    one half and without dropout ln(2 / a_0).

    Raises
    ------
    ValueError
        As :func:`product`, and if ``share`` is outside (0, 1).

    Example
    -------
    >>> from runtheory.noise.low_rank_adaptation.saddle import saddle_time
    >>> round(saddle_time(start=0.1, share=0.5), 4)  # ln 20 is 2.9957
    2.9932
    """
    _check(start, rate, target)
    checks.in_interval(0, 1, ends="()", share=share)
    bend = start**2 / (2 * (1 - rate))
    root = math.hypot(target, bend)
    level = share * target / bend  # sinh 2u
    growth = level + math.hypot(level, 1)
    high, low = (root + target) / bend, -bend / (root + target)  # where e^(2u) would stand still
    rising = (growth - low) * (high - 1) / ((high - growth) * (1 - low))
    return math.log(rising) / (2 * root)


@checked
def gain(norm: Numbers, *, cap: float) -> Float[np.ndarray, "..."]:
    r"""Return $(\rho + g_0^{-2})^{-1/2}$, the factor of a step at ``norm`` $\rho$; g_0 at zero.

    Raises
    ------
    ValueError
        If a norm is negative or not finite, or ``cap`` (g_0) is not positive and finite.
    """
    checks.positive_finite(cap=cap)
    (norms,) = real(norm=norm)
    checks.in_interval(0, math.inf, ends="[)", norm=norms)
    return np.asarray(1 / np.sqrt(norms + cap**-2))


@checked
def adapted_product(
    times: Numbers, *, start: float, cap: float, rate: float = 0.0, target: float = 1.0
) -> Path:
    r"""Return ab at the times where a and b move at :func:`gain` times the speed of the flow.

    No closed form: integrated to a relative 1e-10 (DOP853).

    Raises
    ------
    ValueError
        As :func:`product`, if ``cap`` is not positive and finite, times do not ascend, or the flow
        is too steep to be integrated.
    """
    _check(start, rate, target)
    checks.positive_finite(cap=cap)
    at = _times(times)
    if bool((np.diff(at) <= 0).any()):
        raise ValueError("times must ascend")

    def speed(_: float, state: np.ndarray) -> np.ndarray:
        factor = 1 / np.sqrt(np.abs(state) + cap**-2)
        pull = target - state[0] * state[1] / (1 - rate)
        return np.asarray(factor * state[::-1] * pull)

    found = solve_ivp(
        speed, (0, at[-1] + 1e-9), [start, 0.0], "DOP853", t_eval=at, rtol=1e-10, atol=1e-13
    )
    if not found.success:
        raise ValueError(f"the flow could not be integrated: {found.message}")
    return np.asarray(found.y[0] * found.y[1])


@checked
def steps_needed(
    learning_rates: Numbers,
    *,
    start: float,
    cap: float | None = None,
    target: float = 1.0,
    within: float = 0.01,
    most: int = 1000,
) -> Float[np.ndarray, " rate"]:
    """Return after how many steps of descent ab stays within a share of the target, for each rate.

    Whole steps, not the flow: a learning rate that is too large never settles and gets infinity, as
    does one that needs more than ``most``. With ``cap`` steps are multiplied by :func:`gain`.

    Raises
    ------
    ValueError
        As :func:`product`, if a learning rate, ``cap`` or ``within`` is not positive and finite,
        or ``most`` is below one.

    Example
    -------
    >>> from runtheory.noise.low_rank_adaptation.saddle import steps_needed
    >>> steps_needed([0.1, 0.5, 2.0], start=0.1).tolist()
    [53.0, 10.0, inf]
    """
    _check(start, 0.0, target)
    checks.positive_finite(within=within, cap=1.0 if cap is None else cap)
    checks.at_least(1, most=most)
    sizes = _times(learning_rates)
    checks.positive(learning_rates=sizes)
    state = np.stack([np.full_like(sizes, start), np.zeros_like(sizes)])
    last = np.zeros_like(sizes)  # the last step at which the product was outside
    for step in range(1, most + 1):
        factor = 1.0 if cap is None else 1 / np.sqrt(np.abs(state) + cap**-2)
        state = state + sizes * factor * state[::-1] * (target - state[0] * state[1])
        state = state.clip(-1e6, 1e6)  # what has run away stays away, without an overflow
        outside = np.abs(state[0] * state[1] - target) > within * target
        last[outside] = step
    return np.where(last < most, last + 1, math.inf)


def _check(start: float, rate: float, target: float) -> None:
    checks.positive_finite(start=start, target=target)
    check_rate(rate)


def _times(times: Numbers) -> np.ndarray:
    (at,) = real(times=times)
    if at.ndim != 1 or not at.size:
        raise ValueError(f"times must be a list of at least one, got shape {at.shape}")
    checks.in_interval(0, math.inf, ends="[)", times=at)
    return at
