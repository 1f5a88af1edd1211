"""Variances of a mean over k of n experts: by enumeration, by hand, and where they must vanish."""

from __future__ import annotations

import re
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.noise.random_experts import subsets
from runtheory.randomness import stream
from tools.notebooks import ROOT

LEADS = torch.tensor([[1.0], [3.0], [4.0], [8.0]])


def drawn(seed: int, experts: int) -> torch.Tensor:
    normal = torch.randn((experts, 3), generator=stream(seed, "outputs"), dtype=torch.float64)
    return 2 + normal


def spread(means: torch.Tensor, weights: torch.Tensor, centre: torch.Tensor) -> torch.Tensor:
    return weights @ (means - centre).square().sum(1)


@given(seed=st.integers(0, 300), experts=st.integers(2, 7), data=st.data())
def test_sets_without_repetition_by_enumeration(seed, experts, data) -> None:
    used = data.draw(st.integers(1, experts))
    outputs = drawn(seed, experts)
    means = subsets.subset_means(outputs, used=used)
    torch.testing.assert_close(means.mean(0), outputs.mean(0))
    found = means.var(0, unbiased=False).sum()
    torch.testing.assert_close(subsets.subset_variance(outputs, used=used), found)


@pytest.mark.parametrize(("experts", "used"), [(3, 1), (3, 3), (4, 2), (4, 3)])
def test_draws_with_repetition_by_enumeration(experts, used) -> None:
    outputs = drawn(experts, experts)
    draws = torch.tensor(list(product(range(experts), repeat=used)))
    found = outputs[draws].mean(1).var(0, unbiased=False).sum()
    torch.testing.assert_close(subsets.replacement_variance(outputs, used=used), found)
    without = subsets.subset_variance(outputs, used=used)
    assert float(without) <= float(found) * (1 + 1e-12)


@pytest.mark.parametrize(("experts", "used"), [(3, 1), (5, 3), (6, 6)])
def test_experts_kept_alone_by_enumeration(experts, used) -> None:
    outputs, keep = drawn(experts, experts), used / experts
    masks = torch.tensor(list(product([0.0, 1.0], repeat=experts)), dtype=torch.float64)
    weights = (keep * masks + (1 - keep) * (1 - masks)).prod(1)
    found = spread(masks @ outputs / used, weights, outputs.mean(0))
    torch.testing.assert_close(subsets.kept_variance(outputs, used=used), found)


def _last_number(told: str) -> float:
    """Return what stands behind the last sign of equality: a decimal or a TeX fraction."""
    digits = re.findall(r"[\d.]+", told.split("=")[-1])
    return (
        float(digits[0]) / float(digits[1]) if "frac" in told.split("=")[-1] else float(digits[0])
    )


def test_the_numbers_that_the_page_works_by_hand() -> None:
    assert subsets.subset_means(LEADS, used=3)[:, 0].tolist() == pytest.approx(
        [8 / 3, 4, 13 / 3, 5]
    )
    assert float(subsets.disagreement(LEADS)) == pytest.approx(26 / 3)
    assert float(subsets.subset_variance(LEADS, used=3)) == pytest.approx(13 / 18)
    assert float(subsets.replacement_variance(LEADS, used=3)) == pytest.approx(13 / 6)
    assert float(subsets.kept_variance(LEADS, used=3)) == pytest.approx(1.875)
    assert float(subsets.subset_variance(LEADS, used=4)) == 0
    assert float(subsets.replacement_variance(LEADS, used=4)) == pytest.approx(13 / 8)
    page = (ROOT / "chapters" / "random_experts" / "theory.md").read_text(encoding="utf-8")
    for law, told in [
        (subsets.subset_variance, r"\frac{26}3 = \frac{13}{18}$"),
        (subsets.replacement_variance, r"\frac{26}4 = \frac{13}6$, three times as much"),
        (subsets.kept_variance, r"\frac1{12}\bigl(\frac{26}4 + 16\bigr) = 1.875$"),
    ]:
        assert told in page
        assert float(law(LEADS, used=3)) == pytest.approx(_last_number(told))


def test_leading_axes_are_kept_and_statistics_are_float64() -> None:
    outputs = torch.stack([drawn(1, 5), drawn(2, 5)]).float()
    for law in (subsets.subset_variance, subsets.replacement_variance, subsets.kept_variance):
        found = law(outputs, used=2)
        assert found.shape == (2,)
        assert found.dtype == torch.float64
        torch.testing.assert_close(found[1], law(outputs[1], used=2))


def test_experts_that_agree_have_no_noise_but_in_their_number() -> None:
    outputs = torch.full((4, 2), 3.0)
    assert float(subsets.subset_variance(outputs, used=3)) == 0
    assert float(subsets.kept_variance(outputs, used=3)) == pytest.approx(18 / 12)


def test_wrong_arguments_are_named() -> None:
    for call, text in [
        (lambda: subsets.subset_variance(LEADS, used=5), "used"),
        (lambda: subsets.replacement_variance(LEADS, used=0), "used"),
        (lambda: subsets.kept_variance(torch.nan * LEADS, used=2), "finite"),
        (lambda: subsets.disagreement(LEADS[:1]), "experts"),
        (lambda: subsets.subset_means(torch.ones(30, 1), used=15), "subsets"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
