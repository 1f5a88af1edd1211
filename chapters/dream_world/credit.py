"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import torch

from tools.credit import drawn, numbers, uniform

PRINTED = {"two_worlds": {"growth": 1.5, "control": 1, "gain": 1.5, "start": 1, "rate": 0.1}}


def two_worlds(
    solved,
    growth=uniform(-1.7, -1.1),
    control=uniform(0.5, 2),
    gain=drawn(
        lambda source, given: round(
            (given["growth"] + source.choice((-1, 1)) * source.uniform(0.15, 0.4))
            / given["control"],
            3,
        )
    ),
    start=uniform(1.2, 3),
    rate=uniform(0.05, 0.15),
):
    r"""The dream is $s' = a\, \xi s + b\, u$ with $a$ = `growth` and $b$ = `control`, from $s$ =
    `start`, with the rate `rate` and the gain $k$ = `gain`, which **need not be** $a/b$. Here
    $1 < |a| < 2$, $b \ne 0$, and the cost of the endless dream is finite. Return the same four
    numbers.
    """
    left = (growth - control * gain) ** 2 + growth**2 * rate / (1 - rate)
    square = start**2 * left
    return square, start**2 / (1 - left), 1 / (1 + growth**2), 1 - abs(growth) / 2


def one_step(
    solved,
    a=uniform(0.6, 1.6),
    b=uniform(0.5, 1.5),
    q=uniform(0.5, 3),
    r=uniform(0.2, 2),
    v=uniform(0.1, 0.9),
    w=uniform(0.1, 0.9),
):
    r"""The dream lasts **two** steps, with fresh masks at each: $q s^2 + r u^2$ is paid at both,
    and $q$ times the square of the last state at the end. Return the best gain of the **first**
    step, and the expected cost of the whole dream from $s = 1$ if the gain of the second step is
    the best one too.
    """
    after = solved(a, b, q, r, v, w)[1]  # what a squared state costs with one step to go
    price = r + (1 + w) * b**2 * after
    cost = q + (1 + v) * a**2 * after - (a * b * after) ** 2 / price
    return a * b * after / price, cost


def shared_mask_cost(
    solved,
    A=numbers(2, 2, low=-1.2, high=1.2),
    B=numbers(2, 1),
    Q=drawn(
        lambda source, _: (
            lambda one, two, both: torch.tensor([[one, both], [both, two]], dtype=torch.float64)
        )(*(round(source.uniform(*ends), 2) for ends in ((1, 2), (0.5, 1.5), (0.1, 0.6))))
    ),
    R=numbers(1, 1, low=0.2, high=2),
    gains=numbers(2, 1, 2, low=-1, high=1),
    v=uniform(0.1, 0.9),
):
    r"""The model predicts the **change** of the state, and the single factor $\xi_t$, of mean one
    and variance `v` and drawn anew at each step, multiplies **all that it reads, the state and the
    control too**: $s_{t+1} = s_t + \xi_t \bigl((A - I) s_t + B u_t\bigr)$. Return the matrix of the
    expected cost of the gains (step, control, state).
    """
    cost = Q
    for K in reversed(gains):
        change = A - B @ K - torch.eye(len(A), dtype=A.dtype)
        closed = A - B @ K
        cost = Q + K.T @ R @ K + closed.T @ cost @ closed + v * change.T @ cost @ change
    return cost
