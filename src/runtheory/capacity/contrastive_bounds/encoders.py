r"""Two encoders that are trained by a contrastive loss; many replicates at once.

An encoder is a layer of rectified units and a linear one; its output is brought to length one. An
*embedding* here holds both views: (view, replicate, example, coordinate).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torch.nn import functional

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.contrastive_bounds.losses import retrieved
from runtheory.capacity.contrastive_bounds.views import World, draw_views

Embeddings = Float[Tensor, "*stack 2 replicate example coordinate"]


@dataclass(frozen=True)
class Encoders:
    """Weights of both encoders; a leading axis may run over temperatures."""

    inward: Float[Tensor, "*stack 2 replicate feature hidden"]
    biases: Float[Tensor, "*stack 2 replicate 1 hidden"]
    outward: Float[Tensor, "*stack 2 replicate hidden coordinate"]


@dataclass(frozen=True)
class Course:
    """How to train: a loss of scores, Adam's rate, steps, fresh examples in each.

    ``sharpness`` is the beta of retrieval; without it embeddings are compared as they are.
    """

    loss: Callable[[Tensor], Tensor]
    rate: float
    steps: int
    examples: int
    sharpness: float | None = None


@dataclass(frozen=True)
class Trained:
    """Encoders by temperature, and the norm of the gradient at each step."""

    net: Encoders
    norms: Float64[Tensor, "step temperature replicate"]


@checked
def draw_encoders(
    features: int, *, hidden: int, coordinates: int, replicates: int, generator: torch.Generator
) -> Encoders:
    """Draw encoders, float32: variance 2 / features inward, 1 / hidden outward, biases zero.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, features=features, hidden=hidden, coordinates=coordinates)
    checks.at_least(1, replicates=replicates)
    device = generator.device
    inward = torch.randn((2, replicates, features, hidden), generator=generator, device=device)
    outward = torch.randn((2, replicates, hidden, coordinates), generator=generator, device=device)
    biases = inward.new_zeros(2, replicates, 1, hidden)
    return Encoders(inward * math.sqrt(2 / features), biases, outward / math.sqrt(hidden))


@checked
def embedded(net: Encoders, views: Float[Tensor, "2 replicate example feature"]) -> Embeddings:
    """Return the embeddings of both views, of length one.

    Raises
    ------
    ValueError
        If views and weights do not fit, or a number is not finite.
    """
    fitting = (*net.inward.shape[-4:-2], net.inward.shape[-2])
    if (*views.shape[:2], views.shape[-1]) != fitting:
        raise ValueError(
            f"views must be (2, {fitting[1]}, example, {fitting[2]}), got {tuple(views.shape)}"
        )
    tensor_checks.finite(views=views)
    units = (views @ net.inward + net.biases).relu()
    return functional.normalize(units @ net.outward, dim=-1)


@checked
def pair_scores(
    embeddings: Embeddings, *, sharpness: float | None = None
) -> Float[Tensor, "*stack 2 replicate anchor candidate"]:
    """Return cosines of all pairs: with anchors of the first view, then of the second.

    With ``sharpness`` each side has its own store [furst2022cloob]: anchors and candidates are
    what they retrieve from the anchors' view of the same examples. Raises as
    :func:`~runtheory.capacity.contrastive_bounds.losses.retrieved`.
    """
    other = embeddings.flip(-4)  # the partner's view
    if sharpness is None:
        return embeddings @ other.mT
    own = retrieved(embeddings, embeddings, sharpness=sharpness)
    return own @ retrieved(other, embeddings, sharpness=sharpness).mT


@checked
def trained(
    start: Encoders,
    world: World,
    *,
    course: Course,
    temperatures: Sequence[float],
    generator: torch.Generator,
) -> Trained:
    """Train from ``start`` at each temperature, on the same fresh examples at every step.

    The loss, the mean over both sides, is multiplied by the temperature, as in the authors' code.
    Replicates and temperatures do not see each other's gradients.

    Raises
    ------
    ValueError
        If a rate or temperature is not positive and finite, or a count is below one.
    """
    checks.at_least(1, temperatures=len(temperatures), steps=course.steps)
    checks.positive_finite(temperatures=list(temperatures), rate=course.rate)
    parts = (start.inward, start.biases, start.outward)
    live = [part.detach().repeat(len(temperatures), 1, 1, 1, 1).requires_grad_() for part in parts]
    adam = torch.optim.Adam(live, lr=course.rate)
    scale = start.inward.new_tensor(list(temperatures))[:, None, None, None, None]
    norms = []
    for _ in range(course.steps):
        views = draw_views(world, examples=course.examples, generator=generator)[1]
        with torch.enable_grad():
            embeddings = embedded(Encoders(*live), views)
            scores = pair_scores(embeddings, sharpness=course.sharpness) / scale
            loss = (scale[..., 0] * course.loss(scores)).mean((1, 3)).sum()
        slopes = torch.autograd.grad(loss, live)
        for part, slope in zip(live, slopes, strict=True):
            part.grad = slope
        squares = [slope.double().square().sum((1, 3, 4)) for slope in slopes]
        norms.append(torch.stack(squares).sum(0).sqrt())
        adam.step()
    return Trained(Encoders(*(part.detach() for part in live)), torch.stack(norms))


@checked
def effective_rank(
    rows: Float[Tensor, "*stack example coordinate"],
) -> Float64[Tensor, "*stack"]:
    """Return exp of the entropy of the covariance's eigenvalues, divided by their sum.

    Between 1 and the number of coordinates.

    Raises
    ------
    ValueError
        If there are fewer than two examples, if all are equal, or a number is not finite.
    """
    checks.at_least(2, examples=rows.shape[-2])
    tensor_checks.finite(rows=rows)
    centred = rows.double() - rows.double().mean(-2, keepdim=True)
    values = torch.linalg.eigvalsh(centred.mT @ centred).clamp(min=0)
    if tensor_checks.readable(values):
        checks.positive(variance=values.sum(-1).cpu().numpy())
    shares = values / values.sum(-1, keepdim=True)
    return (-torch.xlogy(shares, shares).sum(-1)).exp()


@checked
def alignment(embeddings: Embeddings) -> Float64[Tensor, "*stack replicate"]:
    """Return the mean cosine of partners."""
    first, second = embeddings.double().unbind(-4)
    return (first * second).sum(-1).mean(-1)


@checked
def uniformity(rows: Float[Tensor, "*stack example coordinate"]) -> Float64[Tensor, "*stack"]:
    """Return the log of the mean of exp(-2 squared distance) over pairs of different rows.

    Lower is more even; zero where all rows agree.

    Raises
    ------
    ValueError
        If there are fewer than two examples, or a number is not finite.
    """
    examples = rows.shape[-2]
    checks.at_least(2, examples=examples)
    tensor_checks.finite(rows=rows)
    kernel = (-2 * torch.cdist(rows.double(), rows.double()).square()).exp()
    return ((kernel.sum((-2, -1)) - examples) / (examples * (examples - 1))).log()
