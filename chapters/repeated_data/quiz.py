"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import torch

from runtheory.noise.repeated_data import source

ROWS = torch.tensor([[[0.9, 0.1], [0.5, 0.5]]], dtype=torch.float64)


def floor() -> float:
    """Return the least loss on a source of two symbols, in nats a token."""
    return float(source.entropy_rate(ROWS))


def rows_alike() -> float:
    """Return it with both rows as frequent."""
    return float(-(ROWS * ROWS.log()).sum(-1).mean())


def of_single_symbols() -> float:
    """Return the entropy of a single symbol, without its context."""
    return float(source.block_entropy(ROWS, 1))


def excess() -> float:
    """Return what a table of order two over four symbols loses on 3000 tokens, to first order."""
    return 4**2 * 3 / (2 * 3000)


def half_forgotten() -> float:
    """Return twice that: the gap between new and own tokens."""
    return 2 * excess()


def all_entries() -> float:
    """Return it with every entry of a row counted as free."""
    return 4**3 / (2 * 3000)
