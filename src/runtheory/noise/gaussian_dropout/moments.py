"""Central moments of a dropout mask, and normal factors with the first two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate, check_samples
from runtheory.shapes import SampleFeatures


@dataclass(frozen=True)
class MaskMoments:
    """Central moments of one coordinate of a mask: second, third, fourth, and third absolute."""

    variance: float
    third: float
    fourth: float
    absolute: float


@checked
def mask_moments(rate: float) -> MaskMoments:
    """Return the moments of a coordinate that is 0 with probability ``rate``, else 1 / (1 - rate).

    The mean is 1. Of a normal factor with the same variance v they would be v, 0 and 3 v^2. The
    third vanishes at rate one half alone (and at 0).
    """
    check_rate(rate)
    kept = 1 - rate
    up = rate / kept  # the deviation of a kept coordinate; that of a dropped one is -1
    return MaskMoments(up, kept * up**3 - rate, kept * up**4 + rate, kept * up**3 + rate)


@checked
def draw_noise(
    samples: int, shape: Sequence[int], *, rate: float, generator: torch.Generator
) -> SampleFeatures:
    """Draw normal factors of mean 1 and variance rate / (1 - rate), (sample, batch, feature).

    float64, on the generator's device. Multiply the features by them, in the place of masks.
    Raises ``ValueError`` if ``samples`` < 1 or ``rate`` is outside [0, 1).
    """
    check_samples(samples)
    deviation, drawn = math.sqrt(mask_moments(rate).variance), (samples, *shape)
    normal = torch.randn(drawn, generator=generator, device=generator.device, dtype=torch.float64)
    return 1 + deviation * normal
