"""A residual network of nine layers classifies colour images of 32 × 32 pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from runtheory import checks
from runtheory.boundary import checked
from runtheory.nets.classifier import Classifier
from runtheory.nets.initialisation import build
from runtheory.nets.linear import linear_head


class Residual(nn.Module):
    """Add the output of ``inner`` to its input."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, maps: Tensor) -> Tensor:
        """Return ``maps + inner(maps)``."""
        sums: Tensor = maps + self.inner(maps)
        return sums


@checked
def residual_net(
    *,
    generator: torch.Generator,
    channels: int = 3,
    classes: int = 10,
    width: int = 64,
    hidden: int = 0,
) -> Classifier:
    """Return a nine-layer residual network of widths ``width`` × 1, 2, 4, 8.

    A first convolution, then three stages of convolution and 2 × 2 maximum, the first and the
    third followed by a residual block of two convolutions; every convolution is 3 × 3 with batch
    normalisation and ReLU. The features are the means of the last maps, 8 · ``width`` of them
    whatever the image size (at least 8 × 8). ``hidden=0``, the default, makes the head linear, as
    neural collapse is stated for.

    Raises
    ------
    ValueError
        If a size is not positive or there are fewer than two classes.

    Examples
    --------
    >>> import torch
    >>> from runtheory.nets import residual_net
    >>> net = residual_net(generator=torch.Generator().manual_seed(0), width=4)
    >>> net(torch.rand(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    checks.at_least(1, channels=channels, width=width)

    def construct() -> Classifier:
        body = nn.Sequential(
            _convolution(channels, width),  # side 32
            _convolution(width, 2 * width, pool=True),  # 16
            _block(2 * width),
            _convolution(2 * width, 4 * width, pool=True),  # 8
            _convolution(4 * width, 8 * width, pool=True),  # 4
            _block(8 * width),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        return Classifier(body, linear_head(8 * width, classes, hidden=hidden))

    return build(construct, generator)


def _convolution(before: int, after: int, *, pool: bool = False) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(after),
    ]
    # A maximum commutes with ReLU: pooling first leaves a quarter of the values to rectify.
    layers += [nn.MaxPool2d(2)] if pool else []
    return nn.Sequential(*layers, nn.ReLU())


def _block(width: int) -> Residual:
    return Residual(nn.Sequential(_convolution(width, width), _convolution(width, width)))
