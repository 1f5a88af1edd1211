"""Majority and minority classes: cosines by hand, margins where they are exact."""

from __future__ import annotations

import pytest
import torch

from runtheory.collapse import fitting
from runtheory.collapse.models import FeatureModel
from runtheory.instruments.groups import GroupGeometry, GroupProbe
from runtheory.randomness import stream


def test_the_stationary_margin_is_exact_where_cross_entropy_is_minimal() -> None:
    model = FeatureModel((40, 40, 10, 10, 10), (2e-3,), 1e-3, bias_penalty=0.0)
    fit = fitting.fit(
        model, fitting.cross_entropy_loss, width=8, generator=stream(0, "start"), rounds=60
    )
    classifier, features = fit.factors
    starts = torch.tensor([0, 40, 80, 90, 100])
    geometry = GroupGeometry(
        rows=classifier,
        means=features[:, starts].T,
        counts=model.counts(),
        probabilities=fit.minimiser.probabilities.T,
    )
    assert geometry.balancing_penalty(2e-3) == pytest.approx(1e-3, rel=1e-6)
    for group in (torch.tensor([0, 1]), torch.tensor([2, 3, 4])):
        measured = geometry.group(group, 2e-3)
        assert 0.1 < measured["margin"] < 0.99
        assert measured["margin"] == pytest.approx(measured["stationary_margin"], abs=1e-6)


def test_cosines_are_averaged_over_pairs() -> None:
    rows = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [-1.0, 0.0]], dtype=torch.float64)
    geometry = GroupGeometry(rows, rows, torch.ones(4, dtype=torch.float64), torch.eye(4))
    cosines = geometry.cosines(torch.tensor([0, 1]), torch.tensor([2, 3]))
    half = 0.5**0.5
    assert cosines["majority_row_cosine"] == pytest.approx(0, abs=1e-15)
    assert cosines["minority_row_cosine"] == pytest.approx(-half)
    assert cosines["between_row_cosine"] == pytest.approx((half + half - 1 + 0) / 4)


def test_a_probe_names_both_groups(small_classifier) -> None:
    net, image_set = small_classifier
    row = GroupProbe(image_set, (1, 2), 1e-3, square_frames=True)(net)
    assert {"majority_margin", "minority_margin", "between_row_cosine"} <= row.keys()
    rows = net.linear.weight.detach().double()
    expected = torch.linalg.vector_norm(rows[[0, 3]], dim=1).mean()
    assert row["majority_row_norm"] == pytest.approx(expected.item())
    assert "frame_simplex" in row
    assert "frame_simplex" not in GroupProbe(image_set, (1, 2), 1e-3)(net)
