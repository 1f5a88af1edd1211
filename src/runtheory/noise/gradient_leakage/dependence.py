"""On which pixels of an image a shared gradient depends, by automatic differentiation.

Masks of the pixels are factors (mask, pixel); the loss is averaged over them
(thm-input-dropout-hides).
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.noise.gradient_leakage.client import Layers, shared_gradient

PRECISION = 1e-8  # singular values below this share of the largest are zero in float64


@checked
def unseen_pixels(
    net: Layers,
    images: Float[Tensor, "replicate pixel"],
    labels: Int64[Tensor, " replicate"],
    *,
    on_inputs: Float[Tensor, "replicate mask pixel"],
    generator: torch.Generator,
) -> Bool[Tensor, "replicate pixel"]:
    """Tell on which pixels the gradient does not depend.

    A random combination of all its numbers is differentiated; where the gradient depends on a
    pixel, that is zero with probability zero.

    Raises
    ------
    ValueError
        If a number is not finite, or as :func:`client.pulls`.
    """
    parts = torch.cat([part.flatten() for part in net.parts])
    tensor_checks.finite(images=images, on_inputs=on_inputs, net=parts)
    with torch.enable_grad():
        point = images.detach().clone().requires_grad_()
        sent = _averaged(net, point, labels, on_inputs)
        total = torch.zeros((), dtype=images.dtype, device=images.device)
        for part in sent.parts:
            normal = torch.randn(part.shape, generator=generator, device=generator.device)
            total = total + (part * normal.to(part)).sum()
        (slope,) = torch.autograd.grad(total, point)
    return slope == 0


@checked
def image_directions(
    net: Layers,
    images: Float[Tensor, "1 pixel"],
    labels: Int64[Tensor, "1"],
    *,
    on_inputs: Float[Tensor, "1 mask pixel"],
) -> int:
    """Return how many independent changes of one image change the gradient: a Jacobian's rank.

    One network and one image, in float64.

    Raises
    ------
    ValueError
        If a number is not finite, or as :func:`client.pulls`.
    """
    tensor_checks.class_labels(labels, classes=net.out_bias.shape[1])

    def numbers(image: Tensor) -> Tensor:
        sent = _averaged(net, image[None], labels, on_inputs)
        return torch.cat([part.flatten() for part in sent.parts])

    jacobian = torch.func.jacrev(numbers)(images[0])
    tensor_checks.finite(derivatives=jacobian)
    return int(torch.linalg.matrix_rank(jacobian, rtol=PRECISION))


def _averaged(net: Layers, images: Tensor, labels: Tensor, on_inputs: Tensor) -> Layers:
    masks = on_inputs.shape[1]
    each = images[:, None].expand(-1, masks, -1), labels[:, None].expand(-1, masks)
    return shared_gradient(net, *each, on_inputs=on_inputs)
