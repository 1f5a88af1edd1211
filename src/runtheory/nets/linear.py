"""Fully connected layers make the head that every network shares, and the perceptron."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from runtheory import checks
from runtheory.boundary import checked
from runtheory.nets.classifier import Classifier
from runtheory.nets.initialisation import build


@checked
def linear_head(features: int, classes: int, *, hidden: int = 0) -> nn.Sequential:
    """Return Linear-ReLU-Linear from ``features`` to ``classes``, or one Linear if ``hidden`` is 0.

    The weights are whatever PyTorch draws (none on the meta device); :func:`build` fills them.

    Raises
    ------
    ValueError
        If ``features`` is not positive, ``hidden`` is negative or there are fewer than two classes.
    """
    checks.at_least(1, features=features)
    if classes < 2:
        raise ValueError(f"a classifier needs at least 2 classes, got {classes}")
    if hidden < 0:
        raise ValueError(f"hidden must be 0 (a linear head) or a width, got {hidden}")
    if hidden == 0:
        return nn.Sequential(nn.Linear(features, classes))
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, classes))


@checked
def perceptron(
    *,
    inputs: int,
    classes: int,
    widths: tuple[int, ...] = (256,),
    hidden: int = 0,
    activation: Callable[[], nn.Module] = nn.ReLU,
    normalised: bool = False,
    generator: torch.Generator,
) -> Classifier:
    """Return a multilayer perceptron: flatten, Linear and ``activation`` for each width, the head.

    ``inputs`` is the number of values of one example (784 for 28 × 28 grey images). The features
    are the last hidden layer; with ``widths=()`` they are the inputs and, with ``hidden=0``, the
    network is a linear classifier. ``normalised`` puts a batch normalisation before each activation
    of the body.

    Raises
    ------
    ValueError
        If a size is not positive, ``hidden`` is negative or there are fewer than two classes.

    Examples
    --------
    >>> import torch
    >>> from runtheory.nets import perceptron
    >>> net = perceptron(inputs=64, classes=10, widths=(32,), generator=torch.Generator())
    >>> net(torch.rand(5, 1, 8, 8)).shape, net.features(torch.rand(5, 1, 8, 8)).shape
    (torch.Size([5, 10]), torch.Size([5, 32]))
    """
    checks.at_least(1, inputs=inputs, **{f"widths[{i}]": width for i, width in enumerate(widths)})

    def construct() -> Classifier:
        layers: list[nn.Module] = [nn.Flatten()]
        sizes = (inputs, *widths)  # one more than there are layers
        for before, after in zip(sizes, widths, strict=False):
            normalisation = [nn.BatchNorm1d(after)] if normalised else []
            layers += [nn.Linear(before, after), *normalisation, activation()]
        return Classifier(nn.Sequential(*layers), linear_head(sizes[-1], classes, hidden=hidden))

    return build(construct, generator)
