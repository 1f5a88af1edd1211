"""Noise of a mixed gradient, and the part of it that two batches share with their boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn
from torch.nn import functional

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.apply import apply
from runtheory.mixing.plans import CutmixPlan
from runtheory.modes import evaluating
from runtheory.shapes import Images, Labels

Draw = Callable[..., CutmixPlan]


@dataclass(frozen=True)
class BoxNoise:
    """Variance of a batch's gradient, and covariance of two batches under the same boxes.

    Traces, squared nats per unit of the parameters; one independent estimate in each group.
    """

    variance: Float64[Tensor, "group"]
    covariance: Float64[Tensor, "group"]


@dataclass(frozen=True, eq=False)
class MixedGradient:
    """The gradient of a network's mean loss on a mixed batch of normalised images.

    Images and partners are drawn anew, all independent of each other and of the boxes, as
    prop-shared-share asks; in training partners come from the batch itself.
    """

    net: nn.Module
    images: Images
    labels: Labels
    classes: int

    def __call__(
        self, plan: CutmixPlan, *, generator: torch.Generator
    ) -> Float[Tensor, "parameter"]:
        """Return the gradient of the first half of the batch; its partners are the other half."""
        size = len(plan.partner)
        index = torch.randint(len(self.images), (size,), generator=generator)
        plan = replace(plan, partner=torch.arange(size).roll(size // 2))
        mixed, targets = apply(plan, self.images[index], self.labels[index], classes=self.classes)
        first = slice(size // 2)
        loss = functional.cross_entropy(self.net(mixed[first]), targets[first])
        gradients = torch.autograd.grad(loss, list(self.net.parameters()))
        return torch.cat([gradient.flatten() for gradient in gradients])


@checked
def box_noise(
    gradient: MixedGradient,
    draw: Draw,
    *,
    batch: int,
    plans: int,
    groups: int,
    generator: torch.Generator,
) -> BoxNoise:
    """Estimate the noise of the gradient of ``batch`` images mixed by ``draw``.

    Each of ``plans`` drawn sets of boxes serves two batches of fresh images. What these have in
    common is the boxes alone, so that their covariance is V_b where the batch shares one box, and
    V_b / batch where every image has its own. The network is held in evaluation mode.

    Raises
    ------
    ValueError
        If the plans are not whole groups of two or more.
    """
    checks.at_least(1, batch=batch, groups=groups)
    if plans % groups or plans < 2 * groups:
        raise ValueError(f"plans must be groups of two or more, got {plans} in {groups} groups")
    shape = (2 * batch, *gradient.images.shape[1:])
    with evaluating(gradient.net):
        pairs = []
        for _ in range(plans):
            plan = draw(shape, generator=generator)
            pairs.append(torch.stack([gradient(plan, generator=generator) for _ in range(2)]))
    return of_pairs(torch.stack(pairs).unflatten(0, (groups, -1)))


@checked
def of_pairs(gradients: Float[Tensor, "group plan two parameter"]) -> BoxNoise:
    """Return variance and covariance of pairs of gradients, unbiased, for each group."""
    centred = gradients.to(torch.float64)
    centred = centred - centred.mean(1, keepdim=True)
    inner = torch.einsum("gnap,gnbp->gab", centred, centred) / (centred.shape[1] - 1)
    return BoxNoise((inner[:, 0, 0] + inner[:, 1, 1]) / 2, inner[:, 0, 1])
