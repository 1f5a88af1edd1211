r"""What n uniform points on the torus of d dimensions give: nearest neighbours and near pairs.

Classes are ``stripes`` of w periods, which touch along 2 w walls of area one; a step z crosses a
wall from a random place with probability $2 w |z_1|$ if $|z_1| \le 1/(2w)$. $V_d$ is the volume of
the ball of radius one.
"""

from __future__ import annotations

import math

from runtheory import checks
from runtheory.boundary import checked
from runtheory.capacity.intrinsic_dimension.torus import ball_volume

BEYOND = 1e-6  # the probability of a nearest point too far off that counts as none


@checked
def nearest_distance(samples: int, dimension: int) -> float:
    r"""Return the mean distance of a new point to the nearest of ``samples`` (thm-walls).

    $V_d^{-1/d}\, \Gamma(1 + 1/d)\, \Gamma(n + 1) / \Gamma(n + 1 + 1/d)$, for large n about
    $\Gamma(1 + 1/d) (n V_d)^{-1/d}$.

    Raises
    ------
    ValueError
        If a count is below one, or the nearest lies beyond 1/2 with a probability above 1e-6.

    Example
    -------
    >>> from runtheory.capacity.intrinsic_dimension.laws import nearest_distance
    >>> round(nearest_distance(99, 1), 12)
    0.005
    """
    _check_near(samples, dimension, 1)
    return _mean_nearest(samples, dimension)


@checked
def neighbour_error(samples: int, dimension: int, *, periods: int) -> float:
    r"""Return the error of the nearest-neighbour classifier on stripes (thm-walls).

    $2 w\, \mathbb{E}|u_1|$ times ``nearest_distance``, with u uniform on the sphere and
    $\mathbb{E}|u_1| = \Gamma(d/2) / (\sqrt\pi\, \Gamma((d+1)/2))$.

    Raises
    ------
    ValueError
        If a count is below one, or the nearest lies beyond 1/(2w) with a probability above 1e-6.
    """
    checks.at_least(1, periods=periods)
    _check_near(samples, dimension, periods)
    along = math.gamma(dimension / 2) / (math.sqrt(math.pi) * math.gamma((dimension + 1) / 2))
    return 2 * periods * along * _mean_nearest(samples, dimension)


@checked
def near_pairs(samples: int, dimension: int, *, radius: float, periods: int) -> float:
    r"""Return how many pairs of different classes are expected within ``radius`` (thm-walls).

    $n (n - 1)\, 2 w V_{d-1} R^{d+1} / (d + 1)$.

    Raises
    ------
    ValueError
        If a count is below one, or ``radius`` lies outside (0, 1/(2w)].
    """
    checks.at_least(1, samples=samples, dimension=dimension, periods=periods)
    checks.in_interval(0, 1 / (2 * periods), ends="(]", radius=radius)
    wall = 2 * ball_volume(dimension - 1) / (dimension + 1)
    return samples * (samples - 1) * periods * wall * radius ** (dimension + 1)


@checked
def near_random_pairs(samples: int, dimension: int, *, radius: float, share: float = 0.5) -> float:
    r"""Return the same where labels are drawn apart from the points, 1 with probability ``share``.

    $n (n - 1)\, q (1 - q) V_d R^d$.

    Raises
    ------
    ValueError
        If a count is below one, ``radius`` lies outside (0, 1/2] or ``share`` outside [0, 1].
    """
    checks.at_least(1, samples=samples, dimension=dimension)
    checks.in_interval(0, 0.5, ends="(]", radius=radius)
    checks.in_interval(0, 1, share=share)
    ball = ball_volume(dimension) * radius**dimension
    return samples * (samples - 1) * share * (1 - share) * ball


def _mean_nearest(samples: int, dimension: int) -> float:
    power = 1 / dimension
    logs = math.lgamma(samples + 1) - math.lgamma(samples + 1 + power)
    return math.gamma(1 + power) * math.exp(logs) * ball_volume(dimension) ** -power


def _check_near(samples: int, dimension: int, periods: int) -> None:
    checks.at_least(1, samples=samples, dimension=dimension)
    missed = (1 - ball_volume(dimension) * (2 * periods) ** -dimension) ** samples
    if missed > BEYOND:
        raise ValueError(
            f"samples must be so many that the nearest lies within {1 / (2 * periods):g}, "
            f"got {samples}, which miss it with probability {missed:.2g}"
        )
