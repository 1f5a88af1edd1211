import math

import pytest
import torch

from runtheory.information.measures.divergence_estimates import classifier_kl
from runtheory.randomness import stream


def test_held_out_points_are_not_those_of_the_training() -> None:
    # Equal laws: the divergence is zero, and in 40 dimensions 100 points are learnt by heart.
    held, inside = [], []
    for seed in range(30):
        draw = stream(seed, "equal laws")
        first, second = torch.randn(2, 200, 40, generator=draw)
        found = classifier_kl(first, second, generator=draw)
        held.append(found.nwj)
        inside.append(found.nwj_in_sample)
    outside, own = torch.tensor([held, inside])
    error = float(outside.std()) / math.sqrt(30)
    assert float(outside.mean()) < 3 * error
    assert float(own.min()) > 0.1


def test_many_points_are_not_learnt_by_heart() -> None:
    draw = stream(0, "shift")
    first, second = torch.randn(2, 20_000, 2, generator=draw)
    found = classifier_kl(first + 0.5, second, generator=draw)
    assert found.nwj_in_sample == pytest.approx(found.nwj, abs=6 * found.nwj_error)
    assert found.nwj == pytest.approx(0.25, abs=5 * found.nwj_error)
