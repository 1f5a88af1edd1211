"""Labels as rows of class weights, and smoothed towards the uniform distribution."""

from __future__ import annotations

import torch

from runtheory.mixing.targets import smooth_targets, soft_targets


def test_smoothing_moves_each_row_towards_the_uniform_distribution() -> None:
    targets = soft_targets(torch.tensor([2, 0]), 4)
    smooth = smooth_targets(targets, 0.2)
    torch.testing.assert_close(smooth[0], torch.tensor([0.05, 0.05, 0.85, 0.05]))
    torch.testing.assert_close(smooth.sum(1), torch.ones(2))
    assert torch.equal(smooth_targets(targets, 0.0), targets)
    torch.testing.assert_close(smooth_targets(targets, 1.0), torch.full((2, 4), 0.25))
