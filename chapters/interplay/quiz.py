"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from math import log

import numpy as np

from runtheory.interplay.collapsed_classes import label_information
from runtheory.interplay.free_dropout import dropout_frame
from runtheory.interplay.pair_bound import pair_bound
from runtheory.interplay.sources import SourceVariance

SOURCES = SourceVariance(data=20.0, mixing=40.0, mask=96.0)
COUNTS = {"pairs": 200, "gained": 36, "lost": 12}


def eight_masks() -> float:
    """Return the variance of a batch of 50 under eight masks."""
    return SOURCES.of_batch(50, samples=8)


def mixing_divided() -> float:
    """Return it if the masks divided what mixing adds."""
    return (20 + 40 / 8 + 96 / 8) / 50


def one_mask() -> float:
    """Return it under one mask."""
    return SOURCES.of_batch(50, samples=1)


def shrunk() -> float:
    """Return the factor by which dropout at 0.4 shrinks scores: 8 classes, 48 features, no bias."""
    given = {"classes": 8, "per_class": 25, "width": 48, "decay": (1e-4, 1e-4)}
    return dropout_frame(**given, rate=0.4).value / dropout_frame(**given, rate=0.0).value


def kept_share() -> float:
    """Return the share of features that are kept."""
    return 0.6


def width_forgotten() -> float:
    """Return the factor without the width of the layer."""
    return 1 / (1 + 0.4 / 0.6 * 8)


def label_left() -> float:
    """Return the share of a label that dropout at 0.4 leaves: two classes, three coordinates."""
    return label_information(np.array([[0.0] * 3, [1.0] * 3]), rate=0.4) / log(2)


def of_one_coordinate() -> float:
    """Return the share that a single coordinate leaves."""
    return 0.6


def bound() -> float:
    """Return the bound from 200 pairs, 36 held-out and 12 trained copies alone wrong."""
    return pair_bound(COUNTS).bound


def gap() -> float:
    """Return the gap of these pairs."""
    return pair_bound(COUNTS).gap
