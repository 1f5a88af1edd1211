"""Search for images whose gradient matches a shared one, to see what a defence is worth.

The distance of two gradients is one minus their cosine, and images are kept smooth by their total
variation; unknown dropout masks are searched beside the image, relaxed to [0, 1]
[scheliga2023dropout]. Where we differ from the authors' public code: small networks of one hidden
layer, plain Adam with a step that falls to zero, no early stop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.noise.gradient_leakage.client import Layers, Pulls, pulls


@dataclass(frozen=True)
class Relaxed:
    """Masks that are searched for: the client's rate of dropout is known, for each replicate."""

    rates: Float[Tensor, " replicate"]


@dataclass(frozen=True)
class Guess:
    """What a search takes for the factors of dropout, on the inputs and on the hidden units.

    None: nothing is dropped there. A tensor (replicate, feature): these are the factors.
    :class:`Relaxed`: the search is to find them.
    """

    inputs: Tensor | Relaxed | None = None
    hidden: Tensor | Relaxed | None = None


@dataclass(frozen=True)
class Search:
    """How long and how finely is searched.

    ``share_weight`` weighs the distance of a relaxed mask's mean from 1 - rate. Of the ``restarts``
    the one that ends with the least objective counts.

    Raises
    ------
    ValueError
        If a count is below one, ``step_size`` is not positive or the weight is negative.
    """

    steps: int = 400
    step_size: float = 0.05
    share_weight: float = 1e-4
    restarts: int = 1

    def __post_init__(self) -> None:
        checks.at_least(1, steps=self.steps, restarts=self.restarts)
        checks.positive_finite(step_size=self.step_size)
        checks.not_negative(share_weight=self.share_weight)


@dataclass(frozen=True)
class Found:
    """What a search ended with: an image for each replicate, and how well its gradient matches."""

    images: Float[Tensor, "replicate pixel"]
    distance: Float[Tensor, " replicate"]


@checked
def total_variation(
    images: Float[Tensor, "*stack height width"],
) -> Float[Tensor, "*stack"]:
    """Return the mean absolute difference of neighbours, down plus across.

    Raises
    ------
    ValueError
        If an image has fewer than two rows or columns.
    """
    checks.at_least(2, rows=images.shape[-2], columns=images.shape[-1])
    down, across = images.diff(dim=-2).abs(), images.diff(dim=-1).abs()
    return down.mean((-2, -1)) + across.mean((-2, -1))


@checked
def cosine_distance(found: Pulls, sent: Layers) -> Float[Tensor, " replicate"]:
    """Return one minus the cosine of one example's gradient and a shared one, over all parameters.

    The gradient of one example consists of outer products, so it need not be formed.

    Raises
    ------
    ValueError
        If there is more than one example in ``found``.
    """
    if found.seen.shape[1] != 1:
        raise ValueError(f"found must hold one example, got {found.seen.shape[1]}")
    seen, hidden, kept, logits = (part[:, 0] for part in found)
    first = (torch.bmm(sent.weight, seen[..., None])[..., 0] + sent.bias) * hidden
    second = (torch.bmm(sent.out_weight, kept[..., None])[..., 0] + sent.out_bias) * logits
    own = _squares(hidden) * (1 + _squares(seen)) + _squares(logits) * (1 + _squares(kept))
    other = torch.stack([_squares(part.flatten(1)) for part in sent.parts]).sum(0)
    norms = (own * other).sqrt().clamp(min=torch.finfo(own.dtype).tiny)
    return 1 - (first.sum(1) + second.sum(1)) / norms


@checked
def silent_share(found: Layers, sent: Layers) -> Float[Tensor, " replicate"]:
    """Return the share of the squares of a gradient that lies where the shared one is zero.

    A share s keeps the distance of the two at 1 - sqrt(1 - s) or above (prop-search): units that
    were dropped tell that the image was found without them.
    """
    tensor_checks.finite(sent=torch.cat([part.flatten() for part in sent.parts]))
    parts = list(zip(found.parts, sent.parts, strict=True))
    whole = torch.stack([_squares(own.flatten(1)) for own, _ in parts]).sum(0)
    silent = [_squares(torch.where(other == 0, own, 0.0).flatten(1)) for own, other in parts]
    return torch.stack(silent).sum(0) / whole


@checked
def matched(
    net: Layers,
    sent: Layers,
    labels: Int64[Tensor, " replicate"],
    *,
    guess: Guess,
    smoothness: Float[Tensor, " replicate"],
    search: Search,
    generator: torch.Generator,
) -> Found:
    """Search, for each replicate, one image in [0, 1] whose gradient matches the one shared.

    ``smoothness`` weighs the total variation of an image. The label is given: the one negative
    entry of the gradient by the last bias tells it. Replicates do not interact. The pixels of an
    image must fill a square.

    Raises
    ------
    ValueError
        If ``guess`` does not fit the networks, the images are no squares, a label is no class or
        a weight is negative.
    """
    tensor_checks.finite(smoothness=smoothness, **{"sent.weight": sent.weight})
    checks.not_negative(smoothness=smoothness.tolist())
    tensor_checks.equal_lengths(labels=labels, networks=net.weight, sent=sent.weight)
    problem = _posed(
        net, sent, labels, guess=guess, smoothness=smoothness, search=search, generator=generator
    )
    _descend(problem, search)
    with torch.no_grad():
        distance, total = (part.unflatten(0, (-1, search.restarts)) for part in problem.measured())
    best = total.argmin(1, keepdim=True)
    tried = problem.images.detach().unflatten(0, (-1, search.restarts))
    return Found(tried.take_along_dim(best[..., None], 1)[:, 0], distance.gather(1, best)[:, 0])


