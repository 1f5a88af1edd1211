r"""What a client of federated learning shares: the gradient of its loss on its own images.

The networks have one hidden layer of logistic units. With factors of dropout $\xi^0$ on the inputs
and $\xi$ on the hidden units, $u = W(\xi^0 \odot x) + b$ and $z = V(\xi \odot \sigma(u)) + c$; the
loss is the cross-entropy of z. One network stands for each replicate, so that many clients are
computed at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from runtheory import checks, tensor_checks
from runtheory.boundary import checked


@dataclass(frozen=True)
class Layers:
    """Parameters of two layers, or the gradient by them, one of each for every replicate."""

    weight: Float[Tensor, "replicate hidden pixel"]
    bias: Float[Tensor, "replicate hidden"]
    out_weight: Float[Tensor, "replicate class hidden"]
    out_bias: Float[Tensor, "replicate class"]

    def repeated(self, times: int) -> Layers:
        """Return every replicate ``times`` times, its copies next to each other."""
        return Layers(*(part.repeat_interleave(times, 0) for part in self.parts))

    @property
    def parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.weight, self.bias, self.out_weight, self.out_bias


class Pulls(NamedTuple):
    """The gradient of each example, in factors.

    By the first layer it is ``hidden`` times ``seen`` (a column times a row) and, for the bias,
    ``hidden``; by the second layer ``logits`` times ``kept``, and ``logits``.
    """

    seen: Float[Tensor, "replicate example pixel"]
    hidden: Float[Tensor, "replicate example hidden"]
    kept: Float[Tensor, "replicate example hidden"]
    logits: Float[Tensor, "replicate example class"]


@checked
def draw_networks(
    pixels: int, *, hidden: int, classes: int, replicates: int, generator: torch.Generator
) -> Layers:
    """Draw networks as PyTorch starts them: uniform within 1 / sqrt(inputs), float64.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, pixels=pixels, hidden=hidden, classes=classes, replicates=replicates)

    def drawn(*shape: int, inputs: int) -> Tensor:
        uniform = torch.rand(
            (replicates, *shape), generator=generator, device=generator.device, dtype=torch.float64
        )
        return (2 * uniform - 1) / math.sqrt(inputs)

    return Layers(
        drawn(hidden, pixels, inputs=pixels),
        drawn(hidden, inputs=pixels),
        drawn(classes, hidden, inputs=hidden),
        drawn(classes, inputs=hidden),
    )


@checked
def pulls(
    net: Layers,
    images: Float[Tensor, "replicate example pixel"],
    labels: Int64[Tensor, "replicate example"],
    *,
    on_inputs: Float[Tensor, "replicate example pixel"] | None = None,
    on_hidden: Float[Tensor, "replicate example hidden"] | None = None,
) -> Pulls:
    """Return the gradient of each example's loss, as the factors of its outer products.

    ``on_inputs`` and ``on_hidden`` are factors of dropout, 0 or 1 / (1 - rate), or numbers between
    (relaxed masks); without them nothing is dropped. Chain rule, written out; the tests compare it
    with autograd.

    Raises
    ------
    ValueError
        If images or labels do not fit the networks, or a label is no class.
    """
    _check_fit(net, images, labels, on_hidden)
    seen = images if on_inputs is None else images * on_inputs
    active = torch.baddbmm(net.bias[:, None], seen, net.weight.mT).sigmoid()
    kept = active if on_hidden is None else active * on_hidden
    scores = torch.baddbmm(net.out_bias[:, None], kept, net.out_weight.mT)
    logits = scores.softmax(-1) - one_hot(labels, scores.shape[-1]).to(scores)
    hidden = torch.bmm(logits, net.out_weight) * active * (1 - active)
    return Pulls(seen, hidden if on_hidden is None else hidden * on_hidden, kept, logits)


@checked
def shared_gradient(
    net: Layers,
    images: Float[Tensor, "replicate example pixel"],
    labels: Int64[Tensor, "replicate example"],
    *,
    on_inputs: Float[Tensor, "replicate example pixel"] | None = None,
    on_hidden: Float[Tensor, "replicate example hidden"] | None = None,
) -> Layers:
    """Return the gradient of the mean loss of a client's examples by all parameters.

    Several masks of one image are several examples with the same pixels. Arguments and errors are
    those of :func:`pulls`.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.gradient_leakage.client import draw_networks, shared_gradient
    >>> from runtheory.randomness import stream
    >>> net = draw_networks(4, hidden=3, classes=2, replicates=1, generator=stream(0, "net"))
    >>> image = torch.tensor([[[0.2, 0.4, 0.6, 0.8]]]).double()
    >>> sent = shared_gradient(net, image, torch.tensor([[1]]))
    >>> [round(x, 6) for x in (sent.weight[0, 2] / sent.bias[0, 2]).tolist()]
    [0.2, 0.4, 0.6, 0.8]
    """
    found = pulls(net, images, labels, on_inputs=on_inputs, on_hidden=on_hidden)
    examples = images.shape[1]
    return Layers(
        torch.bmm(found.hidden.mT, found.seen) / examples,
        found.hidden.mean(1),
        torch.bmm(found.logits.mT, found.kept) / examples,
        found.logits.mean(1),
    )


def _check_fit(net: Layers, images: Tensor, labels: Tensor, on_hidden: Tensor | None) -> None:
    replicates, hidden, pixels = net.weight.shape
    if images.shape[0] != replicates or images.shape[2] != pixels or images.shape[1] < 1:
        raise ValueError(
            f"images must be ({replicates}, example, {pixels}) for these networks, "
            f"got {tuple(images.shape)}"
        )
    if on_hidden is not None and on_hidden.shape[2] != hidden:
        raise ValueError(f"on_hidden must have {hidden} units, got {on_hidden.shape[2]}")
    if tensor_checks.readable(labels):
        checks.labels_below(labels, net.out_bias.shape[1])
