from __future__ import annotations

import math

import pytest
import torch
from scipy import integrate, stats

from runtheory.information.layers.multiplied_layer import (
    multiplied_ceiling,
    multiplied_information,
    unit_information,
)
from runtheory.randomness import stream


def features(inputs: int, units: int) -> torch.Tensor:
    draw = torch.randn(inputs, units, dtype=torch.float64, generator=stream(0, "features"))
    return draw + 0.1 * draw.sign()


def chances(inputs: int) -> torch.Tensor:
    return torch.rand(inputs, dtype=torch.float64, generator=stream(1, "chances"))


def test_one_unit_agrees_with_quadrature() -> None:
    values, noise, label = [1.0, 2.0, -1.5], 0.7, [0.1, 0.9, 0.4]
    laws = [stats.norm(value, noise * abs(value)) for value in values]

    def inside(point: float) -> float:
        parts = [law.pdf(point) for law in laws]
        mean = sum(parts) / 3
        return sum(part * math.log(part / mean) for part in parts if part > 0) / 3

    def outside(point: float) -> float:
        parts = [law.pdf(point) for law in laws]
        found = 0.0
        for side in (label, [1 - one for one in label]):
            joint = sum(a * b for a, b in zip(parts, side, strict=True)) / 3
            found += joint * math.log(joint * 9 / (sum(parts) * sum(side))) if joint > 0 else 0
        return found

    exact = [integrate.quad(one, -9, 12, limit=400, points=[0])[0] for one in (inside, outside)]
    found = multiplied_information(
        torch.tensor(values, dtype=torch.float64)[:, None], torch.tensor(label), noise,
        draws=40_000, generator=stream(0, "draws"),
    )  # fmt: skip
    widths = [noise * abs(value) for value in values]
    assert unit_information(values, label, widths) == pytest.approx(exact, rel=1e-6)
    for one, value in zip((found.inputs, found.labels), exact, strict=True):
        assert one.value == pytest.approx(value, abs=4.5 * one.standard_error)


def test_the_scale_of_a_unit_does_not_matter() -> None:
    given, scale = features(30, 4), torch.tensor([1e-6, 3.0, 1e4, 1.0], dtype=torch.float64)
    first, second = (
        multiplied_information(part, chances(30), 0.5, generator=stream(2, "same"))
        for part in (given, given * scale)
    )
    assert first.inputs.value == pytest.approx(second.inputs.value, rel=1e-9)
    assert first.labels.value == pytest.approx(second.labels.value, rel=1e-9)


def test_lies_below_its_ceiling_and_what_it_holds_of_the_label_below_that_of_the_input() -> None:
    for noise in (0.1, 0.5, 2.0):
        found = multiplied_information(
            features(50, 3), chances(50), noise, draws=20, generator=stream(3, "noise")
        )
        error = 5 * found.inputs.standard_error
        assert found.inputs.value - error <= multiplied_ceiling(features(50, 3), noise)
        assert found.labels.value <= found.inputs.value + error


def test_ceiling_of_equal_sizes_is_that_of_the_noise_alone() -> None:
    signs = torch.tensor([[1.0, -2.0], [-1.0, 2.0]], dtype=torch.float64)
    assert multiplied_ceiling(signs, 0.5) == pytest.approx(math.log(5))


def test_little_noise_tells_all_and_much_noise_tells_next_to_nothing() -> None:
    given = features(20, 2).abs()
    low, high = (
        multiplied_information(given, chances(20), noise, draws=50, generator=stream(4, "ends"))
        for noise in (1e-7, 1e7)
    )
    assert low.inputs.value == pytest.approx(math.log(20))
    # A wide factor hides the mean; what is left are the widths.
    assert high.inputs.value < low.inputs.value / 2


def test_a_zero_is_seen() -> None:
    given = torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    found = multiplied_information(given, chances(4), 3.0, generator=stream(5, "zeros"))
    assert found.inputs.value == pytest.approx(math.log(4))
    assert found.inputs.standard_error == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="must not be zero"):
        multiplied_ceiling(given, 3.0)


def test_what_is_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="noise"):
        multiplied_information(features(3, 1), chances(3), 0.0, generator=stream(0, "x"))
    with pytest.raises(ValueError, match="draws"):
        multiplied_information(features(3, 1), chances(3), 1.0, draws=1, generator=stream(0, "x"))
    with pytest.raises(ValueError, match="must have input"):
        multiplied_information(features(3, 1), chances(4), 1.0, generator=stream(0, "x"))


def test_quadrature_at_its_ends_and_what_it_refuses() -> None:
    far = unit_information([0.0, 100.0], [0.0, 1.0], [1.0, 2.0])
    assert far == pytest.approx((math.log(2), math.log(2)))
    assert unit_information([1.0, 1.0], [0.0, 1.0], [1.0, 1.0]) == pytest.approx((0, 0), abs=1e-9)
    with pytest.raises(ValueError, match="widths"):
        unit_information([0.0, 1.0], [0.0, 1.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="lengths"):
        unit_information([0.0, 1.0], [0.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="chances"):
        unit_information([0.0, 1.0], [0.0, 1.5], [1.0, 1.0])
