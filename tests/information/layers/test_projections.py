import math

import numpy as np
import pytest

from runtheory.information.ladder.binary_gaussian import solve
from runtheory.information.ladder.conditional_laws import GaussianMeanModel
from runtheory.information.layers.projections import projection_ladder
from runtheory.randomness import stream


def test_layers_carry_half_their_width() -> None:
    found = projection_ladder((12, 5, 2), samples=7, mean=1.5, generator=stream(0, "turn"))
    rungs = [math.sqrt(width / 4 * math.log(7 / 6)) for width in (12, 5, 2)]
    assert found.bounds[:3] == pytest.approx(rungs)
    assert np.all(np.diff(found.bounds) < 0)
    assert found.bounds[-1] > found.gap


def test_gap_is_that_of_the_head() -> None:
    found = projection_ladder((8, 2), samples=5, mean=2.0, generator=stream(0, "turn"))
    assert found.gap == solve(GaussianMeanModel(2, 5, 1.0)).gap


def test_rising_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="widths must not rise"):
        projection_ladder((4, 8), samples=5, mean=1.0, generator=stream(0, "turn"))
