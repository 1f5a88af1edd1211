"""The fast gradient sign method on images in the [0, 1] scale of pixels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.evaluation.metrics import check_scored
from runtheory.shapes import AnyLabels, Images


@checked
def fast_gradient_sign(
    network: Callable[[Tensor], Tensor],
    images: Images,
    labels: AnyLabels,
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
        If ``radius`` is negative, an image lies outside [0, 1] (divide bytes by 255), or the logits
        and labels cannot be scored, as those of ``metrics``.
    TypeError
        If the images are no float tensor or the labels no integers.

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import fast_gradient_sign
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3))
    >>> images, labels = torch.rand(2, 1, 4, 4), torch.tensor([0, 2])
    >>> moved = fast_gradient_sign(net, images, labels, radius=8 / 255)
    >>> bool((moved - images).abs().max() <= 8 / 255 + 1e-6)
    True
    """
    checks.not_negative(radius=radius)
    tensor_checks.unit_range(images=images)
    with torch.enable_grad():
        point = images.detach().clone().requires_grad_()
        logits = network(point)
        named = check_scored(logits, labels)
        # The sum, not the mean: no image's gradient depends on how many there are.
        loss = cross_entropy(logits, named, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, point)
    return (images.detach() + radius * gradient.sign()).clamp(0, 1)
