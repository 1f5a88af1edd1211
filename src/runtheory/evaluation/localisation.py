"""Class activation maps, boxes read from them, and their overlap with a true box."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int64
from scipy import ndimage
from torch import Tensor

from runtheory import checks
from runtheory.shapes import Images

BoxEdges = Int64[Tensor, "box 4"]


def class_activation_map(
    maps: Float[Tensor, "batch channel height width"],
    weights: Float[Tensor, "class channel"],
    labels: Int64[Tensor, "batch"],
) -> Float[Tensor, "batch height width"]:
    """Return sum_k w_ck f_k(y, x) for each image's class c [zhou2016learning].

    ``maps`` are the feature maps before global average pooling and ``weights`` those of the linear
    layer after it, so that the spatial mean of the result is the logit without its bias.

    Raises
    ------
    ValueError
        If maps and weights have different numbers of channels.
    """
    if maps.shape[1] != weights.shape[1]:
        raise ValueError(
            f"maps and weights must have equal channels, got {maps.shape[1]}, {weights.shape[1]}"
        )
    return torch.einsum("bkhw,bk->bhw", maps, weights[labels])


def upsample(
    heat: Float[Tensor, "batch height width"], size: tuple[int, int]
) -> Float[Tensor, "batch rows columns"]:
    """Return the maps at the images' (height, width), bilinearly, pixel areas aligned."""
    resized = torch.nn.functional.interpolate(
        heat[:, None], size=size, mode="bilinear", align_corners=False
    )
    return resized[:, 0]


def localise(
    heat: Float[Tensor, "batch height width"], *, fraction: float = 0.2
) -> Int64[Tensor, "batch 4"]:
    """Return the box (top, bottom, left, right) around each map's largest hot component.

    A pixel is hot at ``fraction`` of the way from the map's minimum to its maximum, or above;
    components join along edges (four neighbours); of components of equal size the first in row
    order is taken. Half-open pixel edges; a constant map gives the whole image. Runs on the CPU.

    Raises
    ------
    ValueError
        If ``fraction`` lies outside [0, 1].
    """
    checks.in_interval(0, 1, fraction=fraction)
    arrays = heat.detach().to("cpu", torch.float64).numpy()
    boxes = np.array([_largest_component(array, fraction) for array in arrays], dtype=np.int64)
    return torch.from_numpy(boxes.reshape(-1, 4)).to(heat.device)


def intersection_over_union(first: BoxEdges, second: BoxEdges) -> Float[Tensor, "box"]:
    """Return |A and B| / |A or B| for pairs of half-open boxes, in [0, 1] (float64).

    Two empty boxes have overlap 0.
    """
    low = torch.maximum(first[:, 0::2], second[:, 0::2])  # (box, axis): top and left
    high = torch.minimum(first[:, 1::2], second[:, 1::2])
    common = (high - low).clamp(min=0).prod(dim=1).to(torch.float64)
    areas = [(box[:, 1::2] - box[:, 0::2]).clamp(min=0).prod(dim=1) for box in (first, second)]
    union = (areas[0] + areas[1]).to(torch.float64) - common
    return common / union.clamp(min=1.0)


def scattered(
    pixels: Images, generator: torch.Generator
) -> tuple[Float[Tensor, "batch channel rows columns"], BoxEdges]:
    """Return each image somewhere on a black canvas of twice its side, and the boxes they fill.

    Boxes are int64 (top, bottom, left, right), the ends excluded, on the generator's device.
    """
    count, channels, height, width = pixels.shape
    canvas = pixels.new_zeros((count, channels, 2 * height, 2 * width))
    top = torch.randint(height + 1, (count,), generator=generator)
    left = torch.randint(width + 1, (count,), generator=generator)
    for image, y, x, target in zip(pixels, top.tolist(), left.tolist(), canvas, strict=True):
        target[:, y : y + height, x : x + width] = image
    return canvas, torch.stack((top, top + height, left, left + width), dim=1)  # (image, edge)


def _largest_component(heat: np.ndarray, fraction: float) -> tuple[int, int, int, int]:
    low, high = heat.min(), heat.max()
    parts, _ = ndimage.label(heat >= low + fraction * (high - low))
    largest = int(np.bincount(parts.ravel())[1:].argmax())  # part 0 is what is not hot
    rows, columns = ndimage.find_objects(parts)[largest]
    return rows.start, rows.stop, columns.start, columns.stop
