"""Five small corruptions of images in [0, 1] with severities 1, 2, 3.

Made for the small images of this book and documented by the one table below; they are not the
corruptions of any public benchmark and their results do not compare with such. Images have shape
(batch, channel, height, width) and values in [0, 1]: bytes and values up to 255 are refused, the
first by ``TypeError``, the second by ``ValueError`` where they can be read without a wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import Images

Corruption = Callable[[Images, int, torch.Generator], Images]

SEVERITIES: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "gaussian noise": (0.05, 0.1, 0.2),  # standard deviation, of a pixel's range
        "blur": (0.5, 1.0, 2.0),  # standard deviation in pixels
        "contrast": (0.6, 0.4, 0.2),  # what is left of the distance from the image's mean
        "brightness": (0.1, 0.2, 0.3),  # what is added
        "pixelate": (2.0, 3.0, 4.0),  # side of a block in pixels
    }
)
"""What each corruption does at severity 1, 2 and 3."""


@checked
def add_noise(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Add white Gaussian noise and clip to [0, 1]."""
    deviation = _amount("gaussian noise", severity, images)
    noise = torch.randn(images.shape, dtype=images.dtype, device=images.device, generator=generator)
    return (images + deviation * noise).clamp(0, 1)


@checked
def blur(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Blur by a Gaussian, rows first, borders replicated."""
    deviation = _amount("blur", severity, images)
    radius = round(3 * deviation)
    offsets = torch.arange(-radius, radius + 1, dtype=images.dtype, device=images.device)
    weights = torch.softmax(-(offsets**2) / (2 * deviation**2), dim=0)
    channels = images.shape[1]
    kernel = weights.expand(channels, 1, 1, -1)  # one row of weights for each channel
    rows = conv2d(pad(images, (radius, radius, 0, 0), mode="replicate"), kernel, groups=channels)
    columns = pad(rows, (0, 0, radius, radius), mode="replicate")
    return conv2d(columns, kernel.transpose(2, 3), groups=channels)


@checked
def contrast(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Shrink each image towards its own mean."""
    factor = _amount("contrast", severity, images)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + factor * (images - mean)


@checked
def brightness(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Add one number to all pixels and clip to [0, 1]."""
    amount = _amount("brightness", severity, images)
    return (images + amount).clamp(0, 1)


@checked
def pixelate(images: Images, severity: int, generator: torch.Generator) -> Images:
    """Replace square blocks by their mean; the last blocks may be cut."""
    block = int(_amount("pixelate", severity, images))
    height, width = images.shape[-2:]
    means = avg_pool2d(images, block, ceil_mode=True)
    return interpolate(means, scale_factor=block, mode="nearest")[..., :height, :width]


CORRUPTIONS: Mapping[str, Corruption] = MappingProxyType(
    {
        "gaussian noise": add_noise,
        "blur": blur,
        "contrast": contrast,
        "brightness": brightness,
        "pixelate": pixelate,
    }
)


def _amount(corruption: str, severity: int, images: Tensor) -> float:
    """Return what the corruption does at this severity, after a look at the images."""
    if severity not in (1, 2, 3):
        raise ValueError(f"severity must be 1, 2 or 3, got {severity}")
    tensor_checks.unit_range(images=images)
    return SEVERITIES[corruption][severity - 1]
