from __future__ import annotations

import math

import pytest
import torch

from runtheory.information.layers.layer_information import layer_information
from runtheory.information.layers.noisy_layer import information_bracket, noisy_information
from tests.information.shared import unchecked


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_inputs_are_those_of_the_noisy_layer_draw_for_draw() -> None:
    features = torch.randn((40, 3), generator=stream(1), dtype=torch.float64)
    labels = torch.arange(40) % 3
    asked = {"draws": 6, "chunk": 130}
    found = layer_information(features, labels, 0.7, generator=stream(2), **asked)
    alone = noisy_information(features, 0.7, generator=stream(2), **asked)
    assert found.inputs.value == pytest.approx(alone.value, abs=1e-12)
    assert found.inputs.standard_error == pytest.approx(alone.standard_error, abs=1e-12)
    bracket = information_bracket(features, 0.7)
    assert found.inputs_bracket.low == pytest.approx(bracket.low, abs=1e-12)
    assert found.inputs_ceiling == math.log(40)


def test_the_labels_against_loops_over_densities() -> None:
    features = torch.randn((7, 2), generator=stream(3), dtype=torch.float64)
    labels, noise, draws = torch.tensor([4, 0, 4, 4, 0, 9, 0]), 0.6, 5
    found = layer_information(features, labels, noise, draws=draws, generator=stream(4))
    kicks = torch.randn((draws * 7, 2), generator=stream(4), dtype=torch.float64)
    total = 0.0
    for row, kick in enumerate(kicks):
        own = row % 7
        point = features[own] + noise * kick
        density = [math.exp(-float((point - c).square().sum()) / (2 * noise**2)) for c in features]
        mates = [d for d, y in zip(density, labels, strict=True) if y == labels[own]]
        total += math.log((sum(mates) / len(mates)) / (sum(density) / 7))
    assert found.labels.value == pytest.approx(total / len(kicks), abs=1e-10)
    share = (3 / 7, 3 / 7, 1 / 7)
    assert found.labels_ceiling == pytest.approx(-sum(p * math.log(p) for p in share))


@pytest.mark.parametrize("noise", [0.05, 0.5, 3.0])
def test_labels_lie_between_their_ends_and_below_the_inputs(noise: float) -> None:
    features = torch.randn((60, 3), generator=stream(5), dtype=torch.float64)
    labels = (features[:, 0] > 0).long()
    found = layer_information(features + 100, labels, noise, draws=60, generator=stream(6))
    slack = 5 * found.labels.standard_error + 1e-9
    low, high = found.labels_bracket.low, found.labels_bracket.high
    assert low - slack <= found.labels.value <= high + slack
    assert 0 <= low <= high <= found.labels_ceiling <= math.log(2)
    assert found.labels.value <= found.inputs.value + slack


def test_labels_that_are_the_inputs_or_nothing() -> None:
    features = torch.randn((12, 2), generator=stream(7), dtype=torch.float64)
    every = layer_information(features, torch.arange(12), 0.8, generator=stream(8))
    assert every.labels.value == pytest.approx(every.inputs.value, abs=0.2)
    exact = every.inputs_bracket, every.labels_bracket
    assert exact[0].high == pytest.approx(exact[1].high)
    none = layer_information(features, torch.zeros(12, dtype=torch.int64), 0.8, generator=stream(8))
    assert none.labels.value == pytest.approx(0, abs=1e-12)
    assert none.labels_ceiling == none.labels_bracket.high == 0


def test_four_clouds_tell_their_label_whatever_it_is_called() -> None:
    centres = torch.tensor([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 9.0]])
    features = centres.repeat_interleave(25, 0) + 0.1 * torch.randn((100, 2), generator=stream(9))
    labels = torch.arange(4, dtype=torch.uint8).repeat_interleave(25) * 7
    found = unchecked(layer_information)(features, labels.numpy(), 0.3, generator=stream())
    assert found.labels.value == pytest.approx(math.log(4), abs=1e-6)
    assert found.labels_bracket.low <= math.log(4) == pytest.approx(found.labels_bracket.high)


def test_wrong_arguments_of_layer_information_are_named() -> None:
    call = unchecked(layer_information)
    features, labels = torch.zeros(4, 2), torch.tensor([0, 0, 1, 1])
    for values, error, text in [
        ((features, labels[:3], 1.0), ValueError, "labels must have example = 4"),
        ((features, labels.float(), 1.0), TypeError, "labels must hold integers"),
        ((features, labels - 1, 1.0), ValueError, "labels must lie in 0 to"),
        ((features * math.nan, labels, 1.0), ValueError, "centres must be finite"),
        ((features[0], labels, 1.0), ValueError, "features must have the axes"),
        ((features, labels, 0.0), ValueError, "noise must be positive"),
    ]:
        with pytest.raises(error, match=text):
            call(*values, generator=stream())
    with pytest.raises(ValueError, match="draws must be at least 2"):
        call(features, labels, 1.0, draws=1, generator=stream())
