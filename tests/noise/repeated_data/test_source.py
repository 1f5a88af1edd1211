"""Sources: how often contexts come, the entropy rate, losses above it, paths."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.noise.repeated_data import source
from runtheory.randomness import stream


def drawn(seed: int, symbols: int, order: int, sources: int = 2) -> torch.Tensor:
    generator = stream(seed, "source")
    return source.draw_sources(symbols, order, sources=sources, floor=0.2, generator=generator)


@given(seed=st.integers(0, 1000), symbols=st.integers(2, 4), order=st.integers(1, 2))
def test_rows_are_distributions_above_the_floor(seed, symbols, order) -> None:
    rows = drawn(seed, symbols, order)
    assert rows.shape == (2, symbols**order, symbols)
    torch.testing.assert_close(rows.sum(2), torch.ones_like(rows[..., 0]))
    assert float(rows.min()) >= 0.2 / symbols
    assert not torch.equal(rows[0], rows[1])


def test_rows_are_even_on_the_simplex() -> None:
    """Without the floor's part an entry of an even row of three has the variance 1/18."""
    rows = source.draw_sources(3, 1, sources=20_000, floor=0.1, generator=stream(0, "even"))
    values = (rows[:, 0, 0] - 0.1 / 3) / 0.9
    assert float(values.mean()) == pytest.approx(1 / 3, abs=4 * (1 / 18 / 20_000) ** 0.5)
    assert float(values.var()) == pytest.approx(1 / 18, rel=0.04)


@given(seed=st.integers(0, 1000), symbols=st.integers(2, 3), order=st.integers(1, 3))
def test_a_step_leaves_the_stationary_frequencies(seed, symbols, order) -> None:
    rows = drawn(seed, symbols, order)
    often = source.stationary(rows)
    after = torch.zeros_like(often)
    for number, context in enumerate(itertools.product(range(symbols), repeat=order)):
        for symbol in range(symbols):
            after_it = 0
            for digit in (*context[1:], symbol):
                after_it = after_it * symbols + digit
            after[:, after_it] += often[:, number] * rows[:, number, symbol]
    torch.testing.assert_close(after, often)
    torch.testing.assert_close(often.sum(1), torch.ones(2).double())


def test_the_numbers_that_the_page_works_by_hand() -> None:
    rows = torch.tensor([[[0.8, 0.2], [0.6, 0.4]]]).double()
    assert source.stationary(rows)[0].tolist() == pytest.approx([0.75, 0.25])
    entropies = -torch.xlogy(rows, rows).sum(2)[0]
    assert entropies.tolist() == pytest.approx([0.500, 0.673], abs=5e-4)
    assert float(source.entropy_rate(rows)) == pytest.approx(0.544, abs=5e-4)


@pytest.mark.parametrize(("symbols", "order"), [(2, 1), (3, 2)])
def test_entropies_of_blocks_by_their_probabilities(symbols, order) -> None:
    rows = drawn(4, symbols, order)
    often, total = source.stationary(rows), torch.zeros(2).double()
    for block in itertools.product(range(symbols), repeat=order + 2):
        numbers = [
            sum(k * symbols**p for p, k in enumerate(reversed(block[i : i + order])))
            for i in range(2)
        ]
        chance = often[:, numbers[0]]
        for number, symbol in zip(numbers, block[order:], strict=True):
            chance = chance * rows[:, number, symbol]
        total -= chance * chance.log()
    torch.testing.assert_close(source.block_entropy(rows, order + 2), total)
    shorter = source.block_entropy(rows, order + 1)
    torch.testing.assert_close(total - shorter, source.entropy_rate(rows))


def test_excess_is_cross_entropy_minus_the_rate() -> None:
    rows, predicted = drawn(1, 3, 2), drawn(2, 3, 2)
    often = source.stationary(rows)
    for one in range(2):
        loss = -sum(
            float(often[one, c] * rows[one, c, k]) * math.log(float(predicted[one, c, k]))
            for c in range(9)
            for k in range(3)
        )
        rate = float(source.entropy_rate(rows)[one])
        assert float(source.excess_loss(rows, predicted)[one]) == pytest.approx(loss - rate)
    torch.testing.assert_close(source.excess_loss(rows, rows), torch.zeros(2).double())
    stacked = source.excess_loss(rows, torch.stack([rows, predicted]))
    assert stacked.shape == (2, 2)
    certain = torch.eye(3).double().expand(2, 3, 3, 3).flatten(1, 2)
    assert bool(source.excess_loss(rows, certain).isinf().all())


def test_paths_follow_their_rows() -> None:
    rows = drawn(3, 3, 2, sources=400)[:1].expand(400, -1, -1)
    path = source.draw_tokens(rows, 50, generator=stream(3, "path"))
    assert path.contexts.shape == path.following.shape == (400, 50)
    moved = (path.contexts[:, :-1] * 3 + path.following[:, :-1]) % 9
    assert torch.equal(moved, path.contexts[:, 1:])
    often = source.stationary(rows)[0]
    for place in (0, 49):  # a stationary start
        seen = torch.bincount(path.contexts[:, place], minlength=9) / 400
        assert float((seen - often).abs().max()) < 4 * (0.25 / 400) ** 0.5
    cells = torch.bincount((path.contexts * 3 + path.following).flatten(), minlength=27)
    frequencies = cells.reshape(9, 3) / cells.reshape(9, 3).sum(1, keepdim=True)
    assert float((frequencies - rows[0]).abs().max()) < 0.05


def test_codes_hold_the_symbols_of_a_context() -> None:
    codes = source.context_codes(3, 2)
    assert codes.shape == (9, 6)
    assert codes[5].tolist() == [0, 1, 0, 0, 0, 1]  # 5 = 1 * 3 + 2: first 1, then 2


def test_wrong_arguments_are_named() -> None:
    rows, generator = drawn(0, 3, 1), stream(0, "wrong")
    for call, text in [
        (lambda: source.draw_sources(1, 1, sources=1, floor=0.1, generator=generator), "symbols"),
        (lambda: source.draw_sources(2, 0, sources=1, floor=0.1, generator=generator), "order"),
        (lambda: source.draw_sources(2, 1, sources=1, floor=0.0, generator=generator), "floor"),
        (lambda: source.stationary(rows[:, :2]), "power of 3"),
        (lambda: source.stationary(rows[:, :, :1]), "symbols"),
        (lambda: source.stationary(rows[:0]), "rows"),
        (lambda: source.stationary(2 * rows), "sum to one"),
        (lambda: source.stationary(torch.eye(3).double()[None]), "positive"),
        (lambda: source.entropy_rate(math.nan * rows), "finite"),
        (lambda: source.excess_loss(rows, 2 * rows), "predicted"),
        (lambda: source.block_entropy(rows, 0), "length"),
        (lambda: source.draw_tokens(rows, 0, generator=generator), "tokens"),
        (lambda: source.context_codes(0, 1), "symbols"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
