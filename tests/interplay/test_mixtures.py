"""Where mixtures lie: the plane of two rows, and the two coordinates of a path."""

from __future__ import annotations

import pytest
import torch

from runtheory.interplay.mixtures import path_point, plane_share
from runtheory.randomness import stream


def test_a_feature_in_the_plane_of_its_rows_has_share_one() -> None:
    generator = stream(0, "rows")
    rows = torch.randn(5, 7, generator=generator, dtype=torch.float64)
    centred = rows - rows.mean(0)
    centre = torch.randn(7, generator=generator, dtype=torch.float64)
    first, second = torch.tensor([0, 3]), torch.tensor([4, 1])
    pair = {"first": first, "second": second, "centre": centre}
    inside = centre + 2.0 * centred[first] - 0.3 * centred[second]
    assert torch.allclose(plane_share(inside, rows, **pair), torch.ones(2).double())
    normal = torch.linalg.svd(centred)[2][-1]  # orthogonal to all centred rows
    length = (inside - centre).norm(dim=1, keepdim=True)
    shares = plane_share(inside + length * normal, rows, **pair)
    assert torch.allclose(shares, torch.full((2,), 0.5).double())
    with pytest.raises(ValueError, match="two different classes"):
        plane_share(inside, rows, first=first, second=first, centre=centre)


def test_path_coordinates_of_one_logit_vector() -> None:
    logits = torch.tensor([[3.0, 1.0, -1.0, -2.0]])
    point = path_point(logits, torch.tensor([0]), torch.tensor([1]))
    assert point.along == pytest.approx(2.0)
    assert point.across == pytest.approx(3.5)
    assert point.probability == pytest.approx(float(logits.softmax(1)[0, 0]), rel=1e-6)
    with pytest.raises(ValueError, match="three classes"):
        path_point(logits[:, :2], torch.tensor([0]), torch.tensor([1]))
