"""The laws of Beta variates, partners and gates."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from scipy import stats

from runtheory.mixing import draw_cutmix, draw_mixup
from runtheory.mixing.variates import beta_variates, draw_partners


def _upper(law, least):
    return lambda x: (law.cdf(x) - law.cdf(least)) / (0.5 - law.cdf(least))


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 8.0])
def test_beta_variates_follow_their_law(alpha):
    values = beta_variates(alpha, 20_000, generator=torch.Generator().manual_seed(3)).numpy()
    law = stats.beta(alpha, alpha)
    # Within 1e-16 of 1 there is no float64 but 1 itself: at alpha 0.05 an atom of 8 %. So the
    # lower half is tested by its conditional law and the upper one by its weight and reflection.
    low = values[values < 0.5]
    assert abs(len(low) / len(values) - 0.5) < 5 * 0.5 / math.sqrt(len(values))
    assert stats.kstest(low, lambda x: 2 * law.cdf(x)).pvalue > 1e-3
    high = 1 - values[values >= 0.5]
    assert stats.kstest(high[high > 1e-12], _upper(law, 1e-12)).pvalue > 1e-3


def test_a_tiny_alpha_gives_coin_flips_not_one_half():
    values = beta_variates(1e-4, 2_000, generator=torch.Generator().manual_seed(3))
    assert torch.isfinite(values).all()
    assert ((values < 1e-6) | (values > 1 - 1e-6)).double().mean() > 0.99
    assert abs(values.mean() - 0.5) < 5 * 0.5 / math.sqrt(2_000)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_derangements_are_uniform_over_the_cyclic_permutations(count):
    generator = torch.Generator().manual_seed(0)
    draws = 3_000
    seen = Counter(
        tuple(draw_partners(count, derangement=True, generator=generator).tolist())
        for _ in range(draws)
    )
    assert len(seen) == math.factorial(count - 1)
    assert all(image != partner for cycle in seen for image, partner in enumerate(cycle))
    assert count == 2 or stats.chisquare(list(seen.values())).pvalue > 1e-3


def test_plain_partners_are_permutations_with_one_fixed_point_on_average():
    generator = torch.Generator().manual_seed(0)
    draws = [draw_partners(9, generator=generator) for _ in range(4_000)]
    assert all(torch.equal(draw.sort().values, torch.arange(9)) for draw in draws[:50])
    fixed = torch.tensor([float((draw == torch.arange(9)).sum()) for draw in draws])
    # The number of fixed points has mean 1 and variance 1.
    assert abs(fixed.mean() - 1) < 5 / math.sqrt(4_000)


@pytest.mark.parametrize("count", [2, 5, 64, 257])
def test_a_derangement_has_no_fixed_point(count):
    partner = draw_partners(count, derangement=True, generator=torch.Generator().manual_seed(1))
    assert torch.equal(partner.sort().values, torch.arange(count))
    assert (partner != torch.arange(count)).all()


def test_the_gate_opens_per_image_with_its_probability():
    generator = torch.Generator().manual_seed(0)
    plan = draw_mixup((20_000, 1, 1, 1), probability=0.3, generator=generator)
    opened = (plan.share > 0).double().mean()
    assert abs(opened - 0.3) < 5 * math.sqrt(0.3 * 0.7 / 20_000)


def test_the_gate_opens_per_batch_with_its_probability():
    generator = torch.Generator().manual_seed(0)
    opened = []
    for _ in range(1_500):
        plan = draw_cutmix(
            (3, 1, 64, 64), alpha=8.0, per_image=False, probability=0.3, generator=generator
        )
        states = plan.share > 0
        assert states.all() or not states.any()
        opened.append(float(states[0]))
    assert abs(sum(opened) / 1_500 - 0.3) < 5 * math.sqrt(0.3 * 0.7 / 1_500)
