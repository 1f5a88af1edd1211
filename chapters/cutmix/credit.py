"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import beta

from tools.credit import drawn, one_of, uniform, whole


def what_is_left(solved, side=uniform(0.35, 1)):
    """Return the **variances** in place of the means: that of the visible length along one axis
    first, then that of the visible area.
    """
    length, area = solved(side)
    # Whole with probability 1 - r; else uniform on [r / 2, r), whose mean square is 7 r^2 / 12.
    square = (1 - side) * side**2 + side * (7 * side**2 / 12)
    return square - length**2, square**2 - area**2


def mean_pasted_area(solved, first=uniform(0.3, 1.2), second=uniform(1.5, 5)):
    r"""Now $\lambda \sim \mathrm{Beta}(a, b)$ with **two parameters**, `first` $= a$ and `second`
    $= b$. Return the mean area that is **cut off** at the border, that is $r^2$ less the pasted
    area. A $\mathrm{Beta}(a, b)$ variable $u$ has
    $\mathrm{E}[u^k] = \mathrm{B}(a + k, b)/\mathrm{B}(a, b)$.
    """

    def moment(power):  # of 1 - lambda, whose parameters are exchanged
        return beta(second + power, first) / beta(second, first)

    return moment(1.5) / 2 - moment(2) / 16


def _boxes(source, _):
    """Draw three boxes: one leaves the image below, one at the right, one is empty."""
    low = [3, source.randint(0, 2), source.randint(3, 4), source.randint(1, 3)]
    right = [source.randint(0, 1), source.randint(3, 4), source.randint(1, 3), source.randint(4, 5)]
    empty = source.choice([[1, 1, 0, 2], [2, 0, 2, 0]])
    return source.sample([low, right, empty], 3)


def box_mask(solved, edges=drawn(_boxes), height=whole(4, 5), width=whole(5, 6)):
    """A row of `edges` (a list of lists) holds **top, left, the height and the width** of a box,
    and what leaves the image at the bottom or at the right **comes in again** at the opposite side.
    No box is higher or wider than the image, and one without height or width is empty. Return the
    mask as it is asked for above.
    """
    top, left, high, wide = torch.tensor(edges)[:, :, None].unbind(1)
    vertical = (torch.arange(height) - top) % height < high
    horizontal = (torch.arange(width) - left) % width < wide
    return vertical[:, :, None] & horizontal[:, None, :]


def _mask(source, earlier):
    """Draw a mask of three images of 2 by 3 pixels; a second one meets the first."""
    drawing = True
    while drawing:
        mask = [[[source.randint(0, 1) for _ in range(3)] for _ in range(2)] for _ in range(3)]
        shares = [sum(map(sum, one)) for one in mask]
        met = torch.tensor(mask) & torch.tensor(earlier.get("mask", mask))
        drawing = not all(1 <= share <= 5 for share in shares) or met.sum((1, 2)).min() < 1
    return mask


def mixed_labels(
    solved,
    mask=drawn(_mask),
    over=drawn(_mask),
    labels=one_of([0, 2, 1], [2, 2, 1], [1, 0, 0], [3, 1, 0]),
    partner=one_of([1, 2, 0], [2, 0, 1], [2, 1, 0], [1, 0, 2]),
    other=one_of([1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 2, 1]),
    classes=whole(4, 5),
):
    """**Two** partners are pasted into each image, both unmixed: first the image whose index is in
    `partner`, where `mask` is one, then, **on top of it**, that of `other`, where `over` is one.
    Return the soft labels by the shares of the pixels that are seen in the end; masks are nested
    lists of zeros and ones, labels and indices are lists.
    """
    rows = torch.nn.functional.one_hot(torch.tensor(labels), classes).double()
    over = torch.tensor(over).double()
    above = over.mean((1, 2))[:, None]
    below = (torch.tensor(mask) * (1 - over)).mean((1, 2))[:, None]
    return (1 - above - below) * rows + below * rows[partner] + above * rows[other]


def _point(source, _):
    """Draw a point near the border of one axis."""
    low = round(source.uniform(0.02, 0.15), 3)
    return [source.choice((low, round(1 - low, 3))), round(source.uniform(0.4, 0.6), 3)]


def _near(source, earlier):
    """Draw a point so near that a box can cover both, now and then one so far that none can."""
    far = source.choice([(0.03, 0.15), (0.03, 0.15), (0.8, 0.83)])
    shifts = source.uniform(*far), source.uniform(0.12, 0.35)
    places = zip(earlier["first"], shifts, strict=True)
    return [round(t + (by if t < 0.5 else -by), 3) for t, by in places]


