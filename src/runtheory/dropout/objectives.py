"""Three ways to combine the logits of many dropout masks into one loss, in nats.

With log p_m the log-softmax of the logits under mask m and y the
target distribution, each is the batch mean of -sum_k y_k a_k, where a is

- mean_m log p_m: the mean of the losses [inoue2019multi];
- log softmax(mean_m logits_m): the loss of the mean logits;
- log mean_m p_m: the loss of the mean probabilities [noh2017regularizing].

For every draw of the masks the first is at least as large as either other one (Jensen); the other
two are not ordered. Averaging over samples before the target is looked up leaves no tiled copy of
the labels whose order could be wrong. Logits in float16 or bfloat16 are computed in float32.

All three take logits (sample, batch, class), or what ``MultiSampleDropout`` returns, sample x batch
rows (row, class), and the targets of the batch. With a class for each position of a sequence, or of
an image, its axes stand between batch and class: (sample, batch, position, class) with targets
(batch, position). Targets are class indices of any integer type or distributions over the classes.
The options are those of ``torch.nn.functional.cross_entropy``, and so is the mean: over what is
not ignored, by the weights of the labels. No label is ignored unless ``ignore_index`` is given, not
-100 either.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from runtheory.boundary import checked
from runtheory.dropout.cross_entropy import (
    Options,
    Outputs,
    Targets,
    Weight,
    by_sample,
    unfolded,
)
from runtheory.dropout.head import body_and_head, sample_logits
from runtheory.dropout.masks import check_rate, check_samples, draw_masks
from runtheory.randomness import Streams
from runtheory.shapes import Scalar

Combine = Callable[[Tensor, Any], Scalar]


@checked
def mean_of_losses(
    logits: Outputs,
    targets: Targets,
    *,
    weight: Weight | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Scalar:
    """Return the mean over samples and batch of the cross entropy, in nats.

    Its expectation over the masks does not depend on the number of samples, only its variance does.
    It equals the mean over samples of PyTorch's ``cross_entropy`` with the same options.

    >>> from runtheory.dropout import mean_of_losses
    >>> import torch
    >>> from torch.nn.functional import cross_entropy as theirs
    >>> logits = torch.tensor([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 3.0]]])
    >>> labels = torch.tensor([0, 1])
    >>> loss = mean_of_losses(logits, labels, label_smoothing=0.1)
    >>> each = [theirs(sample, labels, label_smoothing=0.1) for sample in logits]
    >>> torch.allclose(loss, sum(each) / 2)
    True

    Raises
    ------
    TypeError
        If the targets are neither integers nor floating-point numbers.
    ValueError
        If targets or options do not fit the logits, or there is no example. An index out of range,
        and a target that is no distribution, are noticed on the CPU only, because a look at its
        values would make a GPU wait.
    """
    samples, chosen = by_sample(logits, targets, ignore_index=ignore_index)
    options = Options(weight, ignore_index, label_smoothing)
    return options.mean(_log_softmax(samples).mean(0), chosen)


@checked
def loss_of_mean_logits(
    logits: Outputs,
    targets: Targets,
    *,
    weight: Weight | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Scalar:
    """Return the batch mean of the cross entropy of the logits averaged over samples, in nats.

    For a linear head this is one pass with the masks averaged, that is with a multiplicative noise
    of variance rate / ((1 - rate) samples): the regulariser fades as 1 / samples (see
    ``laws.effective_rate``). Targets, options and errors as in ``mean_of_losses``; it equals
    PyTorch's ``cross_entropy`` of the mean logits.

    >>> from runtheory.dropout import loss_of_mean_logits
    >>> import torch
    >>> logits = torch.tensor([[[2.0, 0.0]], [[-2.0, 0.0]]])  # two masks of one example
    >>> loss_of_mean_logits(logits, torch.tensor([0]))
    tensor(0.6931)
    """
    samples, chosen = by_sample(logits, targets, ignore_index=ignore_index)
    averaged = _log_softmax(_at_least_float32(samples).mean(0))
    return Options(weight, ignore_index, label_smoothing).mean(averaged, chosen)


@checked
def loss_of_mean_probabilities(
    logits: Outputs,
    targets: Targets,
    *,
    weight: Weight | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Scalar:
    """Return the batch mean of -sum_k y_k log mean_m p_mk, in nats [noh2017regularizing].

    It falls as samples are added, rewards masks that disagree, and can undercut the loss without
    dropout. Computed by logsumexp. Targets, options and errors as in ``mean_of_losses``; it equals
    PyTorch's ``cross_entropy`` of the logarithm of the mean probabilities.

    >>> from runtheory.dropout import loss_of_mean_probabilities
    >>> import torch
    >>> logits = torch.tensor([[[9.0, 0.0]], [[-9.0, 0.0]]])  # sure, and sure of the contrary
    >>> loss_of_mean_probabilities(logits, torch.tensor([0]))
    tensor(0.6931)
    """
    samples, chosen = by_sample(logits, targets, ignore_index=ignore_index)
    averaged = _log_softmax(samples).logsumexp(0) - math.log(len(samples))  # (batch, ..., class)
    return Options(weight, ignore_index, label_smoothing).mean(averaged, chosen)


@checked
def mean_of_squared_errors(outputs: Outputs, targets: Float[Tensor, "batch ..."]) -> Scalar:
    """Return the mean over samples, batch and coordinates of the squared error: regression.

    ``outputs`` are (sample, batch, ...) or sample x batch rows (row, ...), ``targets`` (batch, ...)
    of the same further axes. It is the squared error of the outputs' mean over samples plus their
    variance over samples (with divisor ``samples``), so masks that disagree are punished.

    >>> from runtheory.dropout import mean_of_squared_errors
    >>> import torch
    >>> outputs = torch.tensor([[[1.0]], [[3.0]]])  # (sample, batch, coordinate)
    >>> mean_of_squared_errors(outputs, torch.tensor([[2.0]]))
    tensor(1.)

    Raises
    ------
    TypeError
        If the targets are not floating-point numbers.
    ValueError
        If the shapes do not fit: nothing is broadcast.
    """
    if not targets.is_floating_point():
        raise TypeError(f"targets must be floating-point numbers, got {targets.dtype}")
    samples = unfolded(outputs, targets.shape, f"targets {tuple(targets.shape)}")
    wide = _at_least_float32(samples)
    return (wide - targets.to(wide.dtype)).square().mean()


@dataclass(frozen=True)
class MultiSampleObjective:
    """The multi-sample dropout loss of a net with a ``body`` and a ``head``, for the training loop.

    ``combine`` is one of the functions above, with options by ``functools.partial``, or any other
    of logits (sample, batch, ...) and targets. A call runs ``net.body`` once, draws the masks from
    ``streams["masks"]``, runs ``net.head`` once on all samples and combines. ``samples=1`` is
    ordinary dropout before the head. Masks are applied whether or not the net is in training mode.
    ``batch_shared`` as in ``masks.draw_masks``.

    A call runs the parts and not the net's own ``forward``, so it refuses a net whose ``forward``
    is where compiling or distributing happens. Compile the parts instead, ``net.body =
    torch.compile(net.body)``. For ``DistributedDataParallel`` wrap a module whose ``forward`` is
    this objective (``training.ranks.ObjectiveModule``), or use ``MultiSampleDropout``, whose net is
    called as a whole. Never unwrap: with ``ddp.module`` the ranks' gradients are not averaged, and
    nothing here can tell.

    Raises
    ------
    ValueError
        If ``samples`` < 1 or ``rate`` is outside [0, 1); in a call, if the net lacks a body or a
        head, is compiled or distributed as a whole, and as ``combine`` does.

    Examples
    --------
    >>> import torch
    >>> from runtheory.dropout import MultiSampleObjective
    >>> from runtheory.nets import perceptron
    >>> from runtheory.randomness import Streams
    >>> streams = Streams(0)
    >>> net = perceptron(inputs=64, classes=10, generator=streams["weights"])
    >>> objective = MultiSampleObjective(samples=8, rate=0.5)
    >>> images, labels = torch.rand(16, 1, 8, 8), torch.arange(16) % 10
    >>> objective(net, images, labels, streams).backward()
    """

    samples: int
    rate: float
    combine: Combine = mean_of_losses
    batch_shared: bool = False

    def __post_init__(self) -> None:
        check_samples(self.samples)
        check_rate(self.rate)

    def __call__(
        self, net: nn.Module, images: Float[Tensor, "batch ..."], targets: Any, streams: Streams
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


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _log_softmax(logits: Tensor) -> Tensor:
    return _at_least_float32(logits).log_softmax(-1)
