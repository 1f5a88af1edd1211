"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

from tools.credit import drawn, numbers, uniform

PRINTED = {"one_axis": {"eigenvalues": [5, 2, 0.5], "noise": 1, "prior": 4, "axes": [10]}}


def _spectrum(source, _):
    """Draw six eigenvalues in falling order, at least 0.4 apart."""
    tenths = sorted(source.sample(range(1, 20), 6), reverse=True)
    return [round(0.4 * one + source.choice([0.03, 0.07]), 2) for one in tenths]


def _between(source, earlier):
    """Draw a noise that is halfway between two eigenvalues, or below all."""
    ends = [*earlier["eigenvalues"], 0.0]
    upper = source.randrange(1, 6)
    return round((ends[upper] + ends[upper + 1]) / 2, 3)


def _fewer_and_more(source, earlier):
    """Draw two numbers of axes, one below and one above the number of eigenvalues above noise."""
    above = sum(one > earlier["noise"] for one in earlier["eigenvalues"])
    counts = [source.randint(1, above - 1), source.randint(above + 1, 9)]
    source.shuffle(counts)
    return counts


def one_axis(
    solved,
    eigenvalues=drawn(_spectrum),
    noise=drawn(_between),
    prior=uniform(1.5, 6, 2),
    axes=drawn(_fewer_and_more),
):
    """Now for **any** eigenvalues (a list in falling order, the first above the noise), **any**
    variance `noise` of the decoder's noise, and any prior variance `prior` that all axes have;
    `axes` is a **list** of numbers of axes that the code may have. Return one list: the number of
    relevant axes for each number in `axes`, in its order, and then the other four numbers.
    """
    relevant = [sum(one > noise for one in eigenvalues[:count]) for count in axes]
    largest = eigenvalues[0]
    relevance = largest - noise
    shrunk = prior * (1 - noise / largest)
    return [*relevant, relevance, relevance / prior, prior * noise / largest, shrunk]


def price(
    solved,
    decoder=numbers(4, 3),
    noise=uniform(0.2, 0.9),
    prior=numbers(3, low=1.2, high=5),
):
    r"""`decoder` is $W$ and `noise` is $s^2$, and the prior variances are **not one**: the tensor
    `prior` has the variance $\sigma_l^2$ of each axis. Return by how many **bits** for an example
    the bound with the best diagonal code is below the log-likelihood.
    """
    return solved(decoder * prior.sqrt(), noise) / math.log(2)
