from itertools import product

import pytest
import torch

from runtheory.information.measures.mutual_information import plug_in_information
from runtheory.information.measures.plug_in_bias import independent_plug_in_mean


@pytest.mark.parametrize(("first", "second"), [(2, 2), (3, 2)])
def test_mean_against_all_tables(first: int, second: int) -> None:
    rows, total = 3, 0.0
    cells = list(product(range(first), range(second)))
    for choice in product(cells, repeat=rows):
        left, right = torch.tensor(choice).T
        total += plug_in_information(left, right).value
    expected = total / len(cells) ** rows
    found = independent_plug_in_mean(rows, first, second)
    assert found == pytest.approx(expected, abs=1e-12)


def test_mean_is_of_first_order_for_many_rows() -> None:
    found = independent_plug_in_mean(20_000, 4, 3)
    assert found == pytest.approx(3 * 2 / (2 * 20_000), rel=1e-3)


def test_column_with_one_value_carries_nothing() -> None:
    assert independent_plug_in_mean(50, 1, 7) == pytest.approx(0, abs=1e-12)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="rows must be at least 1, got 0"):
        independent_plug_in_mean(0, 2, 2)
