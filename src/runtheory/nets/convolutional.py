"""A small convolutional network trains in the labs, on one core."""

from __future__ import annotations

import torch
from torch import nn

from runtheory import checks
from runtheory.boundary import checked
from runtheory.nets.classifier import Classifier, feature_count
from runtheory.nets.initialisation import build
from runtheory.nets.linear import linear_head


@checked
def small_convnet(
    *,
    generator: torch.Generator,
    channels: int = 1,
    classes: int = 10,
    size: int = 28,
    width: int = 16,
    hidden: int = 128,
    pooled: bool = False,
) -> Classifier:
    """Return three stages convolution-normalisation-ReLU, a flat feature vector and a head.

    Each stage halves the side (kernel 4, stride 2, padding 1: 28 → 14 → 7 → 3) and its width is
    ``width`` × 1, 2, 4. The features are the flattened last map, 4 · ``width`` · ⌊size / 8⌋² of
    them: 576 for the default 28 × 28 and 1,024 for 32 × 32. Stages that stride cost about a
    quarter of stages that pool at the same number of features. ``hidden=0`` makes the head linear;
    ``pooled`` averages each last map over its places, so that there are 4 · ``width`` features for
    images of every size and, under a linear head, class activation maps.

    Raises
    ------
    ValueError
        If ``size`` is below 8, another size is not positive or there are fewer than two classes.

    Examples
    --------
    >>> import torch
    >>> from runtheory.nets import small_convnet
    >>> net = small_convnet(generator=torch.Generator().manual_seed(0), width=8)
    >>> net(torch.rand(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    checks.at_least(1, channels=channels, width=width)
    if size < 8:
        raise ValueError(f"three halvings need images of at least 8 × 8, got size {size}")

    def construct() -> Classifier:
        widths = (channels, width, 2 * width, 4 * width)
        stages = [_stage(widths[i], widths[i + 1]) for i in range(3)]  # sides 28, 14, 7, 3
        pool = [nn.AdaptiveAvgPool2d(1)] if pooled else []  # (batch, 4 width, 1, 1)
        body = nn.Sequential(*stages, *pool, nn.Flatten())
        features = feature_count(body, (channels, size, size))
        return Classifier(body, linear_head(features, classes, hidden=hidden))

    return build(construct, generator)


def _stage(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )
