"""What the recipes of the chapter on CutMix measure on a trained network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from runtheory import data, evaluation
from runtheory.evaluation.attack import fast_gradient_sign
from runtheory.evaluation.corruption import CORRUPTIONS
from runtheory.evaluation.localisation import (
    class_activation_map,
    intersection_over_union,
    localise,
    upsample,
)
from runtheory.evaluation.occlusion import occlude_boundary, occlude_centre
from runtheory.evaluation.outliers import area_under_curve, max_probability, negative_energy
from runtheory.modes import evaluating
from runtheory.nets import Classifier
from runtheory.randomness import stream

PROBED = 1000
SEVERITY = 2
RADIUS = 4 / 255
OCCLUDED = 0.5


@dataclass(frozen=True, eq=False)
class Probes:
    """Measures of one network on ``image_set``; every network of one ``seed`` meets the same ones.

    The whole test set gives ``test_accuracy``, ``test_loss`` (nats), ``calibration_error`` and
    ``confidence_gap`` (mean confidence less accuracy: negative is under-confident). The first
    1,000 test images give the accuracies after the centre or the boundary is covered (a box of half
    the side, filled with the mean colour), after a corruption of severity 2 (mean of five), and
    after the fast gradient sign of radius 4/255; ``outliers_probability`` and ``outliers_energy``
    (areas under the ROC curve against handwritten digits, magnified); and ``localisation`` (mean
    overlap of the box read from the class activation map with the true box, the image lying
    somewhere on a dark canvas of twice its side).
    """

    image_set: data.ImageSet
    seed: int

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers."""
        images, labels = self.image_set.test_images, self.image_set.test_labels
        chosen = stream(self.seed, "probed images")
        index = torch.randperm(len(images), generator=chosen)[:PROBED].to(images.device)
        pixels = images[index].to(torch.float32) / 255
        with evaluating(net):
            return {
                **self._whole(net),
                **self._robustness(net, pixels, labels[index]),
                **self._outliers(net, images[index]),
                "localisation": self._localisation(net, pixels, labels[index]),
            }

    def _whole(self, net: nn.Module) -> dict[str, float]:
        held = self.image_set
        logits = evaluation.predict(net, held.test_images, held)
        seen = evaluation.predict(net, held.train_images[: 2 * PROBED], held)
        accuracy = evaluation.accuracy(logits, held.test_labels).item()
        return {
            "train_accuracy": evaluation.accuracy(seen, held.train_labels[: 2 * PROBED]).item(),
            "test_accuracy": accuracy,
            "test_loss": evaluation.cross_entropy(logits, held.test_labels).item(),
            "calibration_error": evaluation.calibration_error(logits, held.test_labels).item(),
            "confidence_gap": max_probability(logits).mean().item() - accuracy,
        }

    def _robustness(self, net: nn.Module, pixels: Tensor, labels: Tensor) -> dict[str, float]:
        classify = self._on_pixels(net)
        grey = sum(self.image_set.mean) / len(self.image_set.mean)
        noise = stream(self.seed, "corruptions", device=str(pixels.device))
        attacked = fast_gradient_sign(classify, pixels, labels, radius=RADIUS)
        variants = {
            "centre_covered": occlude_centre(pixels, size=OCCLUDED, fill=grey),
            "boundary_covered": occlude_boundary(pixels, size=OCCLUDED, fill=grey),
            "attacked": attacked,
        }
        spoiled = [corrupt(pixels, SEVERITY, noise) for corrupt in CORRUPTIONS.values()]
        with torch.no_grad():
            found = {name: _accuracy(classify(x), labels) for name, x in variants.items()}
            corrupted = [_accuracy(classify(x), labels) for x in spoiled]
        return {**found, "corrupted": sum(corrupted) / len(corrupted)}

    def _outliers(self, net: nn.Module, images: Tensor) -> dict[str, float]:
        _, channels, size, _ = images.shape
        digits = data.load("digits").train_images[:PROBED].to(images.device)
        foreign = functional.interpolate(digits.float(), size=(size, size), mode="bilinear")
        foreign = foreign.expand(-1, channels, -1, -1).round().to(torch.uint8)
        known_logits = evaluation.predict(net, images, self.image_set)
        foreign_logits = evaluation.predict(net, foreign, self.image_set)
        return {
            name: area_under_curve(score(known_logits), score(foreign_logits))
            for name, score in (
                ("outliers_probability", max_probability),
                ("outliers_energy", negative_energy),
            )
        }

    @torch.no_grad()
    def _localisation(self, net: nn.Module, pixels: Tensor, labels: Tensor) -> float:
        if not isinstance(net, Classifier):
            raise TypeError(f"class activation maps need a Classifier, got {type(net).__name__}")
        canvas, boxes = scattered(pixels, stream(self.seed, "places"))
        *stages, _, _ = net.body.children()  # all but the pooling and the flattening
        maps = nn.Sequential(*stages)(self._normalise(canvas))
        (linear,) = net.head.children()
        assert isinstance(linear, nn.Linear)
        heat = class_activation_map(maps, linear.weight, labels)
        heat = upsample(heat, (canvas.shape[2], canvas.shape[3]))
        found = localise(heat, fraction=0.5)
        return intersection_over_union(found, boxes.to(found.device)).mean().item()

    def _on_pixels(self, net: nn.Module) -> Callable[[Tensor], Tensor]:
        return lambda pixels: net(self._normalise(pixels))

    def _normalise(self, pixels: Tensor) -> Tensor:
        held = self.image_set
        mean, deviation = (
            torch.tensor(values, device=pixels.device)[:, None, None]
            for values in (held.mean, held.deviation)
        )
        return (pixels - mean) / deviation


def scattered(pixels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return each image somewhere on a black canvas of twice its side, and the boxes they fill.

    Boxes are int64 (top, bottom, left, right), the ends excluded, on the generator's device.
    """
    count, channels, height, width = pixels.shape
    canvas = pixels.new_zeros((count, channels, 2 * height, 2 * width))
    top = torch.randint(height + 1, (count,), generator=generator)
    left = torch.randint(width + 1, (count,), generator=generator)
    for image, y, x, target in zip(pixels, top.tolist(), left.tolist(), canvas, strict=True):
        target[:, y : y + height, x : x + width] = image
    return canvas, torch.stack((top, top + height, left, left + width), dim=1)


def _accuracy(logits: Tensor, labels: Tensor) -> float:
    return evaluation.accuracy(logits, labels).item()