def coverage(
    solved,
    first=drawn(_point),
    second=drawn(_near),
    side=drawn(
        lambda source, earlier: round(
            source.uniform(0.4, 0.7)
            if abs(earlier["first"][0] - earlier["second"][0]) > 0.5
            else source.uniform(0.61, 0.95),
            3,
        )
    ),
):
    """Given are **two points**, `first` and `second`, each a list $[t_1, t_2]$. Return the
    probability that the box covers the first one **and not** the second.
    """

    def both(here, there):  # centres of a side that covers two places of one axis
        low, high = min(here, there), max(here, there)
        return max(0, min(1, low + side / 2) - max(0, high - side / 2))

    return solved(*first, side) - both(first[0], second[0]) * both(first[1], second[1])


def own_weight(
    solved,
    probability=uniform(0.3, 1),
    area=uniform(0.2, 0.5),
    counts=drawn(lambda source, _: [source.randint(*one) for one in ((1, 3), (4, 7), (8, 20))]),
):
    """The classes are **not of one size**: `counts` lists how many images of each class the batch
    has. Return the average weight that their own class keeps, over all **images** of the batch.
    """
    batch = sum(counts)
    same = sum(count * (count - 1) for count in counts) / (batch * (batch - 1))
    return 1 - probability * area * (1 - same)


def two_kernels(solved, alpha=uniform(0.2, 4), mixed=uniform(0.3, 0.9), boxes=uniform(0.2, 0.8)):
    r"""An image is **mixed with the probability** `mixed` only, else the partner's weight is zero.
    If it is mixed, then by CutMix with the probability `boxes` and by Mixup otherwise, both at the
    same $\alpha$. Return the second-order weight of this mixture with both pixels at the centre of
    the image, and then the **variance** of the partner's weight there, unmixed images included.
    """
    mixup, cutmix = solved(alpha)
    square = mixed * (boxes * cutmix + (1 - boxes) * mixup)
    return square, square - (mixed / 2) ** 2  # under both methods the mean weight is one half


def _excess(source, earlier):
    """Draw an excess at which the limit of the group's size is far from a whole number."""
    limit = source.randint(3, 40) + source.uniform(0.2, 0.8)
    between, within = earlier["between"], earlier["within"]
    return round((limit - 1) * between / (between + within), 6)


def largest_batch(
    solved,
    between=uniform(0.5, 2),
    within=uniform(20, 300),
    excess=drawn(_excess),
    batch=one_of(48, 60, 64, 72, 80, 90, 96, 120),
):
    r"""A batch of `batch` images is cut into **groups of one size**: each group shares a box, and
    different groups have boxes of their own; `between` is $V_b$, `within` $V_w$, `excess`
    $\varepsilon$. Return the largest size of a group (a divisor of `batch`) at which the variance
    of the gradient is at most $1 + \varepsilon$ times that of own boxes for all images, and then
    the factor by which it is larger at this size.
    """
    # With groups of G the variance is (G V_b + V_w) / B: the limit of G is that of one batch.
    most = solved(between, within, excess)
    group = max(size for size in range(1, min(most, batch) + 1) if batch % size == 0)
    return group, (group * between + within) / (between + within)


def fitted_coefficient(
    solved,
    shares=drawn(lambda source, _: [one / 16 for one in source.sample((1, 2, 3, 5, 6, 9, 11), 3)]),
    pixels=one_of(16, 32, 48, 64),
    mean=uniform(0.2, 0.6),
    variance=uniform(1, 4),
    weight=uniform(0.1, 0.4),
):
    r"""The label does **not** follow the pixels: it is $w f(x') + (1 - w) f(x)$ for an image $x$
    into which a part of $x'$ is pasted, with the fixed $w$ = `weight` whatever the share is. Return
    the coefficient where this fit ends.
    """
    # The kept part covaries with the first label, the pasted part with the partner's.
    share = sum(shares) / len(shares)
    lost = weight * (1 - share) + (1 - weight) * share
    return 1 - lost * variance / (variance + pixels * mean**2)


def _accuracies(source, _):
    """Draw accuracies of four seeds and five classes."""
    return [[round(source.uniform(0.6, 0.95), 3) for _ in range(5)] for _ in range(4)]


def _paired(source, earlier):
    """Draw accuracies whose differences, summed over all seeds but one, are well apart."""
    gap = 0.0
    while gap < 0.002:
        plain = _accuracies(source, earlier)
        change = np.array(earlier["mixed"]) - np.array(plain)
        gap = np.diff(np.sort(change.sum(0) - change, axis=1), axis=1).min()
    return plain


def worst_by_others(solved, mixed=drawn(_accuracies), plain=drawn(_paired), count=whole(2, 3)):
    """The other seeds name not one class but the `count` worst ones, those with the lowest
    differences (with CutMix less without) on average. Return for each seed the **mean** of its own
    differences over these classes **less** the mean of its own differences over all classes.
    """
    change = np.array(mixed) - np.array(plain)
    others = change.sum(0) - change
    named = others.argsort(1)[:, :count]
    return np.take_along_axis(change, named, 1).mean(1) - change.mean(1)
