"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.special import ndtr

from runtheory.information.measures.divergences import kl_inverse
from tools.credit import drawn, numbers, one_of, uniform, whole


def one_example(
    solved,
    dimension=whole(2, 80),
    count=whole(10, 60),
    several=drawn(lambda source, given: source.randint(2, given["count"] // 2)),
    length=uniform(1.3, 4),
):
    r"""There are `count` $= n$ vectors in `dimension` $= d$ dimensions. Return first what the
    weights hold of the first $k =$ `several` $< n$ examples **together** (the covariance is
    invertible), $I(W; Z_1, \dots, Z_k)$ in
    nats, and second the bound from one example at a time for a loss with values in an interval of
    **length** `length`.
    """
    together = dimension / 2 * math.log(count / (count - several))
    return together, length * solved(dimension, count)[1]


def _covariance(source, _):
    """Draw three by three entries of two decimals."""
    root = torch.tensor([[source.randint(-9, 9) / 10 for _ in range(3)] for _ in range(3)])
    square = (root @ root.T + 0.3 * torch.eye(3)).tolist()
    return torch.tensor([[round(one, 2) for one in row] for row in square], dtype=torch.float64)


def normal_divergence(
    solved,
    mean=numbers(3),
    covariance=drawn(_covariance),
    other_mean=numbers(3),
    other_covariance=drawn(_covariance),
    layer=numbers(2, 3),
    deviation=uniform(0.3, 1.5),
):
    r"""Vectors of either law now pass through a **layer with noise**, $x \mapsto Cx + s\xi$, where
    $C$ is the matrix `layer`, $s$ is `deviation` and $\xi \sim \mathcal N(0, I)$ is independent of
    $x$. Return the **share** of the divergence that is left behind the layer: the divergence of the
    two laws of its output, divided by that of the two laws of its input.
    """

    def behind(mean, covariance):
        noise = deviation**2 * torch.eye(len(layer), dtype=layer.dtype)
        return layer @ mean, layer @ covariance @ layer.T + noise

    first, second = (mean, covariance), (other_mean, other_covariance)
    return solved(*behind(*first), *behind(*second)) / solved(*first, *second)


def inverse_kl(
    solved,
    p=uniform(0.05, 0.8),
    budget=drawn(
        lambda source, given: round(
            -math.log(1 - given["p"]) * source.choice([0.2, 0.5, 0.8, 1.3]), 4
        )
    ),
):
    r"""The other way round: the **true** error $p$, $0 < p < 1$, is given, and the budget $c$.
    Return the smallest and then the largest **training** error $q \in [0, 1]$ with
    $\mathrm{kl}(q\|p) \le c$.
    """

    def divergence(q):
        first = q * math.log(q / p) if q > 0 else 0.0
        return first + ((1 - q) * math.log((1 - q) / (1 - p)) if q < 1 else 0.0)

    def farthest(end):
        # In the first argument the divergence is finite even at the ends.
        if divergence(end) <= budget:
            return end
        near, far = p, end
        for _ in range(100):
            middle = (near + far) / 2
            near, far = (middle, far) if divergence(middle) <= budget else (near, middle)
        return near

    return farthest(0.0), farthest(1.0)


def _signs(source, given):
    """Draw the sign that the weights give, wrong for one example in ten."""
    right = np.sign(given["inputs"] @ given["weights"])
    wrong = np.array([source.random() < 0.1 for _ in right])
    return np.where(wrong, -right, right)


def _shares(source, given):
    """Draw shares of one hundred parts."""
    cuts = sorted(source.sample(range(1, 100), len(given["scales"]) - 1))
    return [(high - low) / 100 for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]


def certificate(
    solved,
    weights=drawn(lambda source, _: np.array([round(source.uniform(0.5, 2), 2) for _ in "12"])),
    prior=drawn(
        lambda source, given: np.round(
            given["weights"] * [source.uniform(0.2, 0.8) for _ in "12"], 2
        )
    ),
    inputs=drawn(
        lambda source, _: np.array([[round(source.gauss(), 2) for _ in "12"] for _ in range(14)])
    ),
    signs=drawn(_signs),
    scales=one_of([0.3, 0.7, 2.0], [0.25, 0.5, 1.0, 2.5], [0.4, 0.9, 2.2]),
    delta=one_of(0.02, 0.05, 0.1),
    shares=drawn(_shares),
):
    r"""Not all scales count alike: before the data, the scale `scales[j]` was promised the
    **share** `shares[j]` of $\delta$; the shares are positive and sum to one. Apply the theorem to
    each scale and its prior with its share, and return the least of the bounds; `prior` is $w_0$.
    """
    count, grid = len(inputs), np.array(scales)
    margins = signs * (inputs @ weights) / np.linalg.norm(inputs, axis=1)
    risks = ndtr(-grid[:, None] * margins).mean(1)
    complexity = grid**2 * ((weights - prior) ** 2).sum() / 2
    price = np.log(2 * math.sqrt(count) / (delta * np.array(shares)))
    return kl_inverse(risks, (complexity + price) / count).min()


def _slices(source, _):
    """Draw a table with two or three slices, in which some cells are never seen."""
    low, shape = -4, (source.randint(2, 3), source.randint(2, 3), source.randint(2, 4))
    table = [max(0, source.randint(low, 12)) for _ in range(math.prod(shape))]
    table = np.array(table).reshape(shape)
    table[:, 0, 0] += [source.randint(3, 9) for _ in range(shape[0])]  # every slice is seen
    return table


def counted_information(solved, counts=drawn(_slices)):
    r"""`counts` has **one axis more, the first**: `counts[c]` is the table of the pairs that were
    seen together with the value $c$ of a third quantity $C$. Return the plug-in information of row
    and column **given** $C$, the mean over the slices `counts[c]` of the informations of their
    tables, and the same minus the mean of their biases; in both means a slice has the weight of its
    share of all counts.
    """
    shares = counts.sum((1, 2)) / counts.sum()
    return shares @ np.array([solved(table) for table in counts])


def contractions(
    solved,
    rate=uniform(0.2, 0.8),
    second_rate=uniform(0.2, 0.8),
    bits=whole(2, 4),
    copies=whole(2, 3),
):
    r"""There are `bits` independent bits, which all have the same pair of laws, and each of them is
    given in `copies` **copies**: $d$ is `bits` times `copies`. The first layer has the rate `rate`,
    a second one behind it, which sees which coordinates the first has erased, the rate
    `second_rate`. Return the factor by which the first layer contracts the divergence, then that of
    the two in a row, then the factor of the two in a row in the **worst case** of all pairs of laws
    of $d$ coordinates.
    """
    erased = 1 - (1 - rate) * (1 - second_rate)
    return 1 - rate**copies, 1 - erased**copies, 1 - erased ** (bits * copies)


def _losses(source, _):
    """Draw losses of eight replicates and two pairs."""
    return np.array([[[int(source.random() < 0.45) for _ in "01"] for _ in "ab"] for _ in range(8)])


def _masks(source, given):
    """Draw which column was trained on, mostly the one with the smaller loss."""
    smaller = given["losses"].argmin(2)  # the first where they are equal
    return np.array([[int(one) ^ (source.random() < 0.2) for one in row] for row in smaller])


def error_and_information(solved, losses=drawn(_losses), masks=drawn(_masks)):
    r"""Return the **gap**, test error minus training error, then the mean over pairs of
    $I(L_{i0}; U_i)/\log 2$, for the **first column alone**, then that of
    $I\bigl((L_{i0}, L_{i1}); U_i\bigr)/\log 2$, for **both losses** of a pair, by the plug-in.
    """

    def bits(shown):
        found = []
        for symbols, marks in zip(shown.T, masks.T, strict=True):
            table = np.zeros((4, 2))
            np.add.at(table, (symbols, marks), 1 / len(marks))
            apart = np.outer(table.sum(1), table.sum(0))
            seen = table > 0
            found.append((table[seen] * np.log2(table[seen] / apart[seen])).sum())
        return np.mean(found)

    first, second = losses[:, :, 0], losses[:, :, 1]
    gap = (np.where(masks == 0, 1, -1) * (second - first)).mean()
    return gap, bits(first), bits(2 * first + second)


def iterate_and_sum(
    solved,
    dimension=whole(1, 20),
    samples=whole(3, 30),
    rates=drawn(
        lambda source, _: [round(source.uniform(0.1, 0.9), 2) for _ in range(source.randint(3, 5))]
    ),
    noises=drawn(
        lambda source, given: [round(source.uniform(0.1, 0.9), 2) for _ in given["rates"]]
    ),
):
    r"""Rate and noise **change from step to step**: step $t = 1, \dots, T$ has the learning rate
    $\gamma_t$, entry $t$ of the list `rates`, and adds noise of the deviation $\tau_t$, entry $t$
    of the list `noises`. With `dimension` $= d$, `samples` $= n$ and $\sigma = 1$ return the same
    two, in this order (the sum with the mean of the other examples as prediction, as there).
    """
    pull = spread = total = 0.0
    for rate, noise in zip(rates, noises, strict=True):
        pull = (1 - rate) * pull + rate
        spread = (1 - rate) ** 2 * spread + noise**2
        total += dimension * rate**2 / (2 * samples * (samples - 1) * noise**2)
    variance = pull**2 / samples + spread
    return -dimension / 2 * math.log1p(-((pull / samples) ** 2) / variance), total


def mean_rank(
    solved,
    rates=drawn(
        lambda source, _: [[round(source.uniform(0.1, 0.9), 2) for _ in "12"] for _ in "12"]
    ),
):
    r"""Each weight has **its own** chance to be dropped, still independently of the others:
    `rates[j][k]` that of the weight in row $j$ and column $k$. Return the mean rank **and the
    variance** of the rank.
    """
    (a, b), (c, d) = rates
    something = 1 - a * b * c * d
    matching = 1 - (1 - (1 - a) * (1 - d)) * (1 - (1 - b) * (1 - c))
    mean = something + matching
    # The rank is at least one with the first chance, and two with the second.
    return mean, something + 3 * matching - mean**2


def _entries(source, rows, columns):
    """Draw a matrix of whole numbers."""
    entries = [[float(source.randint(-3, 3)) for _ in range(columns)] for _ in range(rows)]
    return torch.tensor(entries, dtype=torch.float64)


def _second(source, _):
    """Draw a layer whose last row is its first, and its last column mostly a multiple of it."""
    matrix = _entries(source, 4, 3)
    if source.random() < 0.7:
        matrix[:, -1] = source.choice([-1, 2]) * matrix[:, 0]
    matrix[-1] = matrix[0]
    return matrix


def _third(source, _):
    """Draw a layer of rank two that mostly sees one number of the layer before."""
    matrix = _entries(source, 2, 4)
    if source.random() < 0.6:  # the rows differ where the second layer's first and last row do
        matrix[1] = matrix[0] + source.choice([-2, -1, 1]) * torch.tensor([1.0, 0.0, 0.0, -1.0])
    return matrix


def two_ladders(
    solved,
    first=drawn(lambda source, _: _entries(source, 3, 5)),
    second=drawn(_second),
    third=drawn(_third),
    place=one_of(1, 2),
    samples=whole(3, 40),
):
    r"""Three layers are given, each by its **own** matrix: $T_0 = X$, $T_1$ is `first` times $T_0$,
    $T_2$ is `second` times $T_1$ and $T_3$ is `third` times $T_2$. The weights are the mean, over
    the $n =$ `samples` examples, of what **one of the two middle layers** shows of them, $T_k$ with
    $k =$ `place`, one or two. The examples are independent and normal, with one invertible
    covariance. Return **one list** of four numbers: what $T_0, \dots, T_3$ of one
    of the examples carry of these weights, in nats.
    """
    ranks, product = [], torch.eye(first.shape[1], dtype=first.dtype)
    ranks.append(len(product))
    for layer in (first, second, third):
        product = layer @ product
        ranks.append(int(torch.linalg.matrix_rank(product)))
    unit = math.log(samples / (samples - 1)) / 2
    # Before layer k all that counts is determined there; behind it less may be left.
    return [unit * min(rank, ranks[place]) for rank in ranks]
