"""Patch training seen from the contributions of patches: what CutMix asks of them, exactly.

The contribution h[i, p] is what patch p of example i adds to the logit. See the theory page,
section on rare features.
"""

from __future__ import annotations

import itertools
import math
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.special import wrightomega
from torch import Tensor
from torch.autograd.functional import hessian, jacobian
from torch.nn.functional import binary_cross_entropy_with_logits

from runtheory import checks
from runtheory.boundary import checked

Contributions = Float[Tensor, "batch patch"]
Labels = Float[Tensor, "batch"]


@checked
def expected_cutmix_loss(
    contributions: Contributions, labels: Float[Tensor, " labels"]
) -> Float[Tensor, ""]:
    """Return the expected CutMix loss of a table of contributions, by enumeration.

    Every ordered pair of examples, the partner's number n of patches uniform on 0, ..., P, and
    every set of n patches; the label is mixed by n / P. Labels lie in {0, 1}. The cost grows as
    2^P times the squared number of examples.

    Raises
    ------
    ValueError
        If there are not as many labels as examples.
    """
    count, places = contributions.shape
    if len(labels) != count:
        raise ValueError(f"{count} examples need as many labels, got {len(labels)}")
    sets = torch.tensor(list(itertools.product((0.0, 1.0), repeat=places))).to(contributions)
    sizes = sets.sum(1)
    ways = torch.tensor([math.comb(places, int(n)) for n in sizes]).to(contributions)
    own = (1 - sets) @ contributions.T  # (set, example)
    pasted = sets @ contributions.T
    logits = own[:, :, None] + pasted[:, None, :]  # (set, receiver, donor)
    share = (sizes / places)[:, None, None]
    targets = (1 - share) * labels[None, :, None] + share * labels[None, None, :]
    losses = binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(dim=(1, 2))
    return (losses / ways).sum() / (places + 1)


@checked
def least_contributions(labels: Labels, start: Contributions, *, steps: int = 50) -> Contributions:
    """Return contributions that minimise :func:`expected_cutmix_loss`, by damped Newton steps.

    The minimiser is unique up to offsets of the positions that sum to zero; no step moves along
    them, so they stay as ``start`` has them.
    """
    current = start.detach().clone()
    unit = torch.eye(current.numel()).to(current)
    for _ in range(steps):
        gradient = jacobian(partial(expected_cutmix_loss, labels=labels), current).flatten()
        curvature = hessian(partial(expected_cutmix_loss, labels=labels), current)
        # As large as the gradient: no step is longer than one, and the last ones are Newton's.
        damping = gradient.norm() + 1e-12
        square = curvature.reshape(unit.shape) + damping * unit
        current = current - torch.linalg.solve(square, gradient).reshape(current.shape)
    return current


@checked
def even_contributions(patches: int, *, positive: float = 0.5) -> tuple[float, float]:
    """Return (b_+, b_-): every patch's contribution at the least CutMix loss, by its label.

    ``positive`` is the share of positive examples. Solves the two equations of
    thm-rare-features by Newton's method in float64.

    Raises
    ------
    ValueError
        If there are fewer than three patches (then the loss has no minimum) or ``positive`` does
        not lie in (0, 1).
    """
    checks.at_least(3, patches=patches)
    checks.in_interval(0, 1, ends="()", positive=positive)
    counts = torch.arange(patches + 1, dtype=torch.float64)
    weights = torch.full_like(counts, 2 * positive * (1 - positive) / (patches + 1))
    weights[-1] += positive**2
    weights[0] += (1 - positive) ** 2
    forms = torch.stack([counts, patches - counts], dim=1)  # the logit is forms @ (b_+, b_-)
    values = torch.zeros(2, dtype=torch.float64)
    for _ in range(50):
        predicted = (forms @ values).sigmoid()
        gradient = forms.T @ (weights * (predicted - counts / patches))
        curvature = forms.T @ ((weights * predicted * (1 - predicted))[:, None] * forms)
        values = values - torch.linalg.solve(curvature, gradient)
    return float(values[0]), float(values[1])


@checked
def linear_descent(
    patches: Float[Tensor, "batch patch dimension"],
    labels: Labels,
    views: Bool[Tensor, "view patch"],
    *,
    learning_rate: float,
    steps: int,
) -> Float[Tensor, "step dimension"]:
    """Return the weights of a linear patch network after each gradient step from zero.

    The logit is the sum over patches of w . x_p; the logistic loss is averaged over the examples
    and over the ``views``, each of which keeps the patches where it is true: one view of all
    patches for plain training, all views that lack c patches for Cutout's expected loss.

    Raises
    ------
    ValueError
        If the learning rate is not positive or steps is negative.
    """
    checks.positive(learning_rate=learning_rate)
    checks.not_negative(steps=steps)
    # One sum of patches for each view of each example: (view * batch, dimension).
    inputs = torch.einsum("vp,bpd->vbd", views.to(patches.dtype), patches).flatten(0, 1)
    targets = labels.repeat(len(views))
    weights = [torch.zeros_like(patches[0, 0])]
    for _ in range(steps):
        errors = (inputs @ weights[-1]).sigmoid() - targets
        weights.append(weights[-1] - learning_rate * (errors @ inputs) / len(inputs))
    return torch.stack(weights)


@checked
def margin_over_time(rate: float, time: Float[Tensor, " time"]) -> Float[Tensor, " time"]:
    """Return the m >= 0 with m + e^m = 1 + rate time: a margin that grows by rate / (1 + e^m).

    Raises
    ------
    ValueError
        If the rate or a time is negative.
    """
    checks.not_negative(rate=rate, time=time.min() if len(time) else 0)
    level = 1 + rate * time.detach().to("cpu", torch.float64)
    # Wright's omega function solves w + log(w) = level, and e^m does as well.
    return torch.from_numpy(np.log(wrightomega(level.numpy()))).to(time)
