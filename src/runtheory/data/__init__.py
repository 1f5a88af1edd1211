"""Data: embedded, generated and downloadable sets, whole on the device (appendix on data)."""

from __future__ import annotations

from runtheory.data.batching import batches
from runtheory.data.errors import DataError
from runtheory.data.image_set import (
    ChannelStatistics,
    ImageSet,
    assemble,
    normalise,
    normalise_pixels,
    subset,
)
from runtheory.data.loading import fetch, load, names
from runtheory.data.synthetic import (
    BinaryGaussian,
    FeatureNoise,
    binary_gaussian,
    feature_directions,
    feature_noise,
)

__all__ = [
    "BinaryGaussian",
    "ChannelStatistics",
    "DataError",
    "FeatureNoise",
    "ImageSet",
    "assemble",
    "batches",
    "binary_gaussian",
    "digits",
    "feature_directions",
    "feature_noise",
    "fetch",
    "load",
    "names",
    "normalise",
    "normalise_pixels",
    "subset",
]


def digits() -> ImageSet:
    """Return ``load("digits")``: scikit-learn's 8 x 8 digits, 1437 to train and 360 to test."""
    return load("digits")
