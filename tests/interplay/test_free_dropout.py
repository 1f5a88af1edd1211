"""Free features under dropout: the closed form against an optimiser over all masks."""

from typing import Any

import pytest
import torch

from runtheory.interplay.fitting import fit_free_dropout
from runtheory.interplay.free_dropout import dropout_frame, evenness
from runtheory.randomness import stream


@pytest.mark.parametrize("free_bias", [False, True])
def test_an_optimiser_finds_the_frame(free_bias: bool) -> None:
    classes = 3
    model: dict[str, Any] = {
        "classes": classes,
        "per_class": 2,
        "width": 4,
        "rate": 0.4,
        "decay": (0.02, 0.01),
        "free_bias": free_bias,
    }
    fit = fit_free_dropout(**model, generator=stream(0, "start"))
    frame = dropout_frame(**model)
    singular = torch.linalg.svdvals(fit.features @ fit.classifier.T)
    expected = torch.zeros(classes, dtype=torch.float64)
    expected[: frame.modes] = frame.value
    assert torch.allclose(singular, expected, atol=1e-6)
    gram = fit.classifier @ fit.classifier.T
    figure = torch.eye(classes, dtype=torch.float64)
    if free_bias:
        figure = (figure - 1 / classes) * classes / (classes - 1)
    assert torch.allclose(gram, frame.row_norm**2 * figure, atol=1e-6)
    sizes = fit.classifier.norm(dim=0) * fit.features.norm(dim=0)
    assert torch.allclose(sizes, torch.full_like(sizes, frame.share), atol=1e-6)
    assert float(evenness(fit.classifier, fit.features)) == pytest.approx(1, abs=1e-9)


def test_without_dropout_it_is_the_soft_threshold() -> None:
    frame = dropout_frame(classes=10, per_class=9, width=16, rate=0.0, decay=(1e-3, 4e-3))
    assert frame.value == pytest.approx(3 - 90 * 2e-3)
    assert frame.modes == 10


def test_dropout_alone_never_lets_the_frame_die() -> None:
    values = [
        dropout_frame(classes=4, per_class=5, width=8, rate=rate, decay=(1e-12, 1e-12)).value
        for rate in (0.0, 0.5, 0.9, 0.999)
    ]
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0


def test_evenness_is_one_over_the_width_for_one_coordinate() -> None:
    classifier = torch.zeros(3, 5)
    classifier[:, 2] = torch.tensor([1.0, 2.0, -1.0])
    assert float(evenness(classifier, torch.ones(7, 5))) == pytest.approx(1 / 5)


def test_what_has_no_minimiser_of_this_form_is_refused() -> None:
    with pytest.raises(ValueError, match="width must be at least 4"):
        dropout_frame(classes=4, per_class=5, width=3, rate=0.5, decay=(1e-3, 1e-3))
    with pytest.raises(ValueError, match="decay must be positive"):
        dropout_frame(classes=4, per_class=5, width=8, rate=0.5, decay=(0.0, 1e-3))
    with pytest.raises(ValueError, match="rate must lie"):
        dropout_frame(classes=4, per_class=5, width=8, rate=1.0, decay=(1e-3, 1e-3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": -1}, "classes must be at least 2, got -1"),
        ({"classes": 1}, "classes must be at least 2, got 1"),
        ({"per_class": 0}, "per_class must be at least 1"),
        ({"decay": (float("nan"), 0.1)}, "decay.* got nan"),
        ({"rate": float("nan")}, "rate .*nan"),
    ],
)
def test_a_frame_of_nothing_is_refused(change: dict, message: str) -> None:
    asked = {"classes": 3, "per_class": 2, "width": 4, "rate": 0.2, "decay": (0.1, 0.1)}
    with pytest.raises(ValueError, match=message):
        dropout_frame(**{**asked, **change})
