"""Images and convolutional network of a cell, as the recipes of three chapters take them."""

from __future__ import annotations

from runtheory import data, nets
from runtheory.randomness import stream
from runtheory.recipes.recipe import Cell


def cell_images(cell: Cell) -> data.ImageSet:
    """Return ``per_class`` training images of each class of ``images``, chosen by the seed."""
    whole = data.load(cell["images"])
    return data.subset(whole, cell["per_class"], generator=stream(cell["seed"], "chosen images"))


def cell_network(cell: Cell, image_set: data.ImageSet, *, pooled: bool = False) -> nets.Classifier:
    """Return the untrained network of the cell's ``width``, on the device of the image set.

    The head has 128 hidden units; ``pooled`` averages the last maps over their places and puts a
    linear head on them, so that there are class activation maps and measures of collapse. One seed,
    one set of first weights.
    """
    _, channels, size, _ = image_set.train_images.shape
    return nets.small_convnet(
        generator=stream(cell["seed"], "initial weights"),
        channels=channels,
        size=size,
        width=cell["width"],
        hidden=0 if pooled else 128,
        pooled=pooled,
    ).to(image_set.train_images.device)
