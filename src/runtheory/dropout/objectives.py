"""Three ways to combine the logits of many dropout masks into one loss, in nats.

With log p_m the log-softmax of the logits under mask m and y the
target distribution, each is the batch mean of -sum_k y_k a_k, where a is

- mean_m log p_m: the mean of the losses [inoue2019multi];
- log softmax(mean_m logits_m): the loss of the mean logits;
- log mean_m p_m: the loss of the mean probabilities [noh2017regularizing].

For every draw of the masks the first is at least as large as either other one (Jensen); the other
two are not ordered. Averaging over samples before the target is looked up leaves no tiled copy of
the labels whose order could be wrong. Logits in float16 or bfloat16 are computed in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from runtheory import checks
from runtheory.dropout.head import body_and_head, sample_logits
from runtheory.dropout.masks import check_rate, check_samples, draw_masks
from runtheory.randomness import Streams
from runtheory.shapes import Images, Labels, SampleLogits, Scalar, SoftTargets

Targets = Labels | SoftTargets
Combine = Callable[[SampleLogits, Targets], Scalar]


def mean_of_losses(logits: SampleLogits, targets: Targets) -> Scalar:
    """Return the mean over samples and batch of the cross entropy, in nats.

    Its expectation over the masks does not depend on the number of samples, only its variance does.
    ``targets`` are class indices (batch) or distributions (batch, class).

    Raises
    ------
    ValueError
        If the targets do not fit the logits; an index out of range is noticed on the CPU only,
        because a look at its value would make a GPU wait.
    """
    _check_targets(logits, targets)
    return _cross_entropy(_log_softmax(logits).mean(0), targets)  # the mean is (batch, class)


def loss_of_mean_logits(logits: SampleLogits, targets: Targets) -> Scalar:
    """Return the batch mean of the cross entropy of the logits averaged over samples, in nats.

    For a linear head this is one pass with the masks averaged, that is with a multiplicative noise
    of variance rate / ((1 - rate) samples): the regulariser fades as 1 / samples (see
    ``laws.effective_rate``). Targets and errors as in ``mean_of_losses``.
    """
    _check_targets(logits, targets)
    return _cross_entropy(_log_softmax(_at_least_float32(logits).mean(0)), targets)


def loss_of_mean_probabilities(logits: SampleLogits, targets: Targets) -> Scalar:
    """Return the batch mean of -sum_k y_k log mean_m p_mk, in nats [noh2017regularizing].

    It falls as samples are added, rewards masks that disagree, and can undercut the loss without
    dropout. Computed by logsumexp. Targets and errors as in ``mean_of_losses``.
    """
    _check_targets(logits, targets)
    averaged = _log_softmax(logits).logsumexp(0) - math.log(logits.shape[0])  # (batch, class)
    return _cross_entropy(averaged, targets)


@dataclass(frozen=True)
class MultiSampleObjective:
    """The multi-sample dropout loss of a net with a ``body`` and a ``head``, for the training loop.

    A call runs ``net.body`` once, draws the masks from ``streams["masks"]``, runs ``net.head`` once
    on all samples and combines. ``samples=1`` is ordinary dropout before the head. Masks are
    applied whether or not the net is in training mode. ``batch_shared`` as in
    ``masks.draw_masks``.

    Raises
    ------
    ValueError
        If ``samples`` < 1 or ``rate`` is outside [0, 1); in a call, if the net lacks a body or a
        head, and as ``combine`` does.
    """

    samples: int
    rate: float
    combine: Combine = mean_of_losses
    batch_shared: bool = False

    def __post_init__(self) -> None:
        check_samples(self.samples)
        check_rate(self.rate)

    def __call__(
        self, net: nn.Module, images: Images, targets: Targets, streams: Streams
    ) -> Scalar:
        body, head = body_and_head(net)
        features = body(images)
        masks = draw_masks(
            self.samples,
            features.shape,
            rate=self.rate,
            generator=streams["masks"],
            batch_shared=self.batch_shared,
        )
        return self.combine(sample_logits(head, features, masks, rate=self.rate), targets)


def _check_targets(logits: Tensor, targets: Tensor) -> None:
    batch, classes = logits.shape[1:]
    expected = (batch, classes) if targets.is_floating_point() else (batch,)
    if targets.shape != expected:
        raise ValueError(
            f"logits {tuple(logits.shape)} need integer targets ({batch},) or float targets "
            f"({batch}, {classes}), got {targets.dtype} {tuple(targets.shape)}"
        )
    readable = targets.device.type == "cpu" and not torch.compiler.is_compiling()
    if readable and not targets.is_floating_point() and batch:
        checks.labels_below(targets, classes)


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _log_softmax(logits: Tensor) -> Tensor:
    return _at_least_float32(logits).log_softmax(-1)


def _cross_entropy(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    if targets.is_floating_point():
        return -(targets * log_probabilities).sum(-1).mean()
    return nn.functional.nll_loss(log_probabilities, targets)
