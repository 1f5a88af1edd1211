"""What a noisy layer says of its inputs and of their labels, in one call (nats, float64).

T = f(x) + b Z as in :mod:`noisy_layer`, x uniform on the given examples and Y their labels. With
N(t; c) the density of the noise around c, p(t) = mean_j N(t; c_j), p(t | y) the same mean over the
examples of class y,

    I(X; T) = E log N(T; c_i) / p(T),      I(T; Y) = E log p(T | y_i) / p(T),

both from the same draws. The first is at most log N, the second at most H(Y); both belong to the
given examples, not to the law behind them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.layers.noisy_layer import (
    InformationBracket,
    NoisyInformation,
    information_bracket,
    log_kernels,
    mean_over_draws,
    noisy_draws,
    scaled_centres,
)

MOST_CLASSES = 2**31  # labels may be any numbers that are not negative


@dataclass(frozen=True)
class LayerInformation:
    """Both informations of a layer, each with proven ends, and what neither can exceed, in nats."""

    inputs: NoisyInformation
    inputs_bracket: InformationBracket
    inputs_ceiling: float
    labels: NoisyInformation
    labels_bracket: InformationBracket
    labels_ceiling: float


@checked
def layer_information(
    features: Float[Tensor, "example feature"],
    labels: Int[Tensor, "example"],
    noise: float,
    *,
    draws: int = 10,
    generator: torch.Generator,
    chunk: int = 2**22,
) -> LayerInformation:
    """Estimate I(X; T) and I(T; Y) of features with Gaussian noise of deviation ``noise``.

    I(X; T) and its bracket are those of :func:`noisy_layer.noisy_information` and
    :func:`noisy_layer.information_bracket`. Since I(T; Y) = I(X; T) - sum_y p(y) I(X; T | y),
    brackets of the layer and of every class give proven ends for it too. Flatten maps of pixels
    first; time grows as draws x examples^2 x features, memory with ``chunk`` distances.

    Raises
    ------
    TypeError
        If labels are no integers.
    ValueError
        If features are no rows of finite numbers, labels are negative or not one for each row,
        ``noise`` is not positive and finite, ``draws`` is below 2 or ``chunk`` below 1.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information import layer_information
    >>> features = torch.tensor([[-3.0], [-2.9], [2.9], [3.0]])
    >>> labels = torch.tensor([0, 0, 1, 1])
    >>> draw = torch.Generator().manual_seed(0)
    >>> found = layer_information(features, labels, 0.5, draws=50, generator=draw)
    >>> round(found.labels.value, 3), round(found.labels_ceiling, 3)  # log(2): nothing is lost
    (0.693, 0.693)
    """
    checks.at_least(2, draws=draws)
    points = scaled_centres(features, noise)
    labels = tensor_checks.class_labels(labels, classes=MOST_CLASSES, batch=len(points))
    own = labels.to(points.device).unique(return_inverse=True)[1]  # class of each example
    sizes, whole = own.bincount(), math.log(len(points))
    terms = points.new_empty(2, draws * len(points))
    for part, rows, kick in noisy_draws(points, draws, chunk=chunk, generator=generator):
        kernels = log_kernels(points[rows] + kick, points)
        every = torch.logsumexp(kernels, dim=1) - whole
        kernels.masked_fill_(own != own[rows, None], -math.inf)
        within = torch.logsumexp(kernels, dim=1) - sizes[own[rows]].double().log()
        terms[:, part] = torch.stack([-kick.square().sum(dim=1) / 2 - every, within - every])
    inputs, answers = (mean_over_draws(row.view(draws, -1)) for row in terms)
    share = (sizes / len(points)).tolist()
    ceiling = -math.fsum(p * math.log(p) for p in share) + 0.0
    bracket = information_bracket(points, 1.0, chunk=chunk)
    classes = [information_bracket(points[own == k], 1.0, chunk=chunk) for k in range(len(share))]
    ends = _label_bracket(bracket, classes, share, ceiling=ceiling)
    return LayerInformation(inputs, bracket, whole, answers, ends, ceiling)


def _label_bracket(
    whole: InformationBracket,
    classes: list[InformationBracket],
    share: list[float],
    *,
    ceiling: float,
) -> InformationBracket:
    """Return ends for I(X; T) - sum_y p(y) I(X; T | y) from those of either side."""
    most = math.fsum(p * one.high for p, one in zip(share, classes, strict=True))
    least = math.fsum(p * one.low for p, one in zip(share, classes, strict=True))
    return InformationBracket(max(whole.low - most, 0.0), min(whole.high - least, ceiling))
