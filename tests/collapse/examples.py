"""Models and features for the tests beside, and the definitions in loops."""

from __future__ import annotations

import torch
from torch import Tensor

from runtheory.collapse.conventions import Convention, Weighting
from runtheory.collapse.models import FeatureModel
from runtheory.randomness import stream

FOUR = FeatureModel((5,) * 4, (5e-3,), 3e-3)
UNEVEN = FeatureModel((12, 6, 3), (8e-3,), 1e-2)


def clouds(
    counts: list[int], width: int, *, noise: float = 0.3, offset: float = 0.0, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Return features (sample, feature) of Gaussian classes, class after class, and labels."""
    generator = stream(seed, "clouds")
    means = torch.randn(len(counts), width, generator=generator, dtype=torch.float64)
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    draw = torch.randn(len(labels), width, generator=generator, dtype=torch.float64)
    return means[labels] + noise * draw + offset, labels


def covariances(features: Tensor, labels: Tensor, convention: Convention) -> tuple[Tensor, Tensor]:
    """Return S_W and S_B from the definitions, in loops."""
    classes, total = int(labels.max()) + 1, len(labels)
    groups = [features[labels == k] for k in range(classes)]
    means = [group.mean(0) for group in groups]
    weights = {
        Weighting.CLASSES: [1 / classes] * classes,
        Weighting.SAMPLES: [len(group) / total for group in groups],
    }
    pairs = zip(weights[convention.mean], means, strict=True)
    centre = torch.stack([w * m for w, m in pairs]).sum(0)
    within, between = torch.zeros(2, features.shape[1], features.shape[1], dtype=torch.float64)
    for k, group in enumerate(groups):
        for row in group:
            share = weights[convention.within][k] / len(group)
            within += share * torch.outer(row - means[k], row - means[k])
        gap = means[k] - centre
        between += weights[convention.between][k] * torch.outer(gap, gap)
    return within, between
