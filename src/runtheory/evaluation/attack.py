"""The fast gradient sign method on images in the [0, 1] scale of pixels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from runtheory import checks
from runtheory.shapes import Images, Labels


def fast_gradient_sign(
    network: Callable[[Tensor], Tensor],
    images: Images,
    labels: Labels,
    *,
    radius: float,
) -> Images:
    """Return clip(x + radius sign(grad_x cross-entropy), 0, 1) [goodfellow2015explaining].

    ``images`` and ``radius`` are in the scale of pixels, [0, 1] (8 / 255 is 0.031), and
    ``network`` takes them so: put the normalisation inside it. Put the network into eval mode
    first. The parameters receive no gradient.

    Raises
    ------
    ValueError
        If ``radius`` is negative.
    """
    checks.not_negative(radius=radius)
    with torch.enable_grad():
        point = images.detach().clone().requires_grad_()
        # The sum, not the mean: no image's gradient depends on how many there are.
        loss = cross_entropy(network(point), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, point)
    return (images.detach() + radius * gradient.sign()).clamp(0, 1)
