"""How networks under rival augmentations fare class by class, and under boxes of three fills."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from runtheory import data, evaluation
from runtheory.boundary import checked
from runtheory.evaluation.occlusion import occlude_centre, paste_centre
from runtheory.instruments.interplay import Inspection, mixture_parts
from runtheory.mixing.draw import draw_mixup
from runtheory.modes import evaluating
from runtheory.nets import as_classifier
from runtheory.shapes import Indices, Labels


@dataclass(frozen=True, eq=False)
class RivalProbe:
    """Measures of one network on ``image_set``; every network of one ``seed`` meets the same ones.

    ``class0_accuracy`` and so on are those on the test images of one class, of all of which
    ``test_accuracy``, ``test_loss`` (nats) and ``confidence_gap`` are the usual scores;
    ``train_accuracy`` is that on all training images. A box of ``box_side`` of each side at the
    centre of the test images is filled with the mean colour (``centre_mean``), with black
    (``centre_black``) or with the centre of an image of another class (``centre_foreign``). Of
    ``mixed_pairs`` Mixup images of training images of two classes, ``mixup_plane``,
    ``mixup_others`` and ``mixup_blind`` are the mean shares of ``plane_parts``.
    """

    image_set: data.ImageSet
    seed: int
    box_side: float = 0.5
    mixed_pairs: int = 500

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers.

        Raises
        ------
        TypeError
            If the head is not linear.
        """
        images = self.image_set
        network = Inspection(as_classifier(net), images, self.seed)
        with evaluating(net):
            test, labels = network.test.logits, images.test_labels
            right = test.argmax(1) == labels
            shares = [right[labels == k].double().mean() for k in range(len(images.classes))]
            mixed = mixture_parts(
                network, draw=partial(draw_mixup, alpha=1.0), pairs=self.mixed_pairs
            )
            return {
                "train_accuracy": _accuracy(network.train.logits, images.train_labels),
                "test_accuracy": _accuracy(test, labels),
                "test_loss": evaluation.cross_entropy(test, labels).item(),
                "confidence_gap": evaluation.confidence_gap(test, labels).item(),
                **{f"class{k}_accuracy": float(share) for k, share in enumerate(shares)},
                **self._covered(net),
                **{f"mixup_{name}": share for name, share in mixed.items()},
            }

    def _covered(self, net: nn.Module) -> dict[str, float]:
        pixels, labels = self.image_set.test_images.float() / 255, self.image_set.test_labels
        grey = sum(self.image_set.mean) / len(self.image_set.mean)
        variants = {
            "centre_mean": occlude_centre(pixels, size=self.box_side, fill=grey),
            "centre_black": occlude_centre(pixels, size=self.box_side, fill=0.0),
            "centre_foreign": paste_centre(
                pixels, pixels[of_another_class(labels)], size=self.box_side
            ),
        }
        return {name: self._score(net, x, labels) for name, x in variants.items()}

    @torch.no_grad()
    def _score(self, net: nn.Module, pixels: Tensor, labels: Tensor) -> float:
        blocks = data.normalise_pixels(pixels, self.image_set).split(1000)
        return _accuracy(torch.cat([net(block) for block in blocks]), labels)


@checked
def of_another_class(labels: Labels) -> Indices:
    """Return for each image the index of one of another class, each image taken once.

    Sorted by class, each image meets the one that stands a largest class's length further on.

    Raises
    ------
    ValueError
        If one class holds more than half of the images: then there is no such choice.
    """
    largest = int(labels.unique(return_counts=True)[1].max())
    if 2 * largest > len(labels):
        raise ValueError(
            f"no class may hold more than half of the images, got {largest} of {len(labels)}"
        )
    order = labels.argsort(stable=True)
    return torch.empty_like(order).scatter(0, order, order.roll(-largest))


def _accuracy(logits: Tensor, labels: Tensor) -> float:
    return evaluation.accuracy(logits, labels).item()
