"""Exact expectations over dropout masks by enumeration, for heads on a few features.

The yardstick for sampling, penalties and orderings.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from runtheory import checks
from runtheory.dropout.head import sample_logits
from runtheory.dropout.masks import check_rate, check_samples
from runtheory.dropout.objectives import Combine, Targets, mean_of_losses
from runtheory.shapes import Features, Scalar

MOST_FEATURES = 12
MOST_COMBINATIONS = 2**18


def all_masks(features: int, *, rate: float) -> tuple[Tensor, Tensor]:
    """Return all 2^features keep masks (mask, feature) and their probabilities (mask), float64.

    Raises
    ------
    ValueError
        If ``features`` is outside 1 to 12 or ``rate`` outside [0, 1).
    """
    check_rate(rate)
    checks.in_interval(1, MOST_FEATURES, features=features)
    bits = torch.arange(2**features)[:, None] >> torch.arange(features)
    masks = (bits & 1).bool()
    kept = masks.sum(1).double()
    return masks, (1 - rate) ** kept * rate ** (features - kept)


def expected_loss(
    features: Features,
    targets: Targets,
    head: Callable[[Tensor], Tensor],
    *,
    rate: float,
    samples: int = 1,
    combine: Combine = mean_of_losses,
) -> Scalar:
    """Return the expectation of ``combine`` over ``samples`` masks of each example, in nats.

    The head sees every mask once; all (2^feature)^samples combinations are then weighted by their
    probabilities. All examples are given the same combination, which leaves the expectation of a
    batch mean as it is. Exact up to rounding; give float64 features and head for float64 results.

    Raises
    ------
    ValueError
        If there are more than 12 features or 2^18 combinations; as ``combine`` does.
    """
    check_samples(samples)
    masks, weights = all_masks(features.shape[1], rate=rate)
    if len(masks) ** samples > MOST_COMBINATIONS:
        raise ValueError(
            f"enumeration covers {MOST_COMBINATIONS} combinations, "
            f"got {len(masks)} masks to the power of {samples} samples"
        )
    device = features.device
    expanded = masks.to(device)[:, None, :].expand(-1, *features.shape)
    table = sample_logits(head, features, expanded, rate=rate)
    choice = torch.cartesian_prod(*[torch.arange(len(masks), device=device)] * samples)
    choice = choice.reshape(-1, samples)
    losses = torch.func.vmap(lambda chosen: combine(table[chosen], targets), chunk_size=4096)(
        choice
    )
    return weights.to(device)[choice].prod(1) @ losses.double()
