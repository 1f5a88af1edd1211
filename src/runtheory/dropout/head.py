"""The multi-sample head: many dropout masks, one pass through shared weights.

After [inoue2019multi].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from runtheory.dropout.masks import apply_masks, check_rate, check_samples, draw_masks
from runtheory.shapes import Logits, SampleLogits


def sample_logits(
    head: Callable[[Tensor], Tensor],
    features: Float[Tensor, " batch *feature"],
    masks: Bool[Tensor, "sample batch *feature"],
    *,
    rate: float,
) -> SampleLogits:
    """Return ``head(features * masks[m] / (1 - rate))`` for every sample m, in one pass.

    ``head`` sees a batch of sample x batch rows, sample-major: all examples under the first mask,
    then all under the second. Entry (m, b) of the result belongs to mask m of example b.

    A batch-normalisation layer inside ``head`` therefore normalises by statistics pooled over all
    sample x batch rows and updates its running statistics once, where a loop over samples would
    normalise each copy by itself and update ``samples`` times. The pooled form's
    objective depends on the number of samples; keep normalisation in the body.

    Raises
    ------
    ValueError
        If the masks do not fit the features or ``rate`` is outside [0, 1).
    """
    dropped = apply_masks(features, masks, rate=rate)
    logits = head(dropped.flatten(0, 1))  # (sample x batch, class), sample-major
    return logits.reshape(*dropped.shape[:2], *logits.shape[1:])


def body_and_head(net: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Return the two parts of a net whose logits are ``net.head(net.body(images))``.

    Raises
    ------
    ValueError
        If it lacks one of them.
    """
    body, head = getattr(net, "body", None), getattr(net, "head", None)
    if not (isinstance(body, nn.Module) and isinstance(head, nn.Module)):
        raise ValueError(f"a net must have a body and a head, got {type(net).__name__}")
    return body, head


class MultiSampleHead(nn.Module):
    """A head trained under ``samples`` dropout masks per example and evaluated without any.

    In training, ``forward(features, masks)`` returns logits (sample, batch, class) by
    ``sample_logits``. In evaluation it returns ``head(features)``, logits (batch, class), and,
    like ``nn.Dropout``, pays no heed to masks; for Monte-Carlo dropout at test time call
    ``sample_logits``.

    Masks are the only source of diversity between samples; anything else would change the
    objective. [inoue2019multi]

    Raises
    ------
    ValueError
        If ``samples`` < 1 or ``rate`` is outside [0, 1); in ``forward``, if masks are missing in
        training or do not fit.
    """

    def __init__(self, head: nn.Module, *, samples: int, rate: float) -> None:
        super().__init__()
        check_samples(samples)
        check_rate(rate)
        self.head = head
        self.samples = samples
        self.rate = rate

    def draw_masks(
        self,
        features: Float[Tensor, " batch *feature"],
        *,
        generator: torch.Generator,
        batch_shared: bool = False,
    ) -> Bool[Tensor, "sample batch *feature"]:
        """Draw the masks that ``forward`` needs in training; see ``masks.draw_masks``."""
        return draw_masks(
            self.samples,
            features.shape,
            rate=self.rate,
            generator=generator,
            batch_shared=batch_shared,
        )

    def forward(
        self,
        features: Float[Tensor, " batch *feature"],
        masks: Bool[Tensor, "sample batch *feature"] | None = None,
    ) -> SampleLogits | Logits:
        """Return sample logits in training, plain logits in evaluation."""
        if not self.training:
            logits: Tensor = self.head(features)
            return logits
        if masks is None:
            raise ValueError("a head in training needs masks, got None: draw them with draw_masks")
        if masks.shape[0] != self.samples:
            raise ValueError(f"masks must hold {self.samples} samples, got {masks.shape[0]}")
        return sample_logits(self.head, features, masks, rate=self.rate)

    def extra_repr(self) -> str:
        return f"samples={self.samples}, rate={self.rate}"
