"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import torch

from tools.credit import drawn, numbers, uniform


def _weights(source, _):
    """Draw weights of different sizes; the largest is negative."""
    sizes = source.sample(range(12, 40, 3), source.randint(3, 5))
    signs = [-1 if one == max(sizes) else source.choice([-1, 1]) for one in sizes]
    return [sign * one / 10 for sign, one in zip(signs, sizes, strict=True)]


def _moments(source, given):
    """Draw second moments such that the largest weight does not lead."""
    squares = [one**2 for one in given["weights"]]
    energies = [source.uniform(3, 20) for _ in squares]
    largest = squares.index(max(squares))
    leader = source.choice([place for place in range(len(squares)) if place != largest])
    energies[leader] = 1.3 * max(energies)
    return [round(one / square, 3) for one, square in zip(energies, squares, strict=True)]


def _chances(source, count):
    """Draw chances that add up to one, no two of them equal."""
    parts = source.sample(range(2, 12), count)
    first = [round(one / sum(parts), 2) for one in parts[:-1]]
    return [*first, round(1 - sum(first), 2)]


def _symmetric(source, size):
    root = [[source.randint(-2, 2) for _ in range(size)] for _ in range(size)]
    half = torch.tensor(root, dtype=torch.float64) / 2 + torch.eye(size, dtype=torch.float64)
    return half @ half.T


def which_first(
    solved,
    weights=drawn(_weights),
    moments=drawn(_moments),
    chances=drawn(lambda source, _: _chances(source, 2)),
):
    r"""Answer for **any** numbers: the map is the diagonal matrix of `weights`, three or more,
    which may be negative and of which no two have the same absolute value; `moments` lists as many
    second moments, and `chances` is $p_1, p_2$, both positive. There are two columns as before.
    Return the same four numbers in the same order; for the fourth the one column is that of the
    largest singular value of the **map** itself, not of a fitted product.
    """
    energies = [one**2 * moment for one, moment in zip(weights, moments, strict=True)]
    falling = sorted(energies, reverse=True)
    one, two = sum(falling[1:]), sum(falling[2:])
    largest = max(range(len(weights)), key=lambda place: abs(weights[place]))
    by_weights = sum(energies) - energies[largest]
    return one, two, chances[0] * one + chances[1] * two, by_weights


def mean_over_cuts(
    solved,
    left=numbers(3, 3),
    right=numbers(4, 3),
    target=numbers(3, 4),
    chances=drawn(lambda source, _: torch.tensor(_chances(source, 3), dtype=torch.float64)),
    moments=drawn(lambda source, _: _symmetric(source, 4)),
):
    r"""The inputs have the second moments `moments`, a symmetric and positive definite matrix
    (input, input) **in place of 1**. Return three numbers: $L$, what it becomes if each column is
    dropped **by itself**, independently of the others, and is kept with the same chance as before,
    and the factor by which `left` has to be multiplied so that $L$ is as small as such a factor
    makes it.
    """
    kept = chances.flip(0).cumsum(0).flip(0)
    whole = (target @ moments * target).sum()
    crossed = (left * (target @ moments @ right) * kept).sum()
    products = (left.T @ left) * (right.T @ moments @ right)
    ordered = (products * torch.minimum(kept[:, None], kept)).sum()
    own = kept[:, None] * kept
    alone = (products * (own - own.diag().diag() + kept.diag())).sum()
    with_cuts, by_itself = whole - 2 * crossed + ordered, whole - 2 * crossed + alone
    return torch.stack([with_cuts, by_itself, crossed / ordered])


def window(
    solved,
    kept=uniform(0.15, 0.85),
    noise=uniform(0.1, 0.4, 2),
    signal=uniform(0.8, 1.6, 2),
    value=drawn(lambda source, given: round(given["signal"] * source.uniform(1.1, 2.5), 2)),
):
    r"""Answer for **any** chance $q$ that the pair is kept, `kept`. Noise makes singular values up
    to `noise`, the signal has `signal` or more. Return the two ends of the window, and as the third
    number the least share that is left anywhere in it of a **largest** singular value `value`,
    which is above `signal`.
    """
    lower, upper = (kept * (2 * size / 3) ** 1.5 for size in (noise, signal))
    # The largest root of t^3 - value t + upper / (2 kept), by the cosine of a third of an angle.
    edge = 3 * upper / (4 * kept * value) * math.sqrt(3 / value)
    root = 2 * math.sqrt(value / 3) * math.cos(math.acos(-edge) / 3)
    return lower, upper, root**2 / value


PRINTED = {
    "which_first": {"weights": [2, 3, 1], "moments": [4, 1, 1], "chances": [0.5, 0.5]},
    "window": {"kept": 1.0, "noise": 0.2, "signal": 1.2, "value": 1.2},
}
