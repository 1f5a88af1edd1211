"""Linear fits: errors by loops and by draws, dropout by enumeration, extreme inputs."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.noisy_labels import filters
from runtheory.dropout import oracle
from runtheory.randomness import stream

SEEDS = st.integers(0, 300)


def drawn(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=stream(seed, str(shape)), dtype=torch.float64)


def error_by_loop(hat: torch.Tensor, means: torch.Tensor, variance: float) -> float:
    """Mean squared error of the fit ``hat @ targets``, example by example."""
    total = 0.0
    for i in range(len(means)):
        total += float((means[i] - hat[i] @ means).square().sum())
        total += variance * sum(float(hat[i, k]) ** 2 for k in range(len(means)))
    return total / len(means)


@given(seed=SEEDS, examples=st.integers(1, 7), features=st.integers(1, 5))
def test_error_and_memory_by_a_loop_over_examples(seed, examples, features) -> None:
    left, sizes = filters.principal_directions(drawn(examples, features, seed=seed))
    assert len(sizes) == min(examples, features)
    factors = torch.rand(len(sizes), generator=stream(seed, "factors"), dtype=torch.float64)
    means = drawn(examples, 2, seed=seed)
    hat = left @ factors.diag() @ left.T
    bias, noise = filters.expected_error(left, means, factors, variance=1.7)
    assert bias + noise == pytest.approx(error_by_loop(hat, means, 1.7))
    own = sum(float(hat[i, i]) for i in range(examples)) / examples
    assert filters.memorised_share(factors, examples=examples) == pytest.approx(own)
    torch.testing.assert_close(filters.filtered(left, means, factors), hat @ means)


@given(seed=SEEDS, rank=st.integers(1, 5), variance=st.floats(0, 3))
def test_errors_of_all_cuts_and_of_dropout_that_memorises_as_much(seed, rank, variance) -> None:
    directions = torch.linalg.qr(drawn(7, rank, seed=seed))[0]
    sizes = drawn(rank, 2, seed=seed)
    energies, means = sizes.square().sum(1), directions @ sizes
    cut = filters.cut_errors(energies, examples=7, variance=variance)
    shrunk = filters.shrunk_errors(energies, examples=7, variance=variance)
    assert len(cut) == len(shrunk) == rank + 1
    for kept in range(rank + 1):
        factors = filters.cut_factors(rank, kept=kept)
        bias, noise = filters.expected_error(directions, means, factors, variance=variance)
        assert float(cut[kept]) == pytest.approx(bias + noise, rel=1e-9, abs=1e-12)
        even = [kept / rank] * rank
        bias, noise = filters.expected_error(directions, means, even, variance=variance)
        assert float(shrunk[kept]) == pytest.approx(bias + noise, rel=1e-9, abs=1e-12)


def test_the_page_by_hand() -> None:
    for sizes, cut, shrunk in (((6, 1), 1.25, 2.8125), ((2, 2), 2, 1)):
        energies = torch.tensor(sizes).double().square()
        found = filters.cut_errors(energies, examples=4, variance=4.0)
        assert found[1:].tolist() == [cut, 2]
        found = filters.shrunk_errors(energies, examples=4, variance=4.0)
        assert found[1:].tolist() == [shrunk, 2]


def test_error_by_draws_of_noise() -> None:
    inputs, means = drawn(12, 4, seed=1), drawn(12, 2, seed=2)
    left, _ = filters.principal_directions(inputs)
    factors = filters.cut_factors(4, kept=2)
    noise = drawn(4000, 12, 2, seed=3) * math.sqrt(0.5)  # total variance one
    apart = (filters.filtered(left, means + noise, factors) - means).square().sum((1, 2)) / 12
    expected = sum(filters.expected_error(left, means, factors, variance=1.0))
    assert abs(float(apart.mean()) - expected) < 5 * float(apart.std()) / math.sqrt(4000)


@given(seed=SEEDS, rate=st.floats(0, 0.9), features=st.integers(1, 4))
def test_dropout_weights_are_the_least_squares_over_all_masks(seed, rate, features) -> None:
    inputs, targets = drawn(6, features, seed=seed), drawn(6, 2, seed=seed)
    masks, chances = oracle.all_masks(features, rate=rate)
    scaled = masks.double() / (1 - rate)
    # A feature's square and the product of two features have different means under masks.
    pairs = torch.einsum("m,mi,mj->ij", chances, scaled, scaled)
    weights = torch.linalg.solve(pairs * (inputs.T @ inputs), inputs.T @ targets)
    found = filters.dropout_weights(inputs, targets, rate=rate)
    torch.testing.assert_close(found, weights, rtol=1e-6, atol=1e-8)


@given(seed=SEEDS, features=st.integers(1, 5))
def test_ordered_weights_are_the_minimum_over_all_cuts(seed, features) -> None:
    inputs, targets = drawn(8, features, seed=seed), drawn(8, 2, seed=seed)
    chances = torch.rand(features, generator=stream(seed, "law"), dtype=torch.float64) + 0.1
    chances = chances / chances.sum()
    found = filters.ordered_weights(inputs, targets, chances=chances).requires_grad_()
    losses = [
        chances[kept - 1] * (targets - inputs[:, :kept] @ found[:kept]).square().sum()
        for kept in range(1, features + 1)
    ]
    (slope,) = torch.autograd.grad(torch.stack(losses).sum(), found)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-7)


def test_on_principal_scores_dropout_shrinks_and_order_does_nothing() -> None:
    left, sizes = filters.principal_directions(drawn(9, 4, seed=4))
    scores, targets = left * sizes, drawn(9, 3, seed=5)
    shrunk = scores @ filters.dropout_weights(scores, targets, rate=0.3)
    torch.testing.assert_close(shrunk, filters.filtered(left, targets, [0.7] * 4))
    law = torch.tensor([0.7, 0.1, 0.1, 0.1])
    ordered = scores @ filters.ordered_weights(scores, targets, chances=law)
    torch.testing.assert_close(ordered, filters.filtered(left, targets, [1.0] * 4))


def test_new_inputs_by_draws() -> None:
    inputs, weights = drawn(10, 3, seed=6), drawn(3, 2, seed=7)
    deviations = torch.tensor([2.0, 1.0, 0.5])
    found = filters.new_input_errors(inputs, weights, deviations=deviations, variance=0.8)
    assert len(found) == 4
    left, sizes, right = torch.linalg.svd(inputs, full_matrices=False)
    noise = drawn(20_000, 10, 2, seed=8) * math.sqrt(0.4)
    fresh = drawn(20_000, 1, 3, seed=9) * deviations
    for kept in range(4):
        inverse = right[:kept].T @ (left[:, :kept] / sizes[:kept]).T
        apart = (fresh @ (inverse @ (inputs @ weights + noise) - weights)).square().sum((1, 2))
        assert abs(float(apart.mean() - found[kept])) < 5 * float(apart.std()) / math.sqrt(20_000)


def test_new_inputs_over_designs() -> None:
    deviations = torch.tensor([3.0, 1.0, 0.2], dtype=torch.float64)
    means = torch.stack(
        [
            filters.new_input_errors(
                one * deviations, torch.zeros(3, 1), deviations=deviations, variance=2.0
            )[-1]
            for one in drawn(600, 12, 3, seed=10)
        ]
    )
    expected = filters.gaussian_error(12, features=3, variance=2.0)
    assert expected == pytest.approx(2 * 3 / 8)
    assert abs(float(means.mean()) - expected) < 5 * float(means.std()) / math.sqrt(600)


def test_extreme_inputs() -> None:
    left, sizes = filters.principal_directions(torch.zeros(3, 2))
    assert left.shape == (3, 0)
    assert len(sizes) == 0
    bias, noise = filters.expected_error(left, torch.ones(3, 1), [], variance=1.0)
    assert (bias, noise) == (1.0, 0.0)
    twice = torch.ones(4, 1) * torch.tensor([[1.0, 2.0]])
    assert filters.principal_directions(twice)[0].shape == (4, 1)
    assert filters.gaussian_error(4, features=3, variance=1.0) == math.inf
    assert filters.gaussian_error(3, features=3, variance=1.0) == math.inf
    assert filters.gaussian_error(3, features=3, variance=0.0) == 0.0
    assert filters.cut_factors(3, kept=0).tolist() == [0, 0, 0]


def test_wrong_arguments_are_named() -> None:
    left, _ = filters.principal_directions(drawn(4, 2, seed=0))
    with pytest.raises(ValueError, match="factors must be 2"):
        filters.filtered(left, torch.ones(4, 1), [1.0])
    with pytest.raises(ValueError, match="examples must be at least 2"):
        filters.memorised_share([1.0, 1.0], examples=1)
    with pytest.raises(ValueError, match="kept must lie in"):
        filters.cut_factors(2, kept=3)
    with pytest.raises(ValueError, match="variance must not be negative"):
        filters.expected_error(left, torch.ones(4, 1), [1.0, 1.0], variance=-1.0)
    with pytest.raises(ValueError, match="linearly dependent"):
        filters.dropout_weights(torch.ones(4, 2), torch.ones(4, 1), rate=0.0)
    with pytest.raises(ValueError, match="chances must have feature = 2"):
        filters.ordered_weights(drawn(4, 2, seed=0), torch.ones(4, 1), chances=torch.ones(1))
    with pytest.raises(ValueError, match="examples must be at least 3"):
        filters.gaussian_error(2, features=3, variance=1.0)
    with pytest.raises(ValueError, match="energies must not be negative"):
        filters.cut_errors(torch.tensor([1.0, -1.0]), examples=2, variance=1.0)
    with pytest.raises(ValueError, match="directions must be at least 1"):
        filters.shrunk_errors(torch.zeros(0), examples=2, variance=1.0)
    with pytest.raises(ValueError, match="deviations must not be negative"):
        filters.new_input_errors(
            torch.eye(2), torch.eye(2), deviations=-torch.ones(2), variance=1.0
        )
    with pytest.raises(ValueError, match="inputs must be finite"):
        filters.principal_directions(torch.tensor([[math.nan]]))
