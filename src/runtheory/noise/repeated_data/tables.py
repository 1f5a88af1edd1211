r"""A table that is read off tokens: for each context the frequencies of what followed it.

A share of the table may be given back to the uniform row, q = (1 - share) p + share / K. That is
what label smoothing of this amount makes of a table that is trained to the end.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.noise.repeated_data.source import Tokens, check_distributions


@checked
def transition_counts(
    tokens: Tokens, *, contexts: int, symbols: int
) -> Int64[Tensor, "source context symbol"]:
    """Count how often each symbol followed each context.

    Raises
    ------
    ValueError
        If a count is below one, or a context or symbol lies outside its range.
    """
    checks.at_least(1, contexts=contexts, symbols=symbols)
    checks.labels_below(tokens.contexts, contexts, name="contexts")
    checks.labels_below(tokens.following, symbols, name="following")
    cells = tokens.contexts * symbols + tokens.following
    found = torch.zeros(len(cells), contexts * symbols, device=cells.device, dtype=torch.int64)
    found.scatter_add_(1, cells, torch.ones_like(cells))
    return found.unflatten(1, (contexts, symbols))


@checked
def table(
    counts: Int64[Tensor, "*stack symbol"], *, share: float = 0.0
) -> Float[Tensor, "*stack symbol"]:
    """Return each row's frequencies, a share of them given back to the uniform row.

    A context that was never seen has the uniform row.

    Raises
    ------
    ValueError
        If a count is negative, there are no symbols, or ``share`` lies outside [0, 1].
    """
    checks.in_interval(0, 1, share=share)
    _check_counts(counts)
    total = counts.sum(-1, keepdim=True)
    uniform = torch.full(counts.shape, 1 / counts.shape[-1], dtype=torch.float64).to(counts.device)
    frequencies = torch.where(total > 0, counts.double() / total.clamp(min=1), uniform)
    return (1 - share) * frequencies + share * uniform


@checked
def training_loss(
    counts: Int64[Tensor, "source context symbol"],
    predicted: Float[Tensor, "source context symbol"],
) -> Float[Tensor, " source"]:
    """Return the mean loss of predictions on the tokens that were counted, in nats.

    Raises
    ------
    ValueError
        If a source has no tokens, a count is negative, or a prediction is no distribution.
    """
    _check_counts(counts)
    check_distributions(predicted, name="predicted")
    tokens = counts.sum((1, 2))
    checks.at_least(1, tokens=int(tokens.min()))
    return -torch.xlogy(counts.double(), predicted).sum((1, 2)) / tokens


@checked
def first_order_excess(symbols: int, order: int, *, tokens: int) -> float:
    """Return free parameters / (2 tokens): the table's loss above the entropy rate (thm-table).

    There are symbols^order rows with symbols - 1 free entries each. It holds where every cell is
    expected to be seen many times. In nats.

    Raises
    ------
    ValueError
        If there are fewer than two symbols, or another count is below one.

    Example
    -------
    >>> from runtheory.noise.repeated_data.tables import first_order_excess
    >>> first_order_excess(2, 1, tokens=40)
    0.025
    """
    checks.at_least(2, symbols=symbols)
    checks.at_least(1, order=order, tokens=tokens)
    return symbols**order * (symbols - 1) / (2 * tokens)


@checked
def row_distance(row: Float[Tensor, " symbol"], *, draws: int, share: float) -> float:
    """Return the expected half chi-square of a row that was drawn from, exactly (prop-share).

    The mean of 1/2 sum_k (q_k - P_k)^2 / P_k, which is the divergence to leading order.

    Raises
    ------
    ValueError
        If the row is no distribution with positive entries, ``draws`` is below one or ``share``
        lies outside [0, 1].
    """
    checks.in_interval(0, 1, share=share)
    bias, spread = _bias_and_spread(row, draws)
    return share**2 * bias + (1 - share) ** 2 * spread


@checked
def best_share(row: Float[Tensor, " symbol"], *, draws: int) -> float:
    """Return the share that makes :func:`row_distance` least: spread / (bias + spread).

    Raises
    ------
    ValueError
        As :func:`row_distance`.
    """
    bias, spread = _bias_and_spread(row, draws)
    return spread / (bias + spread)


@checked
def row_excess(row: Float[Tensor, " symbol"], *, draws: int, share: float) -> float:
    """Return the expected divergence of a row's table, exactly: a sum over binomial counts.

    How often symbol k comes in ``draws`` draws is binomial, and log q_k depends on nothing else. In
    nats; infinite without a share, because a symbol may never come.

    Raises
    ------
    ValueError
        As :func:`row_distance`.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.repeated_data.tables import row_excess
    >>> round(row_excess(torch.tensor([0.8, 0.2]).double(), draws=30, share=0.05), 4)
    0.0156
    """
    _check_row(row, draws)
    checks.in_interval(0, 1, share=share)
    if share == 0:
        return math.inf
    seen = torch.arange(draws + 1, device=row.device, dtype=torch.float64)[:, None]
    chance = torch.exp(
        math.lgamma(draws + 1)
        - torch.lgamma(seen + 1)
        - torch.lgamma(draws - seen + 1)
        + torch.xlogy(seen, row)
        + torch.xlogy(draws - seen, 1 - row)
    )
    logarithm = torch.log((1 - share) * seen / draws + share / len(row))
    return float((row * (row.double().log() - (chance * logarithm).sum(0))).sum())


def _bias_and_spread(row: Tensor, draws: int) -> tuple[float, float]:
    """Return the half chi-square of the uniform row, and that of the frequencies on average."""
    _check_row(row, draws)
    symbols = len(row)
    bias = 0.5 * ((1 / symbols - row) ** 2 / row).sum()
    return float(bias), (symbols - 1) / (2 * draws)


def _check_row(row: Tensor, draws: int) -> None:
    checks.at_least(1, draws=draws)
    checks.at_least(2, symbols=len(row))
    check_distributions(row, name="row")
    checks.positive(row=float(row.min()))


def _check_counts(counts: Tensor) -> None:
    checks.at_least(1, cells=counts.numel())
    checks.not_negative(counts=int(counts.min()))
