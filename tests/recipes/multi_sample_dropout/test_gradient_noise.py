"""The variance of the gradient while a network is trained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtheory import data
from runtheory.recipes.multi_sample_dropout import gradient_noise
from runtheory.recipes.shared import convnet

CELL = replace(gradient_noise.SMALL, width=2, measured_images=32)


def test_the_ratio_is_that_of_the_two_parts_and_a_lower_rate_has_less_of_it() -> None:
    image_set = data.load(CELL.images)
    net = convnet(image_set, seed=0, width=CELL.width, hidden=8)
    low, high = (
        gradient_noise.VarianceProbe(image_set, replace(CELL, rate=rate))(net)
        for rate in (0.2, 0.8)
    )
    for row in (low, high):
        assert row["ratio"] == pytest.approx(row["mask_variance"] / row["data_variance"])
        assert row["ratio_error"] > 0
    assert low["mask_variance"] < high["mask_variance"]
