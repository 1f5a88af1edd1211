"""Tables: counts, losses on new and own tokens, a share given back, exactly and to first order."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.noise.repeated_data import source, tables
from runtheory.randomness import stream

ROW = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)


def over_all_draws(draws: int, share: float) -> tuple[float, float]:
    """Return mean half chi-square and mean divergence by listing all sequences of symbols."""
    distance = divergence = 0.0
    for symbols in itertools.product(range(3), repeat=draws):
        chance = math.prod(float(ROW[k]) for k in symbols)
        for k in range(3):
            p = float(ROW[k])
            q = (1 - share) * symbols.count(k) / draws + share / 3
            distance += chance * (q - p) ** 2 / (2 * p)
            divergence += chance * p * math.log(p / q)
    return distance, divergence


@pytest.mark.parametrize(("draws", "share"), [(1, 0.3), (4, 0.05), (5, 0.3), (3, 1.0)])
def test_expectations_by_listing_all_draws(draws, share) -> None:
    distance, divergence = over_all_draws(draws, share)
    assert tables.row_distance(ROW, draws=draws, share=share) == pytest.approx(distance)
    assert tables.row_excess(ROW, draws=draws, share=share) == pytest.approx(divergence)


@given(seed=st.integers(0, 1000), draws=st.integers(1, 50))
def test_the_best_share_has_neighbours_that_are_worse(seed, draws) -> None:
    row = source.draw_sources(4, 1, sources=1, floor=0.1, generator=stream(seed, "row"))[0, 0]
    best = tables.best_share(row, draws=draws)
    least = tables.row_distance(row, draws=draws, share=best)
    spread = tables.row_distance(row, draws=draws, share=0.0)
    bias = tables.row_distance(row, draws=draws, share=1.0)
    assert spread == pytest.approx(3 / (2 * draws))
    assert least == pytest.approx(bias * spread / (bias + spread))
    for share in (0.9 * best, best + 0.1 * (1 - best)):
        assert tables.row_distance(row, draws=draws, share=share) > least


def test_without_a_share_a_symbol_may_never_come() -> None:
    assert tables.row_excess(ROW, draws=20, share=0.0) == math.inf
    # Nor where the chance of that is below the smallest number.
    assert tables.row_excess(torch.tensor([0.5, 0.5]), draws=2000, share=0.0) == math.inf
    many = tables.row_excess(ROW, draws=4000, share=1e-6)
    assert many == pytest.approx(2 / 8000, rel=0.01)


def test_the_numbers_that_the_page_works_by_hand() -> None:
    assert tables.first_order_excess(2, 1, tokens=40) == 0.025
    row = torch.tensor([0.8, 0.2]).double()
    assert tables.row_distance(row, draws=30, share=0.0) == pytest.approx(0.0167, abs=5e-5)
    assert tables.row_distance(row, draws=30, share=1.0) == pytest.approx(0.281, abs=5e-4)
    best = tables.best_share(row, draws=30)
    assert best == pytest.approx(0.056, abs=5e-4)
    left = tables.row_distance(row, draws=30, share=best)
    assert left == pytest.approx(0.0157, abs=5e-5)


def test_counts_in_a_loop() -> None:
    rows = source.draw_sources(3, 2, sources=2, floor=0.3, generator=stream(1, "rows"))
    path = source.draw_tokens(rows, 40, generator=stream(1, "path"))
    found = tables.transition_counts(path, contexts=9, symbols=3)
    expected = torch.zeros(2, 9, 3, dtype=torch.int64)
    for one, token in itertools.product(range(2), range(40)):
        expected[one, path.contexts[one, token], path.following[one, token]] += 1
    assert torch.equal(found, expected)
    table = tables.table(found, share=0.2)
    for one, context in itertools.product(range(2), range(9)):
        total = int(expected[one, context].sum())
        plain = expected[one, context] / total if total else torch.full((3,), 1 / 3)
        torch.testing.assert_close(table[one, context].float(), 0.8 * plain + 0.2 / 3)
    loss = -torch.stack(
        [table[one, path.contexts[one], path.following[one]].log().mean() for one in range(2)]
    )
    torch.testing.assert_close(tables.training_loss(found, table), loss)


@pytest.mark.parametrize(("symbols", "order"), [(2, 1), (3, 2)])
def test_a_table_lies_above_the_floor_by_its_parameters(symbols, order) -> None:
    rows = source.draw_sources(symbols, order, sources=400, floor=0.5, generator=stream(2, "rows"))
    path = source.draw_tokens(rows, 4000, generator=stream(2, "path"))
    counts = tables.transition_counts(path, contexts=symbols**order, symbols=symbols)
    table = tables.table(counts)
    told = tables.first_order_excess(symbols, order, tokens=4000)
    above = source.excess_loss(rows, table)
    below = tables.training_loss(counts, rows) - tables.training_loss(counts, table)
    for values in (above, below):
        assert abs(float(values.mean()) - told) < 4 * float(values.std()) / 400**0.5
    repeated = source.Tokens(*(part.repeat(1, 3) for part in path))
    thrice = tables.transition_counts(repeated, contexts=symbols**order, symbols=symbols)
    torch.testing.assert_close(tables.table(thrice), table)


def test_wrong_arguments_are_named() -> None:
    counts = torch.ones(1, 2, 2, dtype=torch.int64)
    tokens = source.Tokens(torch.tensor([[0, 2]]), torch.tensor([[1, 0]]))
    half = counts.double() / 2
    for call, text in [
        (lambda: tables.transition_counts(tokens, contexts=2, symbols=2), "contexts"),
        (lambda: tables.transition_counts(tokens, contexts=3, symbols=1), "following"),
        (lambda: tables.table(-counts), "counts"),
        (lambda: tables.table(counts[:0]), "cells"),
        (lambda: tables.table(counts, share=1.1), "share"),
        (lambda: tables.training_loss(counts, half[:, :1]), "context = 2"),
        (lambda: tables.training_loss(0 * counts, half), "tokens"),
        (lambda: tables.training_loss(counts, counts.double()), "predicted"),
        (lambda: tables.first_order_excess(1, 1, tokens=3), "symbols"),
        (lambda: tables.first_order_excess(2, 1, tokens=0), "tokens"),
        (lambda: tables.row_distance(ROW, draws=0, share=0.1), "draws"),
        (lambda: tables.row_distance(2 * ROW, draws=1, share=0.1), "sum to one"),
        (lambda: tables.best_share(torch.tensor([1.0, 0.0]), draws=1), "positive"),
        (lambda: tables.row_excess(ROW, draws=1, share=-0.1), "share"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
