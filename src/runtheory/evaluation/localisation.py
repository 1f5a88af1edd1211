"""Class activation maps, boxes read from them, and their overlap with a true box."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64, Real
from scipy import ndimage
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import AnyLabels, Images

BoxEdges = Real[Tensor, "box 4"]


@checked
def class_activation_map(
    maps: Float[Tensor, "batch channel height width"],
    weights: Float[Tensor, "class channel"],
    labels: AnyLabels,
) -> Float[Tensor, "batch height width"]:
    """Return sum_k w_ck f_k(y, x) for each image's class c [zhou2016learning].

    ``maps`` are the feature maps before global average pooling and ``weights`` those of the linear
    layer after it, so that the spatial mean of the result is the logit without its bias.

    Raises
    ------
    ValueError
        If maps are not of four axes or weights of two, they have different numbers of channels, or
        there is not one label of a class for each image.
    TypeError
        If the labels are no integers.
    """
    if maps.ndim != 4 or weights.ndim != 2 or maps.shape[1] != weights.shape[1]:
        raise ValueError(
            "maps (batch, channel, height, width) and weights (class, channel) must have equal "
            f"channels, got {tuple(maps.shape)} and {tuple(weights.shape)}"
        )
    named = tensor_checks.class_labels(labels, classes=len(weights), batch=len(maps))
    return torch.einsum("bkhw,bk->bhw", maps, weights[named])


@checked
def upsample(
    heat: Float[Tensor, "batch height width"], size: tuple[int, int]
) -> Float[Tensor, "batch rows columns"]:
    """Return the maps at the images' (height, width), bilinearly, pixel areas aligned."""
    resized = torch.nn.functional.interpolate(
        heat[:, None], size=size, mode="bilinear", align_corners=False
    )
    return resized[:, 0]


@checked
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
        If ``fraction`` lies outside [0, 1], the maps are not of shape (batch, height, width) with
        pixels in them, or one is not finite.
    """
    checks.in_interval(0, 1, fraction=fraction)
    if heat.ndim != 3 or 0 in heat.shape[1:]:
        raise ValueError(f"heat must have shape (batch, height, width), got {tuple(heat.shape)}")
    if not bool(torch.isfinite(heat).all()):
        raise ValueError("heat must be finite, got NaN or infinity")
    arrays = heat.detach().to("cpu", torch.float64).numpy()
    boxes = np.array([_largest_component(array, fraction) for array in arrays], dtype=np.int64)
    return torch.from_numpy(boxes.reshape(-1, 4)).to(heat.device)


@checked
def intersection_over_union(first: BoxEdges, second: BoxEdges) -> Float64[Tensor, "box"]:
    """Return |A and B| / |A or B| for pairs of half-open boxes, in [0, 1] (float64).

    A row is (top, bottom, left, right), in pixels or in fractions of a side. Two empty boxes have
    overlap 0.

    Raises
    ------
    ValueError
        If both are not of one shape (box, 4), or an edge can be read and is not finite.

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import intersection_over_union
    >>> intersection_over_union(torch.tensor([[0, 4, 0, 4]]), torch.tensor([[2, 6, 0, 4]]))
    tensor([0.3333], dtype=torch.float64)
    """
    tensor_checks.equal_shapes(first=first, second=second)
    if first.ndim != 2 or first.shape[1] != 4:
        raise ValueError(f"boxes must have shape (box, 4), got {tuple(first.shape)}")
    tensor_checks.finite(first=first, second=second)
    one, other = first.to(torch.float64), second.to(torch.float64)
    low = torch.maximum(one[:, 0::2], other[:, 0::2])  # (box, axis): top and left
    high = torch.minimum(one[:, 1::2], other[:, 1::2])
    common = (high - low).clamp(min=0).prod(dim=1)
    areas = [(box[:, 1::2] - box[:, 0::2]).clamp(min=0).prod(dim=1) for box in (one, other)]
    union = areas[0] + areas[1] - common
    return torch.where(common > 0, common / union, 0.0)


@checked
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
