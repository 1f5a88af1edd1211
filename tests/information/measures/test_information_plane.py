import math

import pytest
import torch

from runtheory.information.measures.information_plane import cell_codes, plane_point
from runtheory.information.measures.mutual_information import plug_in_information
from runtheory.randomness import stream


def features(rows: int) -> torch.Tensor:
    return torch.rand(rows, 2, dtype=torch.float64, generator=stream(0, "features"))


def test_point_is_the_plug_in_information_of_cells_and_labels() -> None:
    labels = torch.arange(60) % 3
    labels[:10] = 0  # unequal classes
    point = plane_point(features(60), labels, 4, low=0.0, high=1.0)
    codes = cell_codes(features(60), 4, low=0.0, high=1.0)
    assert point.label_information == pytest.approx(plug_in_information(codes, labels).value)
    share = torch.bincount(codes) / 60
    assert point.entropy == pytest.approx(float(-(share * share.log()).sum()), abs=1e-6)


def test_fine_bins_know_every_label() -> None:
    labels = torch.arange(40) % 2
    point = plane_point(features(40), labels, 2**20, low=0.0, high=1.0)
    assert point.entropy == pytest.approx(math.log(40))
    assert point.label_information == pytest.approx(math.log(2))


def test_one_bin_knows_nothing() -> None:
    point = plane_point(features(40), torch.arange(40) % 2, 1, low=0.0, high=1.0)
    assert point.entropy == 0
    assert point.label_information == 0


def test_cells_are_counted_in_their_order_and_clamped() -> None:
    values = torch.tensor([[-3.0], [0.1], [0.6], [0.9], [5.0]], dtype=torch.float64)
    assert cell_codes(values, 4, low=0.0, high=1.0).tolist() == [0, 0, 1, 2, 2]
