"""The multi-sample head: many dropout masks, one pass through shared weights.

After [inoue2019multi].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from runtheory.boundary import checked
from runtheory.dropout.masks import apply_masks, check_rate, check_samples, draw_masks
from runtheory.shapes import Logits, SampleLogits

# By name, so that no part of torch.distributed is imported for the sake of a message.
WRAPPERS = ("DistributedDataParallel", "FullyShardedDataParallel", "DataParallel")


@checked
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

    Examples
    --------
    >>> import torch
    >>> from runtheory.dropout import draw_masks, sample_logits
    >>> features, head = torch.rand(16, 32), torch.nn.Linear(32, 10)
    >>> masks = draw_masks(8, features.shape, rate=0.5, generator=torch.Generator())
    >>> sample_logits(head, features, masks, rate=0.5).shape
    torch.Size([8, 16, 10])
    """
    dropped = apply_masks(features, masks, rate=rate)
    logits = head(dropped.flatten(0, 1))  # (sample x batch, class), sample-major
    return logits.reshape(*dropped.shape[:2], *logits.shape[1:])


@checked
def body_and_head(net: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Return the two parts of a net whose logits are ``net.head(net.body(images))``.

    Raises
    ------
    ValueError
        If it lacks one of them, or is compiled or wrapped as a whole, which the parts would go
        round.
    """
    _refuse_what_parts_go_round(net)
    body, head = getattr(net, "body", None), getattr(net, "head", None)
    if not (isinstance(body, nn.Module) and isinstance(head, nn.Module)):
        raise ValueError(f"a net must have a body and a head, got {type(net).__name__}")
    return body, head


def _refuse_what_parts_go_round(net: nn.Module) -> None:
    if "_orig_mod" in net._modules or net._compiled_call_impl is not None:
        raise ValueError(
            "a compiled net does its work in its own forward, and calls of net.body and net.head "
            "would run uncompiled: compile the parts, net.body = torch.compile(net.body)"
        )
    if type(net).__name__ in WRAPPERS:
        raise ValueError(
            f"{type(net).__name__} averages gradients in its own forward, which calls of the body "
            "and the head go round: wrap training.ranks.ObjectiveModule(net, objective), or give "
            "the net a MultiSampleDropout and call it as a whole; do not unwrap it by .module"
        )


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
