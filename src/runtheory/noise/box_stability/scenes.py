"""Scenes with one bright rectangle, and thirty environments in which they look or lie otherwise.

An image has shape (1, 32, 32) and values near [0, 1]: a rectangle of brightness 0.7 to 1 on a
background of 0.1 to 0.3, under noise of deviation 0.05. A box is (top, bottom, left, right) in
fractions of the image's side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.randomness import stream
from runtheory.shapes import Images

SIDE = 32  # pixels
SMALLEST, LARGEST = 10.0, 18.0  # sides of a rectangle, in pixels, before it is scaled

FAMILIES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "noise": (0.05, 0.1, 0.2, 0.35, 0.5),  # standard deviation that is added
        "blur": (1.0, 2.0, 3.0, 6.0, 12.0),  # how often 3 x 3 pixels are averaged
        "contrast": (0.8, 0.6, 0.4, 0.2, 0.1),  # what is left of the distance from the mean
        "brightness": (0.1, 0.2, 0.3, 0.45, 0.6),  # what is added to the background
        "clutter": (1.0, 2.0, 3.0, 5.0, 8.0),  # number of small bright squares
        "scale": (0.85, 0.7, 0.55, 0.4, 0.3),  # factor of the rectangle's sides
    }
)
"""The amounts of each family, from the mildest to the strongest."""


@dataclass(frozen=True)
class Environment:
    """Images of one kind, and their true boxes."""

    family: str
    amount: float
    images: Images
    boxes: Float[Tensor, "image 4"]


@checked
def draw_scenes(
    count: int, *, generator: torch.Generator, scale: float = 1.0
) -> tuple[Images, Float[Tensor, "image 4"]]:
    """Draw scenes and their true boxes; ``scale`` multiplies the rectangles' sides.

    One state of the generator gives the same scenes at every scale, but for the size, each
    rectangle around its own centre.

    Raises
    ------
    ValueError
        If ``count`` is below one or ``scale`` lies outside (0, 1].
    """
    checks.at_least(1, count=count)
    checks.in_interval(0, 1, ends="(]", scale=scale)
    device = generator.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand((count, *shape), generator=generator, device=device)

    sides = uniform(SMALLEST, LARGEST, 2)
    centres = sides / 2 + (SIDE - sides) * uniform(0.0, 1.0, 2)
    dark, bright = uniform(0.1, 0.3, 1, 1), uniform(0.7, 1.0, 1, 1)
    noise = torch.randn((count, SIDE, SIDE), generator=generator, device=device)
    low = (centres - scale * sides / 2).round()
    high = torch.maximum((centres + scale * sides / 2).round(), low + 1)
    places = torch.arange(SIDE, device=device) + 0.5
    inside = (places > low[..., None]) & (places < high[..., None])  # (image, axis, place)
    within = inside[:, 0, :, None] & inside[:, 1, None, :]
    images = torch.where(within, bright, dark) + 0.05 * noise
    return images[:, None], torch.stack([low, high], 2).flatten(1) / SIDE


@checked
def corrupted(images: Images, *, family: str, amount: float, generator: torch.Generator) -> Images:
    """Return the images with one kind of change of their appearance (``FAMILIES`` names them).

    Values are not clipped. Brightness lifts pixels below 0.5, the background, alone.

    Raises
    ------
    ValueError
        If the family is none that changes appearance, or ``amount`` is negative or not finite.
    """
    checks.in_interval(0, float("inf"), ends="[)", amount=amount)
    tensor_checks.finite(images=images)
    if family == "noise":
        drawn = torch.randn(images.shape, generator=generator, device=images.device)
        return images + amount * drawn.to(images.dtype)
    if family == "blur":
        for _ in range(int(amount)):
            images = avg_pool2d(pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        return images
    if family == "contrast":
        mean = images.mean((1, 2, 3), keepdim=True)
        return mean + amount * (images - mean)
    if family == "brightness":
        return images + amount * (images < 0.5)
    if family == "clutter":
        return _cluttered(images, int(amount), generator)
    known = [name for name in FAMILIES if name != "scale"]
    raise ValueError(f"family must be one of {known}, got {family!r}")


@checked
def environments(count: int, *, seed: int) -> list[Environment]:
    """Return ``count`` scenes as in training, and in the thirty environments of ``FAMILIES``.

    The first environment is of the family "plain", with the amount 0. All show the same scenes.

    Raises
    ------
    ValueError
        If ``count`` is below one.
    """
    plain, boxes = draw_scenes(count, generator=stream(seed, "scenes"))
    found = [Environment("plain", 0.0, plain, boxes)]
    for family, amounts in FAMILIES.items():
        for amount in amounts:
            if family == "scale":
                scenes = draw_scenes(count, generator=stream(seed, "scenes"), scale=amount)
            else:
                generator = stream(seed, f"{family} {amount}")
                changed = corrupted(plain, family=family, amount=amount, generator=generator)
                scenes = changed, boxes
            found.append(Environment(family, amount, *scenes))
    return found


def _cluttered(images: Tensor, squares: int, generator: torch.Generator) -> Tensor:
    """Put bright squares of four pixels' side at random places."""
    count, side = len(images), 4
    for _ in range(squares):
        low = torch.randint(SIDE - side + 1, (count, 2, 1), generator=generator)
        places = torch.arange(SIDE)
        inside = ((places >= low) & (places < low + side)).to(images.device)
        within = inside[:, 0, :, None] & inside[:, 1, None, :]
        images = torch.where(within[:, None], 0.85, images)
    return images
