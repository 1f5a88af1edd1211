"""The loss of a network on a batch that is mixed anew in each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torch.nn import functional

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.mixing.apply import apply
from runtheory.mixing.plans import Plan
from runtheory.randomness import Streams
from runtheory.shapes import Images, Labels, Scalar, SoftTargets

TargetLoss = Callable[[nn.Module, Images, SoftTargets, Streams], Scalar]


@checked
def soft_cross_entropy(
    net: nn.Module, images: Images, targets: SoftTargets, streams: Streams
) -> Scalar:
    """Return the mean cross-entropy (nats) of ``net(images)`` against soft targets."""
    logits = net(images)
    tensor_checks.equal_shapes(logits=logits, targets=targets)
    return functional.cross_entropy(logits, targets)


@dataclass(frozen=True)
class MixedObjective:
    """Mean loss of mixed images against their mixed targets, cross-entropy in nats by default.

    ``draw(shape, generator=...)`` returns a plan: one of ``draw_cutmix``, ``draw_mixup`` and
    ``draw_cutout`` with its other arguments bound. Draws from ``streams["mixing"]``, so that runs
    of one seed keep their batches whatever is mixed. Cross-entropy is linear in the target: the
    loss of the mixed target is the mixture of the two losses of the published code [yun2019cutmix].
    ``loss`` may be any objective that takes soft targets, that of multi-sample dropout for one.
    """

    draw: Callable[..., Plan]
    classes: int
    loss: TargetLoss = soft_cross_entropy

    def __call__(self, net: nn.Module, images: Images, labels: Labels, streams: Streams) -> Scalar:
        plan = self.draw(images.shape, generator=streams["mixing"])
        mixed, targets = apply(plan, images, labels, classes=self.classes)
        return self.loss(net, mixed, targets, streams)
