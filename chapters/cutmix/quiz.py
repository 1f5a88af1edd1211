"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import numpy as np

from runtheory.mixing import laws


def visible_side() -> float:
    """Return the mean visible length, in pixels of 28, of a side of 0.8 of the image."""
    return 28 * float(laws.mean_length_given_side(np.array([0.8]))[0])


def whole_side() -> float:
    """Return the length as it was drawn."""
    return 28 * 0.8


def half_cut() -> float:
    """Return it if a quarter were cut off whatever the side, as is true of a side of 1."""
    return 28 * 0.8 * 0.75


def mean_share_of_large() -> float:
    """Return the mean pasted share of boxes that should replace everything."""
    return float(laws.mean_area_given_side(np.array([1.0]))[0])


def one_axis() -> float:
    """Return it along one axis."""
    return 0.75


def nominal() -> float:
    """Return what was meant to be pasted."""
    return 1.0


def smoothing() -> float:
    """Return the amount of smoothing at alpha = 1, applied to 60 per cent of the batches."""
    return laws.label_smoothing(0.6, 1.0)


def nominal_smoothing() -> float:
    """Return it if half of each mixed image were pasted."""
    return 0.3


def always() -> float:
    """Return it if every batch were mixed."""
    return laws.label_smoothing(1.0, 1.0)


def shared() -> float:
    """Return the variance of a batch of 64 under one box, at parts 0.5 and 96."""
    return laws.batch_mean_variance(0.5, 96.0, 64, shared=True)


def own() -> float:
    """Return it with a box for each image."""
    return laws.batch_mean_variance(0.5, 96.0, 64, shared=False)
