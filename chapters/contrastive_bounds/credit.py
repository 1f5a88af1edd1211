"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import torch

from tools.credit import drawn, numbers, whole


def _chances(source, _):
    """Draw three to five probabilities, multiples of a twentieth, not all equal; their sum is 1."""
    cuts = sorted(source.sample(range(1, 20), source.randint(2, 4)))
    chances = [round((b - a) / 20, 2) for a, b in zip([0, *cuts], [*cuts, 20], strict=True)]
    return chances if len(set(chances)) > 1 else _chances(source, _)


def same_symbol(solved, chances=drawn(_chances)):
    r"""The symbols are **not equally likely**: `chances` is a list of their probabilities, whose
    sum is one. The batch has **three** pairs, so that there are two other candidates. Return the
    information and InfoNCE's value $A_3$, both in nats.
    """
    information, loss = 0.0, 0.0
    for chance in chances:
        information -= chance * math.log(chance)
        # One or both of the other candidates are the anchor's symbol too.
        ties = 2 * chance * (1 - chance) * math.log(2) + chance**2 * math.log(3)
        loss += chance * ties
    return information, math.log(3) - loss


def other_loss(solved, kept=numbers(4, low=0.05, high=3), copies=whole(2, 6)):
    """`kept` holds the InfoNCE losses, as printed. Now **every candidate but the partner** comes
    into the sum `copies` times in place of once, each time with the same score. Return each
    anchor's **InfoNCE** loss with this larger sum, and then the weights of the leave-one-out losses
    in the gradient of these new losses, divided by their mean.
    """
    left_out = solved(kept)[0] + math.log(copies)
    larger = torch.log1p(left_out.exp())
    return larger, solved(larger)[1]
