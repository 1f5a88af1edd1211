"""The optimiser that meets the closed forms of ``free_mixing`` and ``free_dropout``.

Every feature is free, nothing is assumed of the figure: ``collapse.descent.minimise`` in float64
from a Gaussian start.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.collapse.descent import largest_slope, minimise
from runtheory.dropout.masks import check_rate
from runtheory.interplay.free_mixing import ShareLaw


@dataclass(frozen=True)
class FreeFit:
    """Where the descent ended; ``slope`` is the largest entry of the gradient there.

    Row i of ``features`` belongs to row i of ``targets``, which has the probability ``weights[i]``.
    """

    classifier: Float64[Tensor, "class feature"]
    features: Float64[Tensor, "point feature"]
    bias: Float64[Tensor, "class"]
    targets: Float64[Tensor, "point class"]
    weights: Float64[Tensor, "point"]
    slope: float

    @property
    def logits(self) -> Float64[Tensor, "point class"]:
        """W h + b of every feature, without dropout."""
        return self.features @ self.classifier.T + self.bias


@checked
def all_mixtures(
    law: ShareLaw, classes: int
) -> tuple[Float64[Tensor, "point class"], Float64[Tensor, "point"]]:
    """Return the target of every share and ordered pair of classes, and its probability.

    Raises ``ValueError`` for fewer than one class.
    """
    checks.at_least(1, classes=classes)
    units = torch.eye(classes, dtype=torch.float64)
    shares, weights = torch.tensor(law.shares), torch.tensor(law.weights)
    # (share, first class, second class, entry of the target)
    own = shares[:, None, None, None] * units[None, :, None, :]
    other = (1 - shares)[:, None, None, None] * units[None, None, :, :]
    chances = weights[:, None, None].expand(-1, classes, classes) / classes**2
    return (own + other).reshape(-1, classes), chances.flatten()


@checked
def fit_free_mixing(
    law: ShareLaw,
    classes: int,
    *,
    decay: tuple[float, float],
    width: int,
    generator: torch.Generator,
) -> FreeFit:
    """Minimise E ce(W h, t) + (l_W/2) ||W||^2 + (l_H/2) E ||h||^2 over W and every feature.

    ``decay`` is (l_W, l_H); there is one feature for each share and ordered pair of classes. No
    bias. In nats.

    Raises
    ------
    ValueError
        If a decay is not positive, or the width is below the number of classes.
    """
    _check(decay, width, classes)
    targets, weights = all_mixtures(law, classes)
    # The features are scaled by the roots of their weights: all variables are then alike.
    roots = weights.sqrt()[:, None]
    classifier, scaled = _start(((classes, width), (len(targets), width)), generator)

    def objective() -> Tensor:
        losses = -(targets * (scaled / roots @ classifier.T).log_softmax(1)).sum(1)
        penalty = decay[0] * classifier.square().sum() + decay[1] * scaled.square().sum()
        return weights @ losses + penalty / 2

    minimise(objective, (classifier, scaled))
    slope = largest_slope(objective, (classifier, scaled))
    features = (scaled / roots).detach()
    nothing = torch.zeros(classes, dtype=torch.float64)
    return FreeFit(classifier.detach(), features, nothing, targets, weights, slope)


@checked
def fit_free_dropout(
    *,
    classes: int,
    per_class: int,
    width: int,
    rate: float,
    decay: tuple[float, float],
    generator: torch.Generator,
    free_bias: bool = False,
) -> FreeFit:
    """Minimise the squared loss of ``free_dropout``, averaged over all 2^width masks.

    The mean over the samples of ||W (m h) / (1 - p) + b - e_y||^2 / 2 under every mask m, with its
    probability, plus (l_W/2) ||W||^2 + (l_H/2) ||H||^2. Samples come in the order of the classes.

    Raises
    ------
    ValueError
        If the rate lies outside [0, 1), a decay is not positive, or the width is below the number
        of classes or above 12: there would be too many masks; without a class or a sample of it.
    """
    check_rate(rate)
    checks.at_least(1, classes=classes, per_class=per_class)
    _check(decay, width, classes)
    if width > 12:
        raise ValueError(f"all masks are listed for a width of at most 12, got {width}")
    targets = torch.eye(classes, dtype=torch.float64).repeat_interleave(per_class, dim=0)
    masks, chances = _all_masks(width, rate)
    classifier, features = _start(((classes, width), (len(targets), width)), generator)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=free_bias)

    def objective() -> Tensor:
        # (mask, sample, class)
        logits = (features * masks[:, None] / (1 - rate)) @ classifier.T + bias
        losses = (logits - targets).square().sum(2).mean(1) / 2
        penalty = decay[0] * classifier.square().sum() + decay[1] * features.square().sum()
        return chances @ losses + penalty / 2

    moving = (classifier, features, bias) if free_bias else (classifier, features)
    minimise(objective, moving)
    slope = largest_slope(objective, moving)
    weights = torch.full((len(targets),), 1 / len(targets), dtype=torch.float64)
    return FreeFit(classifier.detach(), features.detach(), bias.detach(), targets, weights, slope)


def _all_masks(
    width: int, rate: float
) -> tuple[Float64[Tensor, "mask feature"], Float64[Tensor, "mask"]]:
    """Return all masks, one where a coordinate is kept, and their probabilities."""
    masks = torch.tensor(list(itertools.product((0.0, 1.0), repeat=width)), dtype=torch.float64)
    return masks, (rate + (1 - 2 * rate) * masks).prod(1)  # rate or 1 - rate, multiplied


def _check(decay: tuple[float, float], width: int, classes: int) -> None:
    checks.positive_finite(decay=decay)
    checks.at_least(classes, width=width)


def _start(shapes: Sequence[tuple[int, int]], generator: torch.Generator) -> list[Tensor]:
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in shapes
    ]
