"""Enumeration gives exact expectations over dropout masks, for heads on a few features.

The yardstick for sampling, penalties and orderings.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.dropout.cross_entropy import Targets
from runtheory.dropout.head import sample_logits
from runtheory.dropout.masks import check_rate, check_samples
from runtheory.dropout.objectives import Combine, mean_of_losses
from runtheory.shapes import Features, Scalar

MOST_FEATURES = 12
MOST_COMBINATIONS = 2**18


@checked
def all_masks(features: int, *, rate: float) -> tuple[Tensor, Tensor]:
    """Return all 2^features keep masks (mask, feature) and their probabilities (mask), float64.

    Raises
    ------
    ValueError
        If ``features`` is outside 1 to 12 or ``rate`` outside [0, 1).
    """
    check_rate(rate)
    checks.in_interval(1, MOST_FEATURES, features=features)
    bits = torch.arange(2**features)[:, None] >> torch.arange(features)  # (mask, feature)
    masks = (bits & 1).bool()  # feature j of mask k is bit j of k
    kept = masks.sum(1).double()
    return masks, (1 - rate) ** kept * rate ** (features - kept)


@checked
def mean_masks(features: int, *, rate: float, samples: int) -> tuple[Tensor, Tensor]:
    """Return all means of ``samples`` inverted masks and their probabilities, float64.

    The means are (combination, feature), with entries between 0 and 1 / (1 - rate); equal ones are
    listed as often as they arise. For a linear head the logits averaged over the masks are those of
    the features times the mean mask (thm-effective-rate).

    Raises
    ------
    ValueError
        As ``all_masks``, and if there are more than 2^18 combinations or ``samples`` < 1.
    """
    masks, weights = all_masks(features, rate=rate)
    choice = _combinations(len(masks), samples)  # (combination, sample)
    return masks.double()[choice].mean(1) / (1 - rate), weights[choice].prod(1)


@checked
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
    masks, weights = (part.to(features.device) for part in all_masks(features.shape[1], rate=rate))
    choice = _combinations(len(masks), samples).to(features.device)
    expanded = masks[:, None, :].expand(-1, *features.shape)  # (mask, example, feature)
    table = sample_logits(head, features, expanded, rate=rate)  # (mask, example, class)
    losses = torch.func.vmap(lambda chosen: combine(table[chosen], targets), chunk_size=4096)(
        choice
    )
    return weights[choice].prod(1) @ losses.double()


def _combinations(masks: int, samples: int) -> Tensor:
    """Return the indices (combination, sample) of every choice of ``samples`` out of ``masks``."""
    check_samples(samples)
    if masks**samples > MOST_COMBINATIONS:
        raise ValueError(
            f"enumeration covers {MOST_COMBINATIONS} combinations, "
            f"got {masks} masks to the power of {samples} samples"
        )
    return torch.cartesian_prod(*[torch.arange(masks)] * samples).reshape(-1, samples)
