"""Searches tried on the same clients at several rates of dropout and weights of smoothness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate
from runtheory.noise.gradient_leakage.client import Layers, draw_networks, shared_gradient
from runtheory.noise.gradient_leakage.matching import (
    Guess,
    Relaxed,
    Search,
    matched,
    peak_signal_to_noise,
)


@dataclass(frozen=True)
class Clients:
    """Clients with one image each; all images stand side by side once for every rate.

    ``inputs`` and ``hidden`` are factors of dropout that were drawn for pixels and hidden units.
    """

    net: Layers
    images: Float[Tensor, "client pixel"]
    labels: Int64[Tensor, " client"]
    rates: Float[Tensor, " client"]
    inputs: Float[Tensor, "client pixel"]
    hidden: Float[Tensor, "client hidden"]


@dataclass(frozen=True)
class Tried:
    """Where searches ended, by weight of smoothness, rate and image; ratios in decibels."""

    images: Float[Tensor, "smoothness rate image pixel"]
    distance: Float[Tensor, "smoothness rate image"]
    ratio: Float[Tensor, "smoothness rate image"]

    def best(self, *, rates: slice) -> int:
        """Return the place of the weight with the largest mean ratio over these rates."""
        return int(self.ratio[:, rates].mean((1, 2)).argmax())


@checked
def draw_clients(
    images: Float[Tensor, "image pixel"],
    labels: Int64[Tensor, " image"],
    *,
    classes: int,
    hidden: int,
    rates: Sequence[float],
    generator: torch.Generator,
) -> Clients:
    """Draw a network for every image, and masks for it that grow with the rate.

    One image keeps its network over all rates, and what is dropped at a low rate is dropped at a
    higher one as well, so that rates are compared on the same draws.

    Raises
    ------
    ValueError
        If there are no rates or images, two rates are equal, a rate lies outside [0, 1) or a label
        is no class.
    """
    checks.at_least(1, rates=len(rates), images=len(images))
    if len(set(rates)) < len(rates):
        raise ValueError(f"rates must differ from one another, got {tuple(rates)}")
    for rate in rates:
        check_rate(rate)
    named = tensor_checks.class_labels(labels, classes=classes)
    count, pixels = images.shape
    net = draw_networks(
        pixels, hidden=hidden, classes=classes, replicates=count, generator=generator
    )
    each = torch.tensor(rates, dtype=torch.float64).repeat_interleave(count)[:, None]
    kept = [
        torch.rand((count, width), generator=generator, dtype=torch.float64).repeat(len(rates), 1)
        >= each
        for width in (pixels, hidden)
    ]
    return Clients(
        _tiled(net, len(rates)),
        images.double().repeat(len(rates), 1),
        named.repeat(len(rates)),
        each[:, 0],
        *(one / (1 - each) for one in kept),
    )


@checked
def sent_by(clients: Clients, dropout: Guess) -> Layers:
    """Return what the clients share, each the gradient at its image with these factors.

    Raises
    ------
    TypeError
        If a factor is :class:`Relaxed`: a client has masks, not a search for them.
    """
    factors = {"on_inputs": dropout.inputs, "on_hidden": dropout.hidden}
    if any(isinstance(one, Relaxed) for one in factors.values()):
        raise TypeError("dropout must hold factors, got Relaxed")
    each = {name: one[:, None] for name, one in factors.items() if isinstance(one, Tensor)}
    return shared_gradient(clients.net, clients.images[:, None], clients.labels[:, None], **each)


@checked
def tried(
    clients: Clients,
    sent: Layers,
    guess: Guess,
    *,
    smoothness: Sequence[float],
    search: Search,
    generator: torch.Generator,
) -> Tried:
    """Search every client's image at every weight of smoothness, all at once.

    Raises
    ------
    ValueError
        If there are no weights, or as :func:`matching.matched`.
    """
    checks.at_least(1, smoothness=len(smoothness))
    times = len(smoothness)
    found = matched(
        _tiled(clients.net, times),
        _tiled(sent, times),
        clients.labels.repeat(times),
        guess=Guess(*(_repeated(one, times) for one in (guess.inputs, guess.hidden))),
        smoothness=torch.tensor(smoothness, dtype=torch.float64).repeat_interleave(len(sent.bias)),
        search=search,
        generator=generator,
    )
    ratio = peak_signal_to_noise(found.images, clients.images.repeat(times, 1))
    shape = (times, len(clients.rates.unique()), -1)
    return Tried(
        found.images.unflatten(0, shape),
        found.distance.detach().unflatten(0, shape),
        ratio.unflatten(0, shape),
    )


def _tiled(layers: Layers, times: int) -> Layers:
    return Layers(*(part.repeat(times, *[1] * (part.dim() - 1)) for part in layers.parts))


def _repeated(one: Tensor | Relaxed | None, times: int) -> Tensor | Relaxed | None:
    if isinstance(one, Relaxed):
        return Relaxed(one.rates.repeat(times))
    return None if one is None else one.repeat(times, 1)
