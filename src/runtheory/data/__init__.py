"""Data sets come embedded, generated or downloaded, and lie whole on the device (appendix)."""

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
    FeatureNoise,
    GaussianDraws,
    binary_gaussian,
    feature_directions,
    feature_noise,
)

__all__ = [
    "ChannelStatistics",
    "DataError",
    "FeatureNoise",
    "GaussianDraws",
    "ImageSet",
    "assemble",
    "batches",
    "binary_gaussian",
    "feature_directions",
    "feature_noise",
    "fetch",
    "load",
    "names",
    "normalise",
    "normalise_pixels",
    "subset",
]
