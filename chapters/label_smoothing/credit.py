"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import torch

from tools.credit import drawn, uniform, whole

PRINTED = {"five_classes": {"classes": 5, "amount": 0.2, "share": 0.9}}


def five_classes(
    solved,
    classes=whole(4, 12),
    amount=uniform(0.05, 0.4),
    share=drawn(
        lambda source, earlier: round(
            source.choice(
                [source.uniform(0.1, 0.6) / earlier["classes"], source.uniform(0.4, 0.95)]
            ),
            3,
        )
    ),
):
    """Return the three numbers for **any** number of `classes`, any `amount`, and an image whose
    label is class 3 in a share `share` of the cases, and each other class equally often in the
    rest; the label has its part in what smoothing shares out. The share may be **small**: the
    confidence is the largest of the predicted probabilities, whichever class has it.
    """
    lead = math.log(classes / amount - classes + 1)
    most = max(share, (1 - share) / (classes - 1))
    return lead, 1 - amount + amount / classes, (1 - amount) * most + amount / classes


def taken_back(
    solved,
    logits=drawn(
        lambda source, _: torch.tensor(
            [
                [round(lead + shift, 3), round(shift, 3)]
                for lead, shift in (
                    (source.choice([-1, 1]) * source.uniform(0.9, 1.35), source.uniform(-3, 3)),
                    (source.choice([-1, 1]) * source.uniform(0.2, 1), source.uniform(-3, 3)),
                )
            ],
            dtype=torch.float64,
        )
    ),
    known=drawn(
        lambda source, earlier: round(
            (lambda first, amount: (first - amount / 2) / (1 - amount))(
                float(earlier["logits"].softmax(1)[0, 0]), source.uniform(0.05, 0.3)
            ),
            4,
        )
    ),
):
    r"""The amount is **not** known. Given instead is, for the first image (the first row of the
    logits), the probability of the first class in $p(x)$: it is `known`. Return three numbers: the
    **amount**, then for the **second** image the probability of the first class in its $p(x)$, and
    the temperature $T$ at which $\operatorname{softmax}(z/T)$ of **its** logits is this $p(x)$.
    """
    first = float(logits.softmax(1)[0, 0])
    amount = (known - first) / (known - 0.5)
    found = solved(logits, amount)
    return amount, found[1], found[3]
