"""Counting axes: by a loop, by hand, and where nothing is there to count."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from runtheory.capacity.relevant_axes import counting


def by_loop(relevances: list[float], share: float) -> int:
    total, so_far = sum(relevances), 0.0
    for count, one in enumerate(sorted(relevances, reverse=True), start=1):
        so_far += one
        if so_far > share * total:
            return count
    return 0


@given(
    relevances=st.lists(st.integers(0, 100), min_size=1, max_size=8),
    share=st.sampled_from([0.0, 0.5, 0.75]),
)
def test_the_least_number_of_axes_for_a_share(relevances, share) -> None:
    found = counting.axes_for_share(torch.tensor(relevances).double(), share=share)
    assert int(found) == by_loop([float(one) for one in relevances], share)


def test_counts_of_known_axes() -> None:
    rows = torch.tensor([[4.0, 3, 2, 1, 0.5, 0.01], [0, 0, 0, 0, 0, 0], [0, 0, 7, 0, 0, 0]])
    assert counting.axes_for_share(rows).tolist() == [5, 0, 1]
    # 99 per cent exactly are not more than 99 per cent.
    assert counting.axes_for_share(torch.tensor([3.0, 1.0]), share=0.75).item() == 2
    assert counting.active_axes(torch.tensor([0.1, 0.3, 0.0]), threshold=0.1).item() == 1


def test_divergences_are_those_of_the_library() -> None:
    generator = torch.Generator().manual_seed(0)
    means = torch.randn((2, 7, 3), generator=generator)
    variances = torch.rand((2, 7, 3), generator=generator) + 0.1
    prior = torch.rand((2, 3), generator=generator) + 0.5
    found = counting.gaussian_divergences(means, variances, prior=prior)
    priors = Normal(torch.zeros(2, 1, 3), prior[:, None].sqrt())
    expected = kl_divergence(Normal(means, variances.sqrt()), priors).mean(1)
    torch.testing.assert_close(found, expected.double(), rtol=1e-4, atol=1e-5)
    assert found.dtype == torch.float64


def test_a_code_that_is_the_prior_diverges_by_nothing() -> None:
    ones = torch.ones(4, 2)
    found = counting.gaussian_divergences(0 * ones, 3 * ones, prior=torch.full((2,), 3.0))
    assert found.tolist() == [0, 0]


def test_wrong_arguments_are_named() -> None:
    for call, text in [
        (lambda: counting.axes_for_share(torch.tensor([1.0, -0.1])), "relevances"),
        (lambda: counting.axes_for_share(torch.ones(2), share=1.0), "share"),
        (lambda: counting.axes_for_share(torch.tensor([math.nan])), "finite"),
        (lambda: counting.active_axes(torch.ones(2), threshold=-1.0), "threshold"),
        (
            lambda: counting.gaussian_divergences(
                torch.ones(1, 1), torch.zeros(1, 1), prior=torch.ones(1)
            ),
            "variances",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
