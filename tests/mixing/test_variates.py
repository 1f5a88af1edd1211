"""The laws of Beta variates, partners and gates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from scipy import stats

from runtheory.mixing.variates import batch_sizes, beta_variates, draw_partners, gate
from tests.mixing.batches import generator


def _upper(law: Any, least: float) -> Callable[[Any], Any]:
    return lambda x: (law.cdf(x) - law.cdf(least)) / (0.5 - law.cdf(least))


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 8.0])
def test_beta_variates_follow_their_law(alpha: float) -> None:
    values = beta_variates(alpha, 20_000, generator=generator(3)).numpy()
    law = stats.beta(alpha, alpha)
    # Within 1e-16 of 1 there is no float64 but 1 itself: at alpha 0.05 an atom of 8 %. So the
    # lower half is tested by its conditional law and the upper one by its weight and reflection.
    low = values[values < 0.5]
    assert abs(len(low) / len(values) - 0.5) < 5 * 0.5 / math.sqrt(len(values))
    assert stats.kstest(low, lambda x: 2 * law.cdf(x)).pvalue > 1e-3
    high = 1 - values[values >= 0.5]
    assert stats.kstest(high[high > 1e-12], _upper(law, 1e-12)).pvalue > 1e-3


def test_a_tiny_alpha_gives_coin_flips_not_one_half() -> None:
    values = beta_variates(1e-4, 2_000, generator=generator(3))
    assert torch.isfinite(values).all()
    assert ((values < 1e-6) | (values > 1 - 1e-6)).double().mean() > 0.99
    assert abs(values.mean() - 0.5) < 5 * 0.5 / math.sqrt(2_000)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_derangements_are_uniform_over_the_cyclic_permutations(count: int) -> None:
    random = generator()
    draws = 3_000
    seen = Counter(
        tuple(draw_partners(count, derangement=True, generator=random).tolist())
        for _ in range(draws)
    )
    assert len(seen) == math.factorial(count - 1)
    assert all(image != partner for cycle in seen for image, partner in enumerate(cycle))
    assert count == 2 or stats.chisquare(list(seen.values())).pvalue > 1e-3


def test_plain_partners_are_permutations_with_one_fixed_point_on_average() -> None:
    random = generator()
    draws = [draw_partners(9, generator=random) for _ in range(4_000)]
    assert all(torch.equal(draw.sort().values, torch.arange(9)) for draw in draws[:50])
    fixed = torch.tensor([float((draw == torch.arange(9)).sum()) for draw in draws])
    # The number of fixed points has mean 1 and variance 1.
    assert abs(fixed.mean() - 1) < 5 / math.sqrt(4_000)


@pytest.mark.parametrize("count", [2, 5, 64, 257])
def test_a_derangement_has_no_fixed_point(count: int) -> None:
    partner = draw_partners(count, derangement=True, generator=generator(1))
    assert torch.equal(partner.sort().values, torch.arange(count))
    assert (partner != torch.arange(count)).all()


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_gates_open_with_their_probability(probability: float) -> None:
    count = 20_000
    share = gate(probability, count, generator=generator()).double().mean()
    error = math.sqrt(probability * (1 - probability) / count)
    assert abs(share - probability) <= 5 * error


def test_sizes_of_a_batch_are_read_from_four_axes() -> None:
    assert batch_sizes((7, 3, 5, 4)) == (7, 5, 4)
    for shape in ((7, 5, 4), (7, 3, 0, 4), (2, 7, 3, 5, 4)):
        with pytest.raises(ValueError, match="images must have shape"):
            batch_sizes(shape)
