"""Two classes of an image set as vectors that owe nothing to their own examples."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d

from runtheory import checks
from runtheory.boundary import checked
from runtheory.data import ImageSet


@checked
def two_classes(
    source: ImageSet, first: str, second: str, *, square: int = 4
) -> tuple[Float[Tensor, "example input"], Bool[Tensor, "example"]]:
    """Return all images of two classes as rows, and which of them are of the second.

    Pixels are averaged over squares, centred and scaled by the images of the *other* classes:
    whatever a certificate takes from its own examples before training, it would have to pay for.

    Raises
    ------
    ValueError
        If the two classes are one, one is unknown, there is no other class, or ``square`` is
        below one or above the side of an image.
    """
    checks.in_interval(1, min(source.train_images.shape[2:]), square=square)
    known = [name in source.classes for name in (first, second)]
    if first == second or not all(known) or len(source.classes) < 3:
        raise ValueError(f"two of three or more classes are needed, got {first!r} and {second!r}")
    images = torch.cat([source.train_images, source.test_images]) / 255
    labels = torch.cat([source.train_labels, source.test_labels])
    is_first, is_second = (labels == source.classes.index(name) for name in (first, second))
    rows, ours = avg_pool2d(images, square).flatten(1), is_first | is_second
    others = rows[~ours]
    centred = (rows[ours] - others.mean(0)) / (others - others.mean(0)).square().mean().sqrt()
    return centred, is_second[ours]
