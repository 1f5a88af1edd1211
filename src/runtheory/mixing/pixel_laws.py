"""Exact laws of the integer boxes that are really pasted, for any box rule (float64).

Unlike the continuous laws these know the image size: on 8 x 8 images the two differ visibly.
Given the side r the axes are independent, so each law is an expectation over r of a product.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.placement import CLIPPED, BoxRule
from runtheory.mixing.quadrature import expect_over_side, side_nodes

Array = np.ndarray


@checked
def mean_pixel_share(height: int, width: int, alpha: float, *, rule: BoxRule = CLIPPED) -> float:
    """Return E[pasted pixels] / (height * width), summed over pixels and integrated over r."""
    _check_size(height, width)

    def share(side: Array) -> Array:
        vertical = rule.pixel_coverage(side, height).mean(axis=1)  # (side,)
        return np.asarray(vertical * rule.pixel_coverage(side, width).mean(axis=1))

    return float(expect_over_side(share, alpha, _breaks(height, width, rule)))


@checked
def coverage_map(
    height: int, width: int, alpha: float, *, rule: BoxRule = CLIPPED
) -> Float64[np.ndarray, "height width"]:
    """Return P(pixel is pasted) for every pixel of the image."""
    _check_size(height, width)
    side, weight = side_nodes(alpha, _breaks(height, width, rule))
    vertical = rule.pixel_coverage(side, height) * weight[:, None]  # (side, row)
    return np.asarray(vertical.T @ rule.pixel_coverage(side, width))


@checked
def probability_of_no_paste(
    height: int, width: int, alpha: float, *, rule: BoxRule = CLIPPED
) -> float:
    """Return P(the box holds no pixel): the image and its label then stay as they are."""
    _check_size(height, width)

    def pasted(side: Array) -> Array:
        return np.asarray(rule.nonempty(side, height) * rule.nonempty(side, width))

    return 1 - float(expect_over_side(pasted, alpha, _breaks(height, width, rule)))


def _breaks(height: int, width: int, rule: BoxRule) -> Array:
    return np.union1d(rule.kinks(height), rule.kinks(width))


def _check_size(height: int, width: int) -> None:
    checks.at_least(1, height=height, width=width)
