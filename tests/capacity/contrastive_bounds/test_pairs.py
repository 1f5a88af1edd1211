"""Values with true scores: densities, exact sums over small tables, closed forms."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.contrastive_bounds import pairs
from runtheory.randomness import stream

SKEWED = torch.tensor([[0.3, 0.05], [0.1, 0.55]], dtype=torch.float64)


def table(seed: int, rows: int, columns: int) -> torch.Tensor:
    drawn = torch.rand((rows, columns), generator=stream(seed, "table"), dtype=torch.float64)
    return (drawn + 0.02) / (drawn + 0.02).sum()


def divergences(joint: torch.Tensor) -> tuple[float, float]:
    apart = joint.sum(1, keepdim=True) * joint.sum(0)
    ratio = (joint / apart).log()
    return float((joint * ratio).sum()), -float((apart * ratio).sum())


def test_true_scores_are_the_log_ratio_of_densities() -> None:
    x, y = pairs.draw_pairs(3, correlation=0.6, pairs=4, batches=2, generator=stream(1, "x"))
    scores = pairs.true_scores(x, y, correlation=0.6)
    covariance = torch.tensor([[1.0, 0.6], [0.6, 1.0]], dtype=torch.float64)
    both = torch.distributions.MultivariateNormal(torch.zeros(2).double(), covariance)
    normal = torch.distributions.Normal(0.0, 1.0)
    for i, j in itertools.product(range(4), range(4)):
        joint = both.log_prob(torch.stack([x[1, i], y[1, j]], -1))
        apart = normal.log_prob(x[1, i]) + normal.log_prob(y[1, j])
        torch.testing.assert_close(scores[1, i, j], (joint - apart).sum())
    assert scores.dtype == torch.float64
    assert pairs.true_scores(x.float(), y.float(), correlation=0.6).dtype == torch.float64


@given(seed=st.integers(0, 300), rows=st.integers(1, 3), columns=st.integers(1, 3))
def test_exact_values_enclose_the_information_and_draw_nearer(seed, rows, columns) -> None:
    joint = table(seed, rows, columns)
    information, other = divergences(joint)
    found = [pairs.exact_values(joint, pairs=count) for count in (2, 3, 5)]
    for count, (low, high) in zip((2, 3, 5), found, strict=True):
        assert low <= min(information, math.log(count)) + 1e-12
        assert high >= information - 1e-12
    assert found[0][0] - 1e-12 <= found[1][0] <= found[2][0] + 1e-12
    assert found[0][1] == pytest.approx(information + other, abs=1e-12)
    assert found[0][1] + 1e-12 >= found[1][1] >= found[2][1] - 1e-12


def test_exact_values_by_a_loop_over_batches() -> None:
    count, ratio = 3, SKEWED / SKEWED.sum(1, keepdim=True) / SKEWED.sum(0)
    low = high = 0.0
    for x, *ys in itertools.product(range(2), repeat=1 + count):
        chance = float(SKEWED[x, ys[0]] * SKEWED.sum(0)[ys[1:]].prod())
        each = [float(ratio[x, y]) for y in ys]
        low += chance * math.log(each[0] / (sum(each) / count))
        high += chance * math.log(each[0] / (sum(each[1:]) / (count - 1)))
    assert pairs.exact_values(SKEWED, pairs=count) == pytest.approx((low, high))


def test_independent_symbols_share_nothing() -> None:
    columns = torch.tensor([0.5, 0.1, 0.4], dtype=torch.float64)
    joint = torch.tensor([0.2, 0.8], dtype=torch.float64)[:, None] * columns
    assert pairs.exact_values(joint, pairs=4) == pytest.approx((0, 0), abs=1e-12)
    assert pairs.information(3, correlation=0.0) == 0
    assert pairs.widest_value(3, correlation=0.0) == 0


@pytest.mark.parametrize(("features", "correlation"), [(4, 0.5), (2, -0.8)])
def test_two_gaussian_pairs_by_the_closed_form(features, correlation) -> None:
    drawn = pairs.draw_pairs(
        features, correlation=correlation, pairs=2, batches=20_000, generator=stream(2, "two")
    )
    scores = pairs.true_scores(*drawn, correlation=correlation)
    expected = pairs.widest_value(features, correlation=correlation)
    for scale in (1.0, 3.0):  # the value is linear in the scores
        found = pairs.leave_one_out_value(scale * scores)
        error = float(found.std()) / len(found) ** 0.5
        assert abs(float(found.mean()) - scale * expected) < 4.5 * error
    ratio = scores.diagonal(dim1=1, dim2=2).mean(1)
    known = pairs.information(features, correlation=correlation)
    assert abs(float(ratio.mean()) - known) < 4.5 * float(ratio.std()) / len(ratio) ** 0.5
    assert abs(float(ratio.mean()) - expected) > 4.5 * float(ratio.std()) / len(ratio) ** 0.5


def test_values_are_losses_less_the_logarithm_of_a_count() -> None:
    scores = torch.zeros(2, 4, 4, dtype=torch.float64)
    assert pairs.info_nce_value(scores).tolist() == pytest.approx([0, 0])
    assert pairs.leave_one_out_value(scores).tolist() == pytest.approx([0, 0])
    sure = 1e3 * torch.eye(4).double()
    assert float(pairs.info_nce_value(sure)) == pytest.approx(math.log(4))


def test_diagonal_blocks_by_a_loop() -> None:
    scores = torch.arange(2 * 36.0).reshape(2, 6, 6)
    blocks = pairs.diagonal_blocks(scores, pairs=2)
    assert blocks.shape == (2, 3, 2, 2)
    for batch, block in itertools.product(range(2), range(3)):
        part = slice(2 * block, 2 * block + 2)
        assert torch.equal(blocks[batch, block], scores[batch, part, part])
    assert torch.equal(pairs.diagonal_blocks(scores[0], pairs=6), scores[:1])


def test_wrong_arguments_are_named() -> None:
    for call, text in [
        (lambda: pairs.information(0, correlation=0.5), "features"),
        (lambda: pairs.widest_value(2, correlation=1.0), "correlation"),
        (
            lambda: pairs.draw_pairs(
                2, correlation=0.5, pairs=0, batches=1, generator=stream(0, "p")
            ),
            "pairs",
        ),
        (lambda: pairs.exact_values(SKEWED / 2, pairs=2), "chances"),
        (lambda: pairs.exact_values(SKEWED, pairs=1), "pairs"),
        (lambda: pairs.exact_values(SKEWED, pairs=40), "tuples"),
        (lambda: pairs.exact_values(torch.eye(2).double() / 2, pairs=2), "joint"),
        (lambda: pairs.diagonal_blocks(torch.zeros(6, 6), pairs=4), "pairs"),
        (lambda: pairs.diagonal_blocks(torch.zeros(6, 4), pairs=2), "square"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