@checked
def peak_signal_to_noise(
    found: Float[Tensor, "image pixel"], images: Float[Tensor, "image pixel"]
) -> Float[Tensor, " image"]:
    """Return -10 log10 of each image's mean squared error, in decibels, for pixels in [0, 1].

    Infinite where every pixel is right.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.gradient_leakage.matching import peak_signal_to_noise
    >>> peak_signal_to_noise(torch.full((1, 4), 0.6), torch.full((1, 4), 0.5)).round()
    tensor([20.])
    """
    return -10 * (found - images).square().mean(1).log10()


@dataclass(frozen=True)
class _Place:
    """Factors of dropout at one place, for every copy: fixed, searched, or none."""

    fixed: Tensor | None = None
    mask: Tensor | None = None
    rates: Tensor | None = None

    def factors(self) -> Tensor | None:
        if self.mask is None or self.rates is None:
            return None if self.fixed is None else self.fixed[:, None]
        return (self.mask / (1 - self.rates[:, None]))[:, None]

    def share_distance(self) -> Tensor | float:
        if self.mask is None or self.rates is None:
            return 0.0
        return (1 - self.mask.mean(1) - self.rates).abs()


@dataclass(frozen=True)
class _Problem:
    """One search: copies of every network, what each was sent, and what is to be found."""

    net: Layers
    sent: Layers
    labels: Tensor
    images: Tensor
    inputs: _Place
    hidden: _Place
    smoothness: Tensor
    share_weight: float

    @property
    def unknown(self) -> list[Tensor]:
        masks = (self.inputs.mask, self.hidden.mask)
        return [self.images, *(mask for mask in masks if mask is not None)]

    def measured(self) -> tuple[Tensor, Tensor]:
        """Return the distance of each copy's gradient, and the whole objective."""
        given = self.net, self.images[:, None], self.labels[:, None]
        own = pulls(*given, on_inputs=self.inputs.factors(), on_hidden=self.hidden.factors())
        distance = cosine_distance(own, self.sent)
        side = math.isqrt(self.images.shape[1])
        smooth = total_variation(self.images.unflatten(1, (side, side)))
        shares = self.inputs.share_distance() + self.hidden.share_distance()
        return distance, distance + self.smoothness * smooth + self.share_weight * shares


def _posed(
    net: Layers,
    sent: Layers,
    labels: Tensor,
    *,
    guess: Guess,
    smoothness: Tensor,
    search: Search,
    generator: torch.Generator,
) -> _Problem:
    _, hidden, pixels = net.weight.shape
    if math.isqrt(pixels) ** 2 != pixels:
        raise ValueError(f"pixels must fill a square, got {pixels}")
    copies, like = net.repeated(search.restarts), net.weight[:, 0, :1]
    shape = (len(labels) * search.restarts, pixels)
    images = torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float64)
    inputs, units = (
        _placed(one, like.expand(-1, width), restarts=search.restarts, generator=generator)
        for one, width in ((guess.inputs, pixels), (guess.hidden, hidden))
    )
    return _Problem(
        copies,
        sent.repeated(search.restarts),
        labels.repeat_interleave(search.restarts),
        images.to(like).requires_grad_(),
        inputs,
        units,
        smoothness.repeat_interleave(search.restarts),
        search.share_weight,
    )


def _placed(
    one: Tensor | Relaxed | None,
    like: Tensor,
    *,
    restarts: int,
    generator: torch.Generator,
) -> _Place:
    """Start a relaxed mask where the authors' code does: at zeros and ones drawn at the rate."""
    if one is None:
        return _Place()
    if isinstance(one, Tensor):
        tensor_checks.equal_shapes(**{"factors of a guess": one, "what they multiply": like})
        return _Place(fixed=one.to(like).repeat_interleave(restarts, 0))
    checks.in_interval(0, 1, ends="[)", rates=one.rates.tolist())
    if len(one.rates) != len(like):
        raise ValueError(f"a guess must have {len(like)} rates, got {len(one.rates)}")
    rates = one.rates.to(like).repeat_interleave(restarts)
    shape = (len(rates), like.shape[1])
    uniform = torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float64)
    kept = uniform.to(like) < 1 - rates[:, None]
    return _Place(mask=kept.to(like).requires_grad_(), rates=rates)


def _descend(problem: _Problem, search: Search) -> None:
    """Take Adam's steps, shorter and shorter, and keep all that is searched within [0, 1]."""
    optimiser = torch.optim.Adam(problem.unknown, lr=search.step_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, search.steps)
    for _ in range(search.steps):
        optimiser.zero_grad()
        problem.measured()[1].sum().backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for part in problem.unknown:
                part.clamp_(0, 1)


def _squares(rows: Tensor) -> Tensor:
    return rows.square().sum(1)
