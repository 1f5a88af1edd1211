"""Codes for what a super-sample shows of a pair, and the plug-in information of codes.

Losses are zero or one; the last axis of losses and predictions is the column of the super-sample.
"""

from __future__ import annotations

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

Losses = Float64[Tensor, "replicate pair 2"]
Symbols = Int64[Tensor, "replicate pair"]


def prediction_symbols(predictions: Int64[Tensor, "replicate pair 2"], *, classes: int) -> Symbols:
    """Return one code for the pair of predicted classes, classes^2 of them."""
    return predictions[:, :, 0] * classes + predictions[:, :, 1]


def loss_symbols(losses: Losses) -> Symbols:
    """Return one code for the pair of zero-one losses, 0 to 3."""
    pair = losses.to(torch.int64)
    return pair[:, :, 0] * 2 + pair[:, :, 1]


def difference_symbols(losses: Losses) -> Symbols:
    """Return 0, 1 or 2 for a loss difference of -1, 0 or 1."""
    pair = losses.to(torch.int64)
    return pair[:, :, 1] - pair[:, :, 0] + 1


def table_information(
    symbols: Int64[Tensor, "entry table"], marks: Int64[Tensor, "entry table"]
) -> tuple[Float64[Tensor, "table"], Float64[Tensor, "table"]]:
    """Return the plug-in I(symbol; mark) of each column and its upward bias, in nats.

    Marks are 0 or 1. The bias is (symbols seen - 1)(marks seen - 1) / (2 entries), to first order.
    """
    entries, tables = symbols.shape
    kinds = int(symbols.max()) + 1
    column = torch.arange(tables, device=symbols.device)
    codes = (column * kinds + symbols) * 2 + marks
    counts = torch.bincount(codes.flatten(), minlength=tables * kinds * 2)
    joint = counts.reshape(tables, kinds, 2).to(torch.float64) / entries
    rows, columns = joint.sum(2, keepdim=True), joint.sum(1, keepdim=True)
    expected = torch.where(joint > 0, rows * columns, 1.0)
    information = torch.xlogy(joint, joint / expected).sum((1, 2)).clamp(min=0)
    seen = ((rows > 0).sum((1, 2)) - 1) * ((columns > 0).sum((1, 2)) - 1)
    return information, seen.to(torch.float64) / (2 * entries)
