r"""What can be read off a gradient without any search, and what is not in it.

A first layer with a bias has the gradient $g x^\top$ by its weights and g by its biases, for the
image x and a number g_i for each unit. What stands behind that layer changes g alone.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate, check_samples


@checked
def unit_ratios(
    weight_gradient: Float[Tensor, "*stack unit pixel"],
    bias_gradient: Float[Tensor, "*stack unit"],
) -> Float[Tensor, "*stack unit pixel"]:
    """Return each unit's gradient by its weights, over that by its bias (thm-hidden-dropout-leaks).

    For one example it is what entered the layer, from every unit that pulls at all. A row is NaN
    where the gradient by the bias is zero: such a unit says nothing.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.gradient_leakage.reading import unit_ratios
    >>> layer = torch.nn.Linear(3, 2)
    >>> layer(torch.tensor([0.5, 0.25, 1.0])).square().sum().backward()
    >>> [round(x, 4) for x in unit_ratios(layer.weight.grad, layer.bias.grad)[0].tolist()]
    [0.5, 0.25, 1.0]
    """
    pulled = torch.where(bias_gradient == 0, torch.nan, bias_gradient)
    return weight_gradient / pulled[..., None]


@checked
def isolated_units(
    masks: Bool[Tensor, "*stack example unit"],
) -> Bool[Tensor, "*stack example unit"]:
    """Tell for each example which units are kept for it and for no other of its batch."""
    return masks & (masks.sum(-2, keepdim=True) == 1)


@checked
def expected_isolated(units: int, *, rate: float, batch: int) -> float:
    """Return units (1 - rate) rate^(batch - 1): how many units one example has to itself.

    The mean over independent masks for each example (thm-hidden-dropout-leaks); largest at the rate
    1 - 1 / batch.

    Raises
    ------
    ValueError
        If a count is below one or ``rate`` lies outside [0, 1).
    """
    checks.at_least(1, units=units, batch=batch)
    check_rate(rate)
    return units * (1 - rate) * rate ** (batch - 1)


@checked
def expected_hidden(pixels: int, *, rate: float, masks: int) -> float:
    """Return pixels rate^masks: how many pixels none of the masks of an input lets through.

    Raises
    ------
    ValueError
        If a count is below one or ``rate`` lies outside [0, 1).
    """
    checks.at_least(1, pixels=pixels)
    check_samples(masks)
    check_rate(rate)
    return pixels * rate**masks


@checked
def agreed_points(
    ratios: Float[Tensor, "unit pixel"], *, tolerance: float
) -> Float[Tensor, "point pixel"]:
    """Return each point that at least two units' ratios agree on, in every pixel.

    Units that one example has to itself agree on that example; logistic units that mix agree by
    accident alone (rectified ones before two classes may agree on a mixture). Rows of NaN are left
    out. Two points are the same if no pixel differs by more than ``tolerance``; each is returned
    once, as its first unit has it.

    Raises
    ------
    ValueError
        If ``tolerance`` is negative, infinite or NaN.
    """
    checks.in_interval(0, math.inf, ends="[)", tolerance=tolerance)
    rows = ratios[~ratios.isnan().any(1)]
    near = torch.cdist(rows, rows, p=math.inf) <= tolerance
    earlier = near.tril(-1).any(1)
    return rows[(near.sum(1) > 1) & ~earlier]


@checked
def filled_in(
    pixels: Float[Tensor, "image pixel"],
    known: Bool[Tensor, "image pixel"],
    *,
    mean: Float[Tensor, " pixel"],
    covariance: Float[Tensor, "pixel pixel"],
    noise: float = 1e-3,
) -> Float[Tensor, "image pixel"]:
    """Return the images with unknown pixels at the best linear guess from the known ones.

    ``mean`` and ``covariance`` are those of other images; ``noise`` is a variance that is added to
    every known pixel, so that the guess does not lean on pixels that hardly vary. What stands at an
    unknown pixel is not looked at.

    Raises
    ------
    ValueError
        If a number is not finite or ``noise`` is not positive.
    """
    checks.positive_finite(noise=noise)
    tensor_checks.finite(mean=mean, covariance=covariance)
    tensor_checks.finite(pixels=torch.where(known, pixels, 0.0))
    told = torch.where(known, pixels - mean, 0.0)
    both = known[:, :, None] & known[:, None, :]
    among = torch.where(both, covariance, 0.0) + noise * torch.eye(len(mean)).to(covariance)
    weights = torch.linalg.solve(among, told[..., None])[..., 0]
    return torch.where(known, pixels, mean + weights @ covariance)
