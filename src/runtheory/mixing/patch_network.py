"""A two-filter convolutional network on patches, trained in the style of [oh2024provable].

f(X) = sum_p phi(w_+ . x_p) - phi(w_- . x_p), with phi a leaky rectifier smoothed around 0. Labels
are the probability of the positive class; the loss is the logistic one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from runtheory import checks
from runtheory.boundary import checked

Filters = Float[Tensor, "sign=2 dimension"]
Patches = Float[Tensor, "batch patch dimension"]
Labels = Float[Tensor, "batch"]
Augment = Callable[[Patches, Labels], tuple[Patches, Labels]]


@checked
def smooth_leaky(
    values: Float[Tensor, "..."], *, slope: float = 0.1, radius: float = 1.0
) -> Tensor:
    """Return a leaky rectifier with continuous derivative.

    slope z for z <= 0; (1 - slope) z^2 / (2 radius) + slope z on [0, radius]; and
    z - (1 - slope) radius / 2 above.

    Raises
    ------
    ValueError
        If slope lies outside [0, 1] or radius is not positive.
    """
    checks.in_interval(0, 1, slope=slope)
    checks.positive(radius=radius)
    bent = values.clamp(0, radius)
    curve = bent**2 / (2 * radius) + (values - bent).clamp(min=0)
    return slope * values + (1 - slope) * curve


@checked
def patch_logits(filters: Filters, patches: Patches) -> Labels:
    """Return f(X) for each input."""
    # (batch, patch, sign), then summed over patches.
    activations = smooth_leaky(torch.einsum("bpd,sd->bps", patches, filters)).sum(dim=1)
    return activations[:, 0] - activations[:, 1]


@checked
def descend(
    filters: Filters,
    patches: Patches,
    labels: Labels,
    *,
    augment: Augment,
    learning_rate: float,
    steps: int,
) -> Iterator[Filters]:
    """Yield the filters after each full-batch gradient step, the initial ones first.

    ``augment`` maps (patches, labels) to those of the step: the identity for plain training, or
    a draw and its application. ``filters`` is not changed.

    Raises
    ------
    ValueError
        If steps is negative or the learning rate not positive.
    """
    checks.positive(learning_rate=learning_rate)
    checks.not_negative(steps=steps)
    current = filters.detach().clone()
    yield current
    for _ in range(steps):
        mixed, targets = augment(patches, labels)
        with torch.enable_grad():
            point = current.clone().requires_grad_()  # what was yielded stays as it was
            loss = binary_cross_entropy_with_logits(patch_logits(point, mixed), targets)
            (gradient,) = torch.autograd.grad(loss, point)
        current = current - learning_rate * gradient
        yield current


@checked
def feature_response(filters: Filters, features: Float[Tensor, "feature dimension"]) -> Tensor:
    """Return phi(w_+ . v) - phi(w_- . v) for each feature v: how strongly it is learned."""
    return patch_logits(filters, features[:, None, :])
