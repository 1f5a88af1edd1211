"""The end points of the optimiser: stationary for the objective written as a loop."""

import itertools
import math

import numpy as np
import pytest
import torch

from runtheory.interplay.fitting import FreeFit, all_mixtures, fit_free_dropout, fit_free_mixing
from runtheory.interplay.free_mixing import ShareLaw
from runtheory.randomness import stream

LAW = ShareLaw(np.array([0.3, 0.9]), np.array([0.6, 0.4]))
DECAY = (0.02, 0.05)


def mixing_loss(classifier: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """Return the objective as it stands in the chapter, one mixture after the other."""
    classes, index = len(classifier), 0
    total = DECAY[0] / 2 * classifier.square().sum()
    for share, chance in zip(LAW.shares, LAW.weights, strict=True):
        for own, other in itertools.product(range(classes), repeat=2):
            logs = (classifier @ features[index]).log_softmax(0)
            loss = -share * logs[own] - (1 - share) * logs[other]
            square = features[index].square().sum()
            total = total + chance / classes**2 * (loss + DECAY[1] / 2 * square)
            index += 1
    assert index == len(features)
    return total


def dropout_loss(
    classifier: torch.Tensor, features: torch.Tensor, bias: torch.Tensor, *, rate: float
) -> torch.Tensor:
    """Return the squared loss under dropout by the sum over all masks, and the decay."""
    samples, width = features.shape
    total = DECAY[0] / 2 * classifier.square().sum() + DECAY[1] / 2 * features.square().sum()
    for pattern in itertools.product((0, 1), repeat=width):
        chance = rate ** (width - sum(pattern)) * (1 - rate) ** sum(pattern)
        for index in range(samples):
            logits = bias.clone()
            for place in range(width):
                seen = pattern[place] * features[index, place] / (1 - rate)
                logits = logits + classifier[:, place] * seen
            target = torch.zeros_like(bias)
            target[index * len(bias) // samples] = 1
            total = total + chance * (logits - target).square().sum() / (2 * samples)
    return total


def slopes(loss: object, parts: tuple[torch.Tensor, ...]) -> list[float]:
    moving = [part.clone().requires_grad_() for part in parts]
    return [
        float(slope.abs().max())
        for slope in torch.autograd.grad(loss(*moving), moving)  # type: ignore[operator]
    ]


def test_every_mixture_is_listed_with_its_probability() -> None:
    targets, weights = all_mixtures(LAW, 3)
    assert targets.shape == (18, 3)
    assert torch.allclose(targets.sum(1), torch.ones(18, dtype=torch.float64))
    assert float(weights.sum()) == pytest.approx(1)
    expected = LAW.concentration + (1 - LAW.concentration) / 3
    assert float(weights @ targets.square().sum(1)) == pytest.approx(expected)


def test_the_end_under_mixing_is_stationary() -> None:
    found = fit_free_mixing(LAW, 3, decay=DECAY, width=4, generator=stream(0, "start"))
    assert found.slope < 1e-8
    assert max(slopes(mixing_loss, (found.classifier, found.features))) < 1e-8
    assert float(found.classifier.norm()) > 0.1
    assert torch.equal(found.logits, found.features @ found.classifier.T)
    moved = mixing_loss(1.01 * found.classifier, found.features)
    assert moved > mixing_loss(found.classifier, found.features)


@pytest.mark.parametrize("free_bias", [False, True])
def test_the_end_under_dropout_is_stationary(free_bias: bool) -> None:
    rate = 0.3
    found: FreeFit = fit_free_dropout(
        classes=2,
        per_class=2,
        width=3,
        rate=rate,
        decay=DECAY,
        generator=stream(0, "start"),
        free_bias=free_bias,
    )
    parts = (found.classifier, found.features, found.bias)
    *others, offset = slopes(lambda *moving: dropout_loss(*moving, rate=rate), parts)
    assert max(others) < 1e-8
    assert (offset < 1e-8) == free_bias
    assert float(found.classifier.norm()) > 0.1


def test_what_has_no_closed_form_is_refused() -> None:
    start = stream(0, "start")
    with pytest.raises(ValueError, match="width must be at least 3"):
        fit_free_mixing(LAW, 3, decay=DECAY, width=2, generator=start)
    with pytest.raises(ValueError, match="decay must be positive"):
        fit_free_mixing(LAW, 3, decay=(0.0, 1.0), width=4, generator=start)
    with pytest.raises(ValueError, match="decay must be positive and finite, got inf"):
        fit_free_mixing(LAW, 3, decay=(math.inf, 1.0), width=4, generator=start)
    with pytest.raises(ValueError, match="at most 12"):
        fit_free_dropout(classes=2, per_class=2, width=13, rate=0.5, decay=DECAY, generator=start)
