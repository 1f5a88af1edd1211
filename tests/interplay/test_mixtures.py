"""Where mixtures lie: the plane of two rows, and the two coordinates of a path."""

from __future__ import annotations

import pytest
import torch

from runtheory.interplay.mixtures import path_point, plane_parts, plane_share
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


def test_the_three_parts_are_those_of_a_vector_put_together() -> None:
    generator = stream(0, "rows")
    rows = torch.randn(5, 9, generator=generator, dtype=torch.float64)
    centred = rows - rows.mean(0)
    first, second = torch.tensor([0]), torch.tensor([3])
    basis, _ = torch.linalg.qr(torch.stack((centred[0], centred[3], centred[1], centred[2]), 1))
    unseen = torch.linalg.svd(centred)[2][-1]
    offset = 3.0 * basis[:, 1] + 2.0 * basis[:, 3] + 1.0 * unseen
    parts = plane_parts(
        offset[None], rows, first=first, second=second, centre=torch.zeros(9).double()
    )
    shares = [float(share) for share in (parts.plane, parts.others, parts.blind)]
    assert shares == pytest.approx([9 / 14, 4 / 14, 1 / 14])


def test_a_random_direction_has_the_shares_of_its_dimensions() -> None:
    generator = stream(0, "rows")
    rows = torch.randn(10, 32, generator=generator, dtype=torch.float64)
    features = torch.randn(4000, 32, generator=generator)
    first = torch.arange(4000) % 10
    parts = plane_parts(
        features, rows, first=first, second=(first + 1) % 10, centre=torch.zeros(32)
    )
    assert parts.plane.mean().item() == pytest.approx(2 / 32, abs=0.005)
    assert parts.others.mean().item() == pytest.approx(7 / 32, abs=0.008)
    assert parts.blind.mean().item() == pytest.approx(23 / 32, abs=0.008)


def test_path_coordinates_of_one_logit_vector() -> None:
    logits = torch.tensor([[3.0, 1.0, -1.0, -2.0]])
    point = path_point(logits, torch.tensor([0]), torch.tensor([1]))
    assert point.along == pytest.approx(2.0)
    assert point.across == pytest.approx(3.5)
    assert point.probability == pytest.approx(float(logits.softmax(1)[0, 0]), rel=1e-6)
    with pytest.raises(ValueError, match="three classes"):
        path_point(logits[:, :2], torch.tensor([0]), torch.tensor([1]))


@pytest.mark.parametrize("second", [[-1, -2], [2, 3]])
def test_classes_that_are_not_there_have_no_plane_and_no_path(second: list[int]) -> None:
    features, classifier, centre = torch.ones(2, 4), torch.eye(3, 4), torch.zeros(4)
    first, other = torch.tensor([0, 1]), torch.tensor(second)
    with pytest.raises(ValueError, match="second must lie in 0 to 2, got"):
        plane_share(features, classifier, first=first, second=other, centre=centre)
    with pytest.raises(ValueError, match="second must lie in 0 to 2, got"):
        path_point(torch.zeros(2, 3), first, other)
