"""The loss of a network on a batch that is mixed anew in each step (chapter: CutMix)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torch.nn import functional

from runtheory.mixing.apply import apply
from runtheory.mixing.plans import Plan
from runtheory.randomness import Streams
from runtheory.shapes import Images, Labels, Scalar


@dataclass(frozen=True)
class MixedObjective:
    """Mean cross-entropy (nats) of mixed images against their mixed targets.

    ``draw(shape, generator=...)`` returns a plan: one of ``draw_cutmix``, ``draw_mixup`` and
    ``draw_cutout`` with its other arguments bound. Draws from ``streams["mixing"]``, so that runs
    of one seed keep their batches whatever is mixed. Cross-entropy is linear in the target: the
    loss of the mixed target is the mixture of the two losses of the published code [yun2019cutmix].
    """

    draw: Callable[..., Plan]
    classes: int

    def __call__(self, net: nn.Module, images: Images, labels: Labels, streams: Streams) -> Scalar:
        plan = self.draw(images.shape, generator=streams["mixing"])
        mixed, targets = apply(plan, images, labels, classes=self.classes)
        return functional.cross_entropy(net(mixed), targets)
