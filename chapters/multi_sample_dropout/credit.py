"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import torch

from tools.credit import numbers, one_of, uniform, whole


def mask_moments(solved, kept=uniform(0.1, 0.9)):
    """The chance to be **kept** is given. Return the variance first, then the second moment."""
    mean, variance = solved(1 - kept)
    return variance, variance + mean**2


def multi_sample_loss(solved, logits=numbers(4, 3, 3), labels=one_of([0, 2, 1, 1], [2, 0, 0, 1])):
    """The logits have the shape (**batch, sample**, class); labels are a list. Return **bits**."""
    return solved(logits.transpose(0, 1), torch.tensor(labels)) / math.log(2)


def enough_masks(solved, ceiling=uniform(3.01, 9), excess=one_of(0.13, 0.17, 0.23, 0.29)):
    r"""Only the **ceiling** is given, $1 + V_{\mathrm{mask}}/V_{\mathrm{data}}$."""
    return solved(1.0, ceiling - 1, excess)


def best_masks(
    solved,
    data_variance=uniform(0.5, 2),
    mask_variance=uniform(1, 5),
    body=uniform(3, 60),
    head=uniform(0.5, 2),
    most=whole(2, 6),
):
    """Memory allows **at most** `most` masks. Return the best number of them, **and** the factor by
    which one mask has the larger price (cost times variance) than this number.
    """
    best = min(most, solved(data_variance, mask_variance, body, head))

    def price(samples):
        return (body + samples * head) * (data_variance + mask_variance / samples)

    return best, price(1) / price(best)


def equivalent_rate(solved, target=uniform(0.05, 0.3), copies=whole(2, 9)):
    """The other way round: the ordinary dropout has the rate `target`. Return the rate of each of
    the `copies` whose averaged logits have the same mean and variance.
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
    """The chance to be **kept** is given. Return the **predictions** at the inputs."""
    return inputs @ solved(inputs, targets, 1 - kept)


def price_of_sharing(
    solved,
    data_variance=uniform(0.5, 3),
    main_variance=uniform(0.2, 2),
    interaction_variance=uniform(0.2, 2),
    batch=whole(8, 64),
    samples=whole(2, 8),
):
    r"""In place of $V_{\mathrm{mask}}$ its part $V_{\mathrm{mask}} - V_\xi$ is given, the
    interaction of mask and example. Return the factor alone.
    """
    mask_variance = main_variance + interaction_variance
    return solved(data_variance, mask_variance, main_variance, batch, samples)[1]


def updates_needed(
    solved,
    start=uniform(2, 5),
    share=uniform(0.001, 0.003, 5),
    data=uniform(0.5, 3),
    mask=uniform(1, 6),
    batch=whole(2, 6),
    samples=whole(2, 6),
):
    """The goal is a **share** of the distance at the start. Return how many updates fewer it takes
    than with one mask for each example.
    """
    one, several = (solved(start, share * start, data, mask, batch, m) for m in (1, samples))
    return one - several
