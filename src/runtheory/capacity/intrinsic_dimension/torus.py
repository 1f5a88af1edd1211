r"""Uniform points on the flat torus $[0, 1)^d$, whose dimension is known, and stripes as classes.

The torus has no boundary and one density, so that laws of its neighbours are exact at finite n.
Along each coordinate 1 is 0 again: the distance of x and y is the shortest over all such turns.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float64, Int64

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Points = Float64[np.ndarray, "sample coordinate"]


@checked
def draw_points(samples: int, dimension: int, *, generator: torch.Generator) -> Points:
    """Draw ``samples`` independent uniform points on the torus, coordinates in [0, 1).

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, samples=samples, dimension=dimension)
    shape = (samples, dimension)
    drawn = torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float64)
    return drawn.cpu().numpy()


@checked
def circles(points: Points) -> Float64[np.ndarray, "sample feature"]:
    r"""Return the points as $(\cos 2\pi x_j, \sin 2\pi x_j)_j$, a circle for each coordinate.

    The torus as a surface in space, of 2 d features; small distances are 2 pi times as large.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    tensor_checks.finite(points=points)
    turns = 2 * np.pi * points
    return np.concatenate([np.cos(turns), np.sin(turns)], axis=1)


@checked
def draw_noisy_circle(
    samples: int, features: int, *, deviation: float, generator: torch.Generator
) -> Float64[np.ndarray, "sample feature"]:
    """Draw points of a circle of radius one in the first two features, with normal noise in all.

    Raises
    ------
    ValueError
        If there is no sample, there are fewer than two features, or ``deviation`` is negative or
        not finite.
    """
    checks.at_least(2, features=features)
    checks.in_interval(0, math.inf, ends="[)", deviation=deviation)
    circle = circles(draw_points(samples, 1, generator=generator))
    shape = (samples, features)
    noise = torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)
    return np.pad(circle, ((0, 0), (0, features - 2))) + deviation * noise.cpu().numpy()


@checked
def stripes(points: Points, *, periods: int) -> Int64[np.ndarray, "sample"]:
    r"""Return the class of each point, $\lfloor 2 w x_1 \rfloor$ modulo 2 for w ``periods``.

    Two classes of half the volume each, which touch along 2 w walls of area one.

    Raises
    ------
    ValueError
        If ``periods`` is below one, or a first coordinate lies outside [0, 1).

    Example
    -------
    >>> import numpy as np
    >>> from runtheory.capacity.intrinsic_dimension.torus import stripes
    >>> stripes(np.array([[0.1], [0.3], [0.6], [0.9]]), periods=2).tolist()
    [0, 1, 0, 1]
    """
    checks.at_least(1, periods=periods)
    checks.in_interval(0, 1, ends="[)", points=points[:, 0])
    return np.floor(2 * periods * points[:, 0]).astype(np.int64) % 2


@checked
def ball_volume(dimension: int) -> float:
    r"""Return the volume of the ball of radius one, $\pi^{d/2} / \Gamma(d/2 + 1)$.

    Raises
    ------
    ValueError
        If ``dimension`` is negative.
    """
    checks.not_negative(dimension=dimension)
    return math.pi ** (dimension / 2) / math.gamma(dimension / 2 + 1)
