"""Free features under dropout: the closed form against an optimiser and an enumeration of masks."""

import itertools

import pytest
import torch

from runtheory.interplay.free_dropout import dropout_frame, evenness


def expected_loss(
    classifier: torch.Tensor,
    features: torch.Tensor,
    bias: torch.Tensor,
    labels: torch.Tensor,
    rate: float,
) -> torch.Tensor:
    """Return the squared loss under dropout, by the sum over all masks."""
    width, total = classifier.shape[1], torch.zeros((), dtype=torch.float64)
    targets = torch.eye(len(classifier), dtype=torch.float64)[labels]
    for pattern in itertools.product((0.0, 1.0), repeat=width):
        mask = torch.tensor(pattern, dtype=torch.float64)
        chance = (1 - rate) ** mask.sum() * rate ** (width - mask.sum())
        logits = features * mask / (1 - rate) @ classifier.T + bias
        total = total + chance * (logits - targets).square().sum(1).mean() / 2
    return total


@pytest.mark.parametrize("free_bias", [False, True])
def test_an_optimiser_finds_the_frame(free_bias: bool) -> None:
    classes, per_class, width, rate, decay = 3, 2, 4, 0.4, (0.02, 0.01)
    labels = torch.arange(classes).repeat_interleave(per_class)
    generator = torch.Generator().manual_seed(0)
    classifier, features, bias = (
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in ((classes, width), (len(labels), width), (classes,))
    )
    free = [classifier, features, bias] if free_bias else [classifier, features]
    optimiser = torch.optim.LBFGS(
        free,
        max_iter=800,
        tolerance_grad=1e-12,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        offset = bias if free_bias else torch.zeros_like(bias)
        loss = expected_loss(classifier, features, offset, labels, rate)
        loss = loss + decay[0] / 2 * classifier.square().sum()
        loss = loss + decay[1] / 2 * features.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    frame = dropout_frame(
        classes=classes,
        per_class=per_class,
        width=width,
        rate=rate,
        decay=decay,
        free_bias=free_bias,
    )
    with torch.no_grad():
        singular = torch.linalg.svdvals(features @ classifier.T)
        expected = torch.zeros(classes, dtype=torch.float64)
        expected[: frame.modes] = frame.value
        assert torch.allclose(singular, expected, atol=1e-6)
        gram = classifier @ classifier.T
        figure = torch.eye(classes, dtype=torch.float64)
        if free_bias:
            figure = (figure - 1 / classes) * classes / (classes - 1)
        assert torch.allclose(gram, frame.row_norm**2 * figure, atol=1e-6)
        sizes = classifier.norm(dim=0) * features.norm(dim=0)
        assert torch.allclose(sizes, torch.full_like(sizes, frame.share), atol=1e-6)
        assert float(evenness(classifier, features)) == pytest.approx(1, abs=1e-9)


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
    with pytest.raises(ValueError, match="width at least 4"):
        dropout_frame(classes=4, per_class=5, width=3, rate=0.5, decay=(1e-3, 1e-3))
    with pytest.raises(ValueError, match="decay must be positive"):
        dropout_frame(classes=4, per_class=5, width=8, rate=0.5, decay=(0.0, 1e-3))
    with pytest.raises(ValueError, match="rate must lie"):
        dropout_frame(classes=4, per_class=5, width=8, rate=1.0, decay=(1e-3, 1e-3))
