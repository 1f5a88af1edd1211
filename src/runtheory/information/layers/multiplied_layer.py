"""Information through a layer under Gaussian dropout (nats, float64).

T = h(x) (1 + s Z) by coordinates, Z standard normal, x uniform on N given inputs: a mixture of N
normal laws whose widths are those of the features themselves. So the layer's scale does not matter,
and no bins are asked for. A feature that is zero stays zero: it is seen, and tells inputs apart.
See [adilova2023information].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from scipy.integrate import quad_vec
from scipy.special import rel_entr
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.layers.noisy_layer import (
    NoisyInformation,
    mean_over_draws,
    noisy_draws,
)
from runtheory.information.samples import sample

Features = Float[Tensor, "input feature"]


@dataclass(frozen=True)
class MultipliedInformation:
    """What T holds of the input and of its binary label, each with its standard error."""

    inputs: NoisyInformation
    labels: NoisyInformation


@checked
def multiplied_information(
    features: Features,
    chances: Float[Tensor, "input"],
    noise: float,
    *,
    draws: int = 4,
    generator: torch.Generator,
) -> MultipliedInformation:
    """Estimate I(X; T) and I(T; Y), Y a label that is 1 with the chance of its input; unbiased.

    ``noise`` is s, the standard deviation of the factor. Draws are made on the device of the
    generator, which must be that of the features.

    Raises
    ------
    ValueError
        If ``noise`` is not positive and finite, ``draws`` is below 2, features are no rows of
        finite numbers, or the chances are not one for each of them in [0, 1].
    """
    checks.at_least(2, draws=draws)
    points = _points(features, noise)
    tensor_checks.unit_range(chances=chances)
    wanted = chances.to(torch.float64)
    inputs, labels = torch.empty(2, draws * len(points), dtype=torch.float64, device=points.device)
    for part, rows, kick in noisy_draws(points, draws, chunk=2**20, generator=generator):
        drawn = points[rows] * (1 + noise * kick)
        logs = _log_densities(drawn, points, noise)
        own = logs.gather(1, rows[:, None])[:, 0]
        inputs[part] = own - logs.logsumexp(1) + math.log(len(points))
        labels[part] = _coin_divergence(logs.softmax(1) @ wanted, wanted.mean())
    shape = (draws, len(points))
    return MultipliedInformation(
        mean_over_draws(inputs.view(shape)), mean_over_draws(labels.view(shape))
    )


@checked
def multiplied_ceiling(features: Features, noise: float) -> float:
    """Return what I(X; T) does not exceed (prop-multiplied-plane), for features without zeros.

    sum_j log(1 + 1/s^2) / 2 + (log mean h_j^2 - mean log h_j^2) / 2.

    Raises
    ------
    ValueError
        If ``noise`` is not positive and finite, or the features are no rows of finite numbers other
        than zero.
    """
    squares = _points(features, noise).square()
    if not bool((squares > 0).all()):
        raise ValueError("features must not be zero, got a zero: what it tells has no such bound")
    spread = squares.mean(0).log() - squares.log().mean(0)
    return float(spread.sum() + squares.shape[1] * math.log1p(noise**-2)) / 2


@checked
def unit_information(
    values: Sequence[float], chances: Sequence[float], widths: Sequence[float]
) -> tuple[float, float]:
    """Return I(X; T) and I(T; Y) by quadrature, T normal around one of a few equally likely values.

    ``widths`` are the standard deviations: s times the size of the value under Gaussian dropout.

    Raises
    ------
    ValueError
        If lengths differ, a width is not positive and finite, or a chance lies outside [0, 1].
    """
    tensor_checks.equal_lengths(values=values, chances=chances, widths=widths)
    checks.positive_finite(widths=list(widths))
    checks.in_interval(0, 1, chances=list(chances))
    middle, wide, share = np.array(values), np.array(widths), np.array(chances)
    ends = float((middle - 12 * wide).min()), float((middle + 12 * wide).max())

    def terms(place: float) -> np.ndarray:
        parts = np.exp(-(((place - middle) / wide) ** 2) / 2) / wide / math.sqrt(2 * math.pi)
        own = rel_entr(parts, parts.mean()).mean()
        joint = np.array([(parts * side).mean() for side in (share, 1 - share)])
        apart = parts.mean() * np.array([share.mean(), 1 - share.mean()])
        return np.array([own, rel_entr(joint, apart).sum()])

    marks = sorted({*middle.tolist(), 0.0})
    found = quad_vec(terms, *ends, points=marks, epsabs=1e-10)[0]
    return float(found[0]), float(found[1])


def _points(features: Tensor, noise: float) -> Float64[Tensor, "input feature"]:
    checks.positive_finite(noise=noise)
    return sample(features, "features").detach().to(torch.float64)


def _log_densities(drawn: Tensor, points: Tensor, noise: float) -> Tensor:
    """Log density of every row of ``drawn`` around every point, up to a constant of the row.

    Coordinates that are zero weigh nothing, and another pattern of zeros excludes the point.
    """
    dead = points == 0
    scale = torch.where(dead, 0.0, 1 / torch.where(dead, 1.0, points))
    squares = drawn.square() @ scale.square().T - 2 * drawn @ scale.T + (~dead).sum(1)
    logs = -squares / (2 * noise**2) + torch.where(dead, 0.0, scale.abs().log()).sum(1)
    gone = (drawn == 0).to(torch.float64)
    unlike = gone @ (~dead).T.to(gone) + (1 - gone) @ dead.T.to(gone)
    return logs.masked_fill(unlike > 0, -torch.inf)


def _coin_divergence(chance: Tensor, other: Tensor) -> Tensor:
    chance = chance.clamp(0, 1)
    one = torch.xlogy(chance, chance) - torch.xlogy(chance, other)
    return one + torch.xlogy(1 - chance, 1 - chance) - torch.xlogy(1 - chance, 1 - other)
