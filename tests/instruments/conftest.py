"""A small trained-looking network on images of four classes, for all instruments."""

from __future__ import annotations

import pytest
import torch

from runtheory import data, nets
from runtheory.data.image_set import assemble
from runtheory.randomness import stream


def labelled(count: int, purpose: str) -> tuple[torch.Tensor, torch.Tensor]:
    generator = stream(0, purpose)
    labels = torch.arange(count) % 4
    noise = torch.randint(128, (count, 1, 16, 16), generator=generator)
    images = (noise + 32 * labels[:, None, None, None]).to(torch.uint8)
    return images, labels


@pytest.fixture(scope="session")
def small_classifier() -> tuple[nets.Classifier, data.ImageSet]:
    """A pooled convolutional network with a linear head, and 80 training and 40 test images."""
    image_set = assemble(
        "grey levels",
        labelled(80, "training images"),
        test=labelled(40, "test images"),
        classes=("black", "dark", "light", "white"),
    )
    net = nets.small_convnet(
        generator=stream(0, "weights"), size=16, width=4, classes=4, hidden=0, pooled=True
    )
    net.train()
    with torch.no_grad():
        for _ in range(20):  # until the running statistics are those of the images
            net(data.normalise(image_set.train_images, image_set))
        net.head[0].bias.copy_(torch.randn(4, generator=stream(0, "biases")))
    return net, image_set
