"""Occlusion of images by a box at the centre, or everywhere but there."""

from __future__ import annotations

import torch
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.shapes import Images


@checked
def occlude_centre(images: Images, *, size: float, fill: float = 0.0) -> Images:
    """Return the images with a centred box of ``size`` (fraction of each side) filled.

    A pixel belongs to the box when its centre does.

    Raises
    ------
    ValueError
        If ``size`` lies outside [0, 1] or ``fill`` is no finite number of the images' type.
    """
    return images.masked_fill(_centre_box(images, size, fill), fill)


@checked
def occlude_boundary(images: Images, *, size: float, fill: float = 0.0) -> Images:
    """Return the images with everything outside a centred box of ``size`` filled.

    Raises
    ------
    ValueError
        If ``size`` lies outside [0, 1] or ``fill`` is no finite number of the images' type.
    """
    return images.masked_fill(~_centre_box(images, size, fill), fill)


def _centre_box(images: Tensor, size: float, fill: float) -> Tensor:
    checks.in_interval(0, 1, size=size)
    most = torch.finfo(images.dtype).max
    checks.in_interval(-most, most, fill=fill)
    inside = []  # for rows, then columns: whether a pixel's centre lies in the box
    for pixels in images.shape[-2:]:
        centre = (torch.arange(pixels, dtype=torch.float64, device=images.device) + 0.5) / pixels
        inside.append((centre - 0.5).abs() * 2 < size)
    return inside[0][:, None] & inside[1][None, :]


@checked
def paste_centre(images: Images, foreign: Images, *, size: float) -> Images:
    """Return the images with a centred box of ``size`` that shows ``foreign``, image by image.

    A flat box is something that no image of a set may ever show, and a network can learn to see
    that nothing is there; a box from another image says something, and it is wrong.

    Raises
    ------
    ValueError
        If ``size`` lies outside [0, 1] or the foreign images have another shape.
    """
    return torch.where(_centre_box(images, size, 0.0), foreign, images)
