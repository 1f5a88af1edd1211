"""Logits of a whole set, in evaluation mode, batch by batch."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import nn

from runtheory.evaluation.metrics import accuracy, brier_score, calibration_error, cross_entropy
from runtheory.modes import evaluating
from runtheory.shapes import Images, Labels, Logits, RawImages


@runtime_checkable
class Statistics(Protocol):
    """Mean and standard deviation of each channel, as every image set of the book carries them."""

    @property
    def mean(self) -> tuple[float, ...]: ...

    @property
    def deviation(self) -> tuple[float, ...]: ...


def predict(
    net: nn.Module, images: RawImages, statistics: Statistics, *, batch_size: int = 1000
) -> Logits:
    """Return the logits of uint8 ``images``, normalised by ``statistics`` (an image set will do).

    Runs in evaluation mode without gradients, in the precision of the network's parameters and on
    the device of the images; the mode of every module is as before afterwards, even after an error.

    Raises
    ------
    ValueError
        If there are no images, they are not uint8, or ``batch_size`` is not positive.
    """
    if images.dtype != torch.uint8 or len(images) == 0:
        raise ValueError(
            f"predict needs at least one uint8 image, got {len(images)} of {images.dtype}"
        )
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    with evaluating(net), torch.no_grad():
        return torch.cat(
            [net(_normalise(batch, statistics)) for batch in torch.split(images, batch_size)]
        )


def measure(
    net: nn.Module,
    images: RawImages,
    labels: Labels,
    statistics: Statistics,
    *,
    batch_size: int = 1000,
) -> dict[str, float]:
    """Return accuracy, cross-entropy (nats), Brier score and calibration error (15 bins).

    The host waits for the device: this is what a training loop calls when a row is due.
    """
    logits = predict(net, images, statistics, batch_size=batch_size)
    return {
        "accuracy": accuracy(logits, labels).item(),
        "cross_entropy": cross_entropy(logits, labels).item(),
        "brier_score": brier_score(logits, labels).item(),
        "calibration_error": calibration_error(logits, labels).item(),
    }


def _normalise(images: RawImages, statistics: Statistics) -> Images:
    # The arithmetic of runtheory.data.normalise, which this package may not import; a test holds
    # the two equal bit for bit.
    mean, deviation = (
        torch.cat([torch.full((1, 1, 1), value, device=images.device) for value in values])
        for values in (statistics.mean, statistics.deviation)
    )
    return (images.to(torch.float32) - 255 * mean) / (255 * deviation)
