"""Logits and activations of a whole set, in evaluation mode, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from runtheory import checks
from runtheory.boundary import checked
from runtheory.data.image_set import ChannelStatistics, ImageSet, normalise
from runtheory.evaluation.calibration import expected_calibration_error
from runtheory.evaluation.metrics import accuracy, brier_score, cross_entropy
from runtheory.modes import evaluating
from runtheory.nets import Activations, Classifier
from runtheory.shapes import AnyLabels, Logits, RawImages

Statistics = ImageSet | ChannelStatistics


@checked
def predict(
    net: nn.Module, images: RawImages, statistics: Statistics, *, batch_size: int = 1000
) -> Logits:
    """Return the logits of uint8 ``images``, normalised by ``statistics`` (an image set will do).

    Runs in evaluation mode without gradients, in the precision of the network's parameters and on
    the device of the images; the mode of every module is as before afterwards, even after an error.

    Raises
    ------
    ValueError
        If there are no images, they are not uint8 or not of shape (batch, channel, height, width),
        ``batch_size`` is not positive, or the statistics are those of another number of channels or
        of a constant channel.

    Examples
    --------
    >>> import torch
    >>> from runtheory.data import load
    >>> from runtheory.evaluation import accuracy, predict
    >>> from runtheory.nets import perceptron
    >>> digits = load("digits")
    >>> net = perceptron(inputs=64, classes=10, generator=torch.Generator())
    >>> logits = predict(net, digits.test_images, digits)
    >>> logits.shape
    torch.Size([360, 10])
    """
    with _batches(net, images, statistics, batch_size=batch_size) as batches:
        return torch.cat([net(batch) for batch in batches])


@checked
def activations(
    net: Classifier, images: RawImages, statistics: Statistics, *, batch_size: int = 1000
) -> Activations:
    """Return what ``net.activations`` gives for all uint8 images; runs and raises as ``predict``.

    The logits are those of ``predict`` for the same ``batch_size``.
    """
    with _batches(net, images, statistics, batch_size=batch_size) as batches:
        parts = [net.activations(batch) for batch in batches]
    layers = zip(*(part.hidden for part in parts), strict=True)
    return Activations(
        hidden=tuple(torch.cat(layer) for layer in layers),
        features=torch.cat([part.features for part in parts]),
        logits=torch.cat([part.logits for part in parts]),
    )


@checked
def score_network(
    net: nn.Module,
    images: RawImages,
    *,
    labels: AnyLabels,
    statistics: Statistics,
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
        "calibration_error": expected_calibration_error(logits, labels).item(),
    }


@contextmanager
def _batches(
    net: nn.Module, images: Tensor, statistics: Statistics, *, batch_size: int
) -> Iterator[Iterator[Tensor]]:
    """Yield the normalised batches, with ``net`` in evaluation mode and without gradients."""
    if images.dtype != torch.uint8 or len(images) == 0:
        raise ValueError(
            f"a prediction needs at least one uint8 image, got {len(images)} of {images.dtype}"
        )
    checks.at_least(1, batch_size=batch_size)
    with evaluating(net), torch.no_grad():
        split = torch.split(images, batch_size)
        yield (normalise(batch, statistics, dtype=_precision(net)) for batch in split)


def _precision(net: nn.Module) -> torch.dtype:
    """Return the type of the network's first floating-point parameter, float32 without one."""
    kinds = (parameter.dtype for parameter in net.parameters())
    return next((kind for kind in kinds if kind.is_floating_point), torch.float32)
