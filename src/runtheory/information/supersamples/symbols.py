"""Codes for what a super-sample shows of a pair, and the plug-in information of codes.

Losses are zero or one; the last axis of losses and predictions is the column of the super-sample.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.measures.mutual_information import plug_in

Losses = Float64[Tensor, "replicate pair 2"]
Symbols = Int64[Tensor, "replicate pair"]


@checked
def prediction_symbols(predictions: Int64[Tensor, "replicate pair 2"], *, classes: int) -> Symbols:
    """Return one code for the pair of predicted classes, classes^2 of them.

    Raises
    ------
    ValueError
        If a prediction is not in 0, ..., classes - 1: two pairs would have one code.
    """
    checks.labels_below(predictions, classes, name="predictions")
    return predictions[:, :, 0] * classes + predictions[:, :, 1]


@checked
def loss_symbols(losses: Losses) -> Symbols:
    """Return one code for the pair of zero-one losses, 0 to 3.

    Raises
    ------
    ValueError
        If a loss is neither 0 nor 1.
    """
    pair = zero_one(losses, "losses")
    return pair[:, :, 0] * 2 + pair[:, :, 1]


@checked
def difference_symbols(losses: Losses) -> Symbols:
    """Return 0, 1 or 2 for a loss difference of -1, 0 or 1.

    Raises
    ------
    ValueError
        If a loss is neither 0 nor 1.
    """
    pair = zero_one(losses, "losses")
    return pair[:, :, 1] - pair[:, :, 0] + 1


@checked
def table_information(
    symbols: Int64[Tensor, "entry table"], marks: Int64[Tensor, "entry table"]
) -> tuple[Float64[Tensor, "table"], Float64[Tensor, "table"]]:
    """Return the plug-in I(symbol; mark) of each column and its upward bias, in nats.

    Marks are 0 or 1. The bias is (symbols that occur - 1)(marks that occur - 1) / (2 entries), to
    first order.

    Raises
    ------
    ValueError
        If there is no entry, a symbol is negative, or a mark is neither 0 nor 1.
    """
    zero_one(marks, "marks")
    if symbols.numel() == 0 or int(symbols.min()) < 0:
        raise ValueError("symbols must be at least one and not negative, got another value")
    entries, tables = symbols.shape
    kinds = int(symbols.max()) + 1
    column = torch.arange(tables, device=symbols.device)
    codes = (column * kinds + symbols) * 2 + marks
    counts = torch.bincount(codes.flatten(), minlength=tables * kinds * 2)
    counts = counts.reshape(tables, kinds, 2)
    information = torch.from_numpy(plug_in(counts.cpu().numpy())).to(symbols.device)
    rows, columns = (counts.sum(axis) > 0 for axis in (2, 1))  # which values occur, by table
    freedom = (rows.sum(1) - 1) * (columns.sum(1) - 1)
    return information, freedom.to(torch.float64) / (2 * entries)


@checked
def zero_one(
    values: Float[Tensor, "..."] | Int64[Tensor, "..."], name: str
) -> Int64[Tensor, "..."]:
    """Return ``values`` as int64; ``ValueError`` by ``name`` unless all are zero or one."""
    if not bool(((values == 0) | (values == 1)).all()):
        raise ValueError(f"{name} must be zero or one, got another value")
    return values.to(torch.int64)
