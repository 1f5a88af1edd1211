"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import torch

from tools.credit import drawn, numbers, one_of, uniform, whole


def mask_moments(solved, kept=uniform(0.1, 0.9)):
    """The chance to be **kept** is given. Return the variance first, then the second moment."""
    mean, variance = solved(1 - kept)
    return variance, variance + mean**2


def multi_sample_loss(solved, logits=numbers(4, 3, 3), labels=one_of([0, 2, 1, 1], [2, 0, 0, 1])):
    """The logits have the shape (**batch, sample**, class); labels are a list. Return **bits**."""
    return solved(logits.transpose(0, 1), torch.tensor(labels)) / math.log(2)


def _ceiling(source, earlier):
    """Draw a ceiling; some are reached by a whole number of masks exactly."""
    exact = earlier["excess"] in (0.125, 0.25)
    masks = source.randint(9, 40) if exact else source.randint(9, 40) + source.uniform(0.1, 0.9)
    return 1 + earlier["excess"] * masks if exact else round(1 + earlier["excess"] * masks, 3)


def enough_masks(solved, excess=one_of(0.125, 0.17, 0.23, 0.25), ceiling=drawn(_ceiling)):
    r"""Given are `excess`, which is $\varepsilon$, and of the variances only the **ceiling**
    $1 + V_{\mathrm{mask}}/V_{\mathrm{data}}$.
    """
    return solved(1.0, ceiling - 1, excess)


def _mask_variance(source, earlier):
    """Draw the variance for which rounding M* errs, or taking the next number, or the square."""
    lower = source.randint(1, 3)
    even = (lower * (lower + 1)) ** 0.5  # from here on, one more is better
    under, over = (lower + 0.05, even - 0.02), (even + 0.01, lower + 0.49)
    best = source.uniform(*source.choice([under, under, over, over, (0.3, 0.9)]))
    return round(best**2 * earlier["data_variance"] * earlier["head"] / earlier["body"], 6)


def best_masks(
    solved,
    data_variance=uniform(0.5, 2),
    body=uniform(3, 60),
    head=uniform(0.5, 2),
    mask_variance=drawn(_mask_variance),
    most=one_of(2, 6, 7, 1000),
):
    """Memory allows **at most** `most` masks. Return the best number of them, **and** the price of
    one mask divided by the price at this number, where the price is the cost of an example times
    its variance.
    """
    best = min(most, solved(data_variance, mask_variance, body, head))

    def price(samples):
        return (body + samples * head) * (data_variance + mask_variance / samples)

    return best, price(1) / price(best)


def equivalent_rate(solved, target=uniform(0.05, 0.3), copies=whole(2, 9)):
    """The other way round: the ordinary dropout has the rate `target`. `copies` is the number of
    copies; return the dropout rate that each copy must have, so that their averaged logits have the
    same mean and variance.
    """
    variance = copies * target / (1 - target)
    return variance / (1 + variance)


def two_differences(solved, first=uniform(-4, 4), second=uniform(-4, 4)):
    """Both differences are given. Return by how many **bits** averaging the logits costs more than
    averaging the probabilities: a negative number where it costs less.
    """
    by_logits = math.log1p(math.exp(-(first + second) / 2))
    mean = (1 / (1 + math.exp(-first)) + 1 / (1 + math.exp(-second))) / 2
    return (by_logits + math.log(mean)) / math.log(2)


def dropout_regression(solved, inputs=numbers(6, 2), targets=numbers(6), kept=uniform(0.3, 0.9)):
    """The chance to be **kept** is given. Return the **predictions** at the inputs by these
    weights, without dropout.
    """
    return inputs @ solved(inputs, targets, 1 - kept)


def price_of_sharing(
    solved,
    data_variance=uniform(0.5, 3),
    main_variance=uniform(0.2, 2),
    interaction_variance=uniform(0.2, 2),
    batch=whole(8, 64),
    samples=whole(2, 8),
):
    r"""$V_{\mathrm{mask}}$ is not given, but its two parts: `main_variance` is $V_\xi$, and
    `interaction_variance` is $V_{\mathrm{mask}} - V_\xi$, the interaction of mask and example.
    Return only the factor by which sharing raises the variance, for `batch` $= B$ and `samples`
    $= M$.
    """
    mask_variance = main_variance + interaction_variance
    return solved(data_variance, mask_variance, main_variance, batch, samples)[1]


def updates_needed(
    solved,
    start=uniform(0.02, 0.08),
    share=uniform(0.1, 0.5),
    data=uniform(0.5, 3),
    mask=uniform(1, 6),
    batch=whole(2, 6),
    samples=whole(2, 6),
):
    r"""`start` is the mean **squared** distance at the start, and the goal is `share` **times**
    that. `data` is $V_{\mathrm{data}}$ and `mask` is $V_{\mathrm{mask}}$. Return **two** numbers:
    how many updates are needed with one mask for each example, and how many with `samples` masks;
    both are whole, rounded up.
    """
    return [solved(start, share * start, data, mask, batch, count) for count in (1, samples)]
