import math

import pytest
import torch

from runtheory.information.measures.information_plane import (
    cell_codes,
    plane_point,
    soft_plane_point,
)
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


def test_soft_labels_are_those_of_a_table_of_all_pairs() -> None:
    codes = torch.randint(0, 5, (40,), generator=stream(0, "codes"))
    chances = torch.rand(40, dtype=torch.float64, generator=stream(0, "chances"))
    table = torch.zeros(5, 2, dtype=torch.float64)  # law of cell and label, by a loop
    for code, chance in zip(codes.tolist(), chances.tolist(), strict=True):
        table[code] += torch.tensor([1 - chance, chance]) / 40
    apart = table.sum(1, keepdim=True) * table.sum(0)
    point = soft_plane_point(codes, chances)
    assert point.label_information == pytest.approx(float((table * (table / apart).log()).sum()))
    cells = table.sum(1)
    assert point.entropy == pytest.approx(float(-(cells * cells.log()).sum()))


def test_hard_labels_in_fine_and_in_coarse_cells() -> None:
    hard = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64)
    fine, coarse = soft_plane_point(torch.arange(4), hard), soft_plane_point(hard.long() * 0, hard)
    assert (fine.entropy, fine.label_information) == pytest.approx((math.log(4), math.log(2)))
    assert (coarse.entropy, coarse.label_information) == (0, 0)


def test_chances_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="must have input"):
        soft_plane_point(torch.arange(3), torch.rand(4))
    with pytest.raises(ValueError, match="lie in"):
        soft_plane_point(torch.arange(2), torch.tensor([0.5, 1.5]))
