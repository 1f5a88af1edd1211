"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from math import log, sqrt

from runtheory.information.certificates.pac_bayes import kl_bound
from runtheory.information.ladder.binary_gaussian import (
    GaussianMeanModel,
    representation_information,
)
from runtheory.information.measures.divergences import binary_divergence


def coins() -> float:
    """Return the divergence of a coin of chance 0.1 from one of chance 0.4, in nats."""
    return float(binary_divergence(0.1, 0.4))


def other_way() -> float:
    """Return it the other way round."""
    return float(binary_divergence(0.4, 0.1))


def in_bits() -> float:
    """Return it in bits."""
    return coins() / log(2)


def largest_gap() -> float:
    """Return the largest gap that 0.005 nats about each example allow, for a loss in [0, 1]."""
    return sqrt(0.005 / 2)


def scale_forgotten() -> float:
    """Return it for a loss that is 1-sub-Gaussian."""
    return sqrt(2 * 0.005)


def information_of_a_layer() -> float:
    """Return what a fixed layer of rank 8 holds of one of 25 examples of 60 dimensions, in nats."""
    return representation_information(GaussianMeanModel(60, 25, 1.0), 8)


def all_dimensions() -> float:
    """Return what all dimensions hold."""
    return representation_information(GaussianMeanModel(60, 25, 1.0), 60)


def left_by_dropout() -> float:
    """Return the share of a divergence that dropout at rate 0.3 leaves in the worst case, d = 3."""
    return 1 - 0.3**3


def independent() -> float:
    """Return the share for independent coordinates."""
    return 1 - 0.3


def kept() -> float:
    """Return the chance that all three coordinates are kept."""
    return 0.7**3


def certificate() -> float:
    """Return the certificate of 2 per cent training errors, 12 nats, 1,000 examples."""
    return float(kl_bound(0.02, 12.0, samples=1000, delta=0.05))


def unpaid() -> float:
    """Return it if the divergence from the prior were not paid for."""
    return float(kl_bound(0.02, 0.0, samples=1000, delta=0.05))
