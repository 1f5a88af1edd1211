"""Features whose collapse measures are known: a frame of class means in exactly white noise."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked


@checked
def ordered_labels(classes: int, *, samples: int) -> Int64[Tensor, "sample"]:
    """Return the labels of ``samples`` samples in each class, class after class."""
    checks.at_least(0, classes=classes, samples=samples)
    return torch.arange(classes).repeat_interleave(samples)


@checked
def white_noise(
    classes: int, *, samples: int, width: int, generator: torch.Generator
) -> Float64[Tensor, "sample feature"]:
    """Return noise of mean zero and covariance I within every class, exactly, class after class.

    A Gaussian draw without its class means, of which the orthogonal factor is kept: to rounding,
    the first two moments are those of the law and not those of a sample.

    Raises
    ------
    ValueError
        If there are not more samples in a class than features.
    """
    checks.at_least(1, classes=classes, width=width)
    checks.at_least(width + 1, samples=samples)
    draw = torch.randn(classes, samples, width, generator=generator, dtype=torch.float64)
    orthogonal = torch.linalg.qr(draw - draw.mean(1, keepdim=True))[0]  # (class, sample, feature)
    return math.sqrt(samples) * orthogonal.flatten(0, 1)


@checked
def frame_in_noise(
    frame: Float64[Tensor, "class feature"],
    *,
    noise: float,
    samples: int,
    generator: torch.Generator,
) -> Float64[Tensor, "sample feature"]:
    """Return features about the rows of ``frame``, in white noise of deviation ``noise``.

    The class means are the rows and the covariance within every class is noise^2 I, exactly;
    ``samples`` samples in each class, in the order of ``ordered_labels``. What NC1 and CDNV are
    then is prop-noise-oracle.

    Raises
    ------
    ValueError
        As ``white_noise`` does.
    """
    classes, width = frame.shape
    white = white_noise(classes, samples=samples, width=width, generator=generator)
    return frame.repeat_interleave(samples, 0) + noise * white
