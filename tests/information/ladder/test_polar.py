from __future__ import annotations

from collections.abc import Callable

import pytest

from runtheory.information.ladder.polar import polar_law


@pytest.mark.parametrize("dimension", [1, 2, 3, 4, 30, 1000, 10_000])
@pytest.mark.parametrize("mean", [0.0, 0.3, 5.0, 9.0, 40.0])
def test_the_polar_law_has_its_mass_and_moments(dimension, mean):
    law = polar_law(dimension, mean)
    column, row = law.radius[:, None], law.cosine[None, :]
    assert law.mass.sum() == pytest.approx(1, abs=1e-9)
    assert law.expect(column**2) == pytest.approx(mean**2 + dimension, rel=1e-9)
    assert law.expect(column * row) == pytest.approx(mean, abs=1e-8)
    assert law.expect((column * row) ** 2) == pytest.approx(mean**2 + 1, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: polar_law(0, 1.0), "dimension must be at least 1"),
        (lambda: polar_law(2, -1.0), "mean must be finite"),
    ],
)
def test_wrong_arguments_of_polar_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dimension", [1, 3])
def test_a_rule_of_one_node_is_a_rule(dimension: int) -> None:
    law = polar_law(dimension, 0.0, order=1)
    assert len(law.radius) == 1
    assert law.mass.sum() > 0
