"""How a trained network fares with covered, corrupted, attacked and foreign images."""

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
from runtheory.nets import as_classifier
from runtheory.randomness import stream
from runtheory.shapes import Images


@dataclass(frozen=True)
class RobustnessSettings:
    """On how many images a network is tried, and how hard they are made.

    ``occluded_side`` is the share of each side that the box covers, ``attack_radius`` is in the
    scale of pixels, [0, 1], ``heat_threshold`` the share of a map's range that is hot.
    """

    tried_images: int = 1000
    scored_training_images: int = 2000
    occluded_side: float = 0.5
    corruption_severity: int = 2
    attack_radius: float = 4 / 255
    heat_threshold: float = 0.5
    foreign_images: str = "digits"


@dataclass(frozen=True, eq=False)
class RobustnessProbe:
    """Measures of one network on ``image_set``; every network of one ``seed`` meets the same ones.

    The whole test set gives ``test_accuracy``, ``test_loss`` (nats), ``calibration_error`` and
    ``confidence_gap`` (mean confidence less accuracy: negative is under-confident). The test images
    that are tried, chosen by the seed, give the accuracies after the centre or the boundary is
    covered (in the mean colour), after a corruption (mean of five), and after the fast gradient
    sign; ``outliers_probability`` and ``outliers_energy`` (areas under the ROC curve against
    foreign images, magnified); and ``localisation`` (mean overlap of the box read from the class
    activation map with the true box, the image lying somewhere on a dark canvas of twice its side).
    """

    image_set: data.ImageSet
    seed: int
    settings: RobustnessSettings = RobustnessSettings()

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers.

        Raises
        ------
        TypeError
            If there are no class activation maps.
        """
        images, labels = self.image_set.test_images, self.image_set.test_labels
        order = torch.randperm(len(images), generator=stream(self.seed, "probed images"))
        index = order[: self.settings.tried_images].to(images.device)
        pixels = images[index].to(torch.float32) / 255
        with evaluating(net):
            return {
                **self._scores(net),
                **self._robustness(net, pixels, labels[index]),
                **self._outliers(net, images[index]),
                "localisation": self._localisation(net, pixels, labels[index]),
            }

    def _scores(self, net: nn.Module) -> dict[str, float]:
        images, count = self.image_set, self.settings.scored_training_images
        test = evaluation.predict(net, images.test_images, images)
        train = evaluation.predict(net, images.train_images[:count], images)
        return {
            "train_accuracy": _accuracy(train, images.train_labels[:count]),
            "test_accuracy": _accuracy(test, images.test_labels),
            "test_loss": evaluation.cross_entropy(test, images.test_labels).item(),
            "calibration_error": evaluation.expected_calibration_error(
                test, images.test_labels
            ).item(),
            "confidence_gap": evaluation.confidence_gap(test, images.test_labels).item(),
        }

    def _robustness(self, net: nn.Module, pixels: Tensor, labels: Tensor) -> dict[str, float]:
        classify, settings = self._on_pixels(net), self.settings
        grey = sum(self.image_set.mean) / len(self.image_set.mean)
        noise = stream(self.seed, "corruptions", device=str(pixels.device))
        attacked = fast_gradient_sign(classify, pixels, labels, radius=settings.attack_radius)
        variants = {
            "centre_covered": occlude_centre(pixels, size=settings.occluded_side, fill=grey),
            "boundary_covered": occlude_boundary(pixels, size=settings.occluded_side, fill=grey),
            "attacked": attacked,
        }
        severity = settings.corruption_severity
        spoiled = [corrupt(pixels, severity, noise) for corrupt in CORRUPTIONS.values()]
        with torch.no_grad():
            scores = {name: _accuracy(classify(x), labels) for name, x in variants.items()}
            corrupted = [_accuracy(classify(x), labels) for x in spoiled]
        return {**scores, "corrupted": sum(corrupted) / len(corrupted)}

    def _outliers(self, net: nn.Module, images: Tensor) -> dict[str, float]:
        _, channels, size, _ = images.shape
        others = data.load(self.settings.foreign_images).train_images
        others = others[: self.settings.tried_images].to(images.device)
        foreign = functional.interpolate(others.float(), size=(size, size), mode="bilinear")
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
        classifier = as_classifier(net)
        canvas, boxes = scattered(pixels, stream(self.seed, "places"))
        maps = classifier.maps(data.normalise_pixels(canvas, self.image_set))
        heat = class_activation_map(maps, classifier.linear.weight, labels)
        heat = upsample(heat, (canvas.shape[2], canvas.shape[3]))
        read = localise(heat, fraction=self.settings.heat_threshold)
        return intersection_over_union(read, boxes.to(read.device)).mean().item()

    def _on_pixels(self, net: nn.Module) -> Callable[[Tensor], Tensor]:
        return lambda pixels: net(data.normalise_pixels(pixels, self.image_set))


def scattered(pixels: Images, generator: torch.Generator) -> tuple[Images, Tensor]:
    """Return each image somewhere on a black canvas of twice its side, and the boxes they fill.

    Boxes are int64 (top, bottom, left, right), the ends excluded, on the generator's device.
    """
    count, channels, height, width = pixels.shape
    canvas = pixels.new_zeros((count, channels, 2 * height, 2 * width))
    top = torch.randint(height + 1, (count,), generator=generator)
    left = torch.randint(width + 1, (count,), generator=generator)
    for image, y, x, target in zip(pixels, top.tolist(), left.tolist(), canvas, strict=True):
        target[:, y : y + height, x : x + width] = image
    return canvas, torch.stack((top, top + height, left, left + width), dim=1)  # (image, edge)


def _accuracy(logits: Tensor, labels: Tensor) -> float:
    return evaluation.accuracy(logits, labels).item()
