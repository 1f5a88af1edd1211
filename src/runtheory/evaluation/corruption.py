"""Five small corruptions of images in [0, 1] with severities 1, 2, 3.

Made for the small images of this book and documented by the numbers below; they are not the
corruptions of any public benchmark and their results do not compare with such.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

Images = Float[Tensor, "batch channel height width"]
Corruption = Callable[[Images, int, torch.Generator], Images]


def gaussian_noise(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Add white Gaussian noise of standard deviation 0.05, 0.1, 0.2 and clip to [0, 1]."""
    deviation = _at(severity, (0.05, 0.1, 0.2))
    noise = torch.randn(images.shape, dtype=images.dtype, device=images.device, generator=generator)
    return (images + deviation * noise).clamp(0, 1)


def blur(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Blur by a Gaussian of standard deviation 0.5, 1, 2 pixels, borders replicated."""
    deviation = _at(severity, (0.5, 1.0, 2.0))
    radius = round(3 * deviation)
    offsets = torch.arange(-radius, radius + 1, dtype=images.dtype, device=images.device)
    weights = torch.softmax(-(offsets**2) / (2 * deviation**2), dim=0)
    channels = images.shape[1]
    kernel = weights.expand(channels, 1, 1, -1)
    rows = conv2d(pad(images, (radius, radius, 0, 0), mode="replicate"), kernel, groups=channels)
    columns = pad(rows, (0, 0, radius, radius), mode="replicate")
    return conv2d(columns, kernel.transpose(2, 3), groups=channels)


def contrast(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Shrink each image towards its own mean by the factor 0.6, 0.4, 0.2."""
    factor = _at(severity, (0.6, 0.4, 0.2))
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + factor * (images - mean)


def brightness(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Add 0.1, 0.2, 0.3 and clip to [0, 1]."""
    return (images + _at(severity, (0.1, 0.2, 0.3))).clamp(0, 1)


def pixelate(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Replace blocks of 2, 3, 4 pixels a side by their mean; the last blocks may be cut."""
    block = int(_at(severity, (2.0, 3.0, 4.0)))
    height, width = images.shape[-2:]
    means = avg_pool2d(images, block, ceil_mode=True)
    return interpolate(means, scale_factor=block, mode="nearest")[..., :height, :width]


CORRUPTIONS: Mapping[str, Corruption] = MappingProxyType(
    {
        "gaussian noise": gaussian_noise,
        "blur": blur,
        "contrast": contrast,
        "brightness": brightness,
        "pixelate": pixelate,
    }
)


def _at(severity: int, strengths: tuple[float, float, float]) -> float:
    if severity not in (1, 2, 3):
        raise ValueError(f"severity must be 1, 2 or 3, got {severity}")
    return strengths[severity - 1]
