"""What the recipes of the chapter on neural collapse measure on a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from runtheory import data, evaluation
from runtheory.collapse.conventions import Weighting, centred_means
from runtheory.collapse.decomposition import square_loss_parts
from runtheory.collapse.geometry import (
    centre_disagreement,
    frame_distance,
    gram_cosines,
    nearest_centre,
)
from runtheory.collapse.minimisers import square_minimiser
from runtheory.collapse.models import FeatureModel
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from runtheory.collapse.summary import collapse_measures
from runtheory.collapse.variability import trace_ratio, variability_collapse
from runtheory.modes import evaluating
from runtheory.nets import Classifier
from runtheory.shapes import Features, Labels, Logits, RawImages, Scalar


def square_loss(logits: Logits, labels: Labels) -> Scalar:
    """Return the mean of ||z - e_y||^2 / 2, summed over classes: that of the feature models."""
    targets = functional.one_hot(labels, logits.shape[1]).to(logits)
    return (logits - targets).square().sum(1).mean() / 2


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": functional.cross_entropy,
    "smoothed cross-entropy": partial(functional.cross_entropy, label_smoothing=0.1),
    "square": square_loss,
}


@dataclass(frozen=True)
class Activations:
    """What a network makes of images; ``hidden`` holds each ReLU that stands in the body itself."""

    hidden: tuple[Features, ...]
    features: Features
    logits: Logits


def activations(
    net: Classifier, images: RawImages, image_set: data.ImageSet, *, batch_size: int = 1000
) -> Activations:
    """Return hidden layers, features and logits of uint8 images, in evaluation mode."""
    with evaluating(net), torch.no_grad():
        parts = [
            _layers(net, data.normalise(batch, image_set)) for batch in images.split(batch_size)
        ]
    *hidden, features, logits = (torch.cat(layer) for layer in zip(*parts, strict=True))
    return Activations(tuple(hidden), features, logits)


def _layers(net: Classifier, images: Tensor) -> list[Tensor]:
    found, maps = [], images
    for module in net.body.children():
        maps = module(maps)
        if isinstance(module, nn.ReLU):
            found.append(maps)
    return [*found, maps, net.head(maps)]


def linear_map(net: nn.Module) -> nn.Linear:
    """Return the last linear map of a classifier whose head is linear.

    Raises
    ------
    TypeError
        If the network has no linear head.
    """
    modules = list(net.head.children()) if isinstance(net, Classifier) else []
    if len(modules) == 1 and isinstance(modules[0], nn.Linear):
        return modules[0]
    raise TypeError(f"collapse is measured on a Classifier with a linear head, got {net}")


@dataclass(frozen=True, eq=False)
class CollapseProbe:
    """All collapse measures on the training images (``train_``) and the test images (``test_``).

    Those of ``collapse_measures`` with each set's own class means; ``centre_disagreement`` (NC4,
    bias included) and ``centre_accuracy`` with the class means of the *training* images;
    ``accuracy`` and ``loss`` (the loss that is trained); ``layer1_variability``,
    ``layer1_trace_ratio`` and so on after each ReLU. A network trained by the square loss also has
    the parts of the decomposition of [han2022neural], ``part_variability`` and so on, on the
    training images and with the weight decay as penalty of classifier and bias.
    """

    image_set: data.ImageSet
    loss: str
    weight_decay: float

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers."""
        linear, held = linear_map(net), self.image_set
        assert isinstance(net, Classifier)
        train = activations(net, held.train_images, held)
        test = activations(net, held.test_images, held)
        statistics = self._statistics(train.features, held.train_labels)
        found = {
            **self._measures("train", train, held.train_labels, linear, statistics.means),
            **self._measures("test", test, held.test_labels, linear, statistics.means),
        }
        if self.loss == "square":
            found |= _parts(statistics, linear, self.weight_decay)
        return found

    def _measures(
        self, part: str, seen: Activations, labels: Tensor, linear: nn.Linear, means: Tensor
    ) -> dict[str, float]:
        features, logits = seen.features, seen.logits
        statistics = self._statistics(features, labels)
        row = collapse_measures(statistics, linear.weight.detach(), linear.bias.detach()).row()
        row["centre_disagreement"] = float(centre_disagreement(features, logits, means))
        row["centre_accuracy"] = evaluation.accuracy(
            -nearest_centre(features, means), labels
        ).item()
        row["accuracy"] = evaluation.accuracy(logits, labels).item()
        row["loss"] = float(LOSSES[self.loss](logits.to(torch.float64), labels))
        for number, layer in enumerate(seen.hidden, start=1):
            layered = self._statistics(layer, labels)
            row[f"layer{number}_variability"] = float(variability_collapse(layered).value)
            row[f"layer{number}_trace_ratio"] = float(trace_ratio(layered))
        return {f"{part}_{name}": value for name, value in row.items()}

    def _statistics(self, features: Tensor, labels: Tensor) -> ClassStatistics:
        return class_statistics(features, labels, classes=len(self.image_set.classes))


def _parts(statistics: ClassStatistics, linear: nn.Linear, penalty: float) -> dict[str, float]:
    weight, bias = linear.weight.detach(), linear.bias.detach()
    parts = square_loss_parts(statistics, weight, bias, penalty=penalty)
    names = ("variability", "alignment", "deviation")
    return {f"part_{name}": float(getattr(parts, name)) for name in names}


@dataclass(frozen=True, eq=False)
class GroupProbe:
    """The geometry of majority and minority classes; ``minority`` names the classes of the latter.

    With G = "majority" or "minority": ``G_row_norm`` and ``G_mean_norm`` (mean norm of classifier
    rows and of class means around the sample mean), ``G_row_cosine`` and ``G_mean_cosine`` (mean
    over the pairs inside the group; ``between_...`` over pairs of both), ``G_margin`` (mean of
    p(k|x) - p(j|x) over training images x of class k and the other classes j of the group),
    ``G_stationary_margin`` (below), ``G_accuracy`` on test images.

    Where W is stationary, features are collapsed and the group is symmetric, the margin of
    cross-entropy is exactly 1 - N l_W ||w_k - w_j|| / (n ||m_k - m_j||), n the size of the classes:
    the ``stationary_margin``, with the mean distances over pairs. ``feature_penalty`` is the l_H at
    which W and the collapsed features would balance, l_W ||W||^2 / ||H||^2. A network trained by
    the square loss also has the distances of W W' to three frames: ``frame_free_bias`` and
    ``frame_no_bias`` (closed forms at these penalties) and ``frame_simplex`` (that of classes of
    one size), with the row norms of the first, ``predicted_G_row_norm``.
    """

    image_set: data.ImageSet
    minority: tuple[int, ...]
    loss: str
    weight_decay: float

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers."""
        linear, held = linear_map(net), self.image_set
        assert isinstance(net, Classifier)
        seen = activations(net, held.train_images, held)
        test = evaluation.predict(net, held.test_images, held)
        statistics = self._statistics(seen.features)
        weight = linear.weight.detach().to(torch.float64)
        geometry = GroupGeometry(
            rows=weight,
            means=centred_means(statistics, Weighting.SAMPLES),
            counts=statistics.counts.to(torch.float64),
            probabilities=self._statistics(seen.logits.softmax(1)).means,
        )
        penalty = geometry.balancing_penalty(self.weight_decay)
        found = {
            "train_accuracy": evaluation.accuracy(seen.logits, held.train_labels).item(),
            "test_accuracy": evaluation.accuracy(test, held.test_labels).item(),
            "train_variability": float(variability_collapse(statistics).value),
            "feature_penalty": penalty,
            **geometry.cosines(*self._groups().values()),
        }
        for name, group in self._groups().items():
            measured = geometry.group(group, self.weight_decay)
            chosen = torch.isin(held.test_labels, group)
            measured["accuracy"] = evaluation.accuracy(
                test[chosen], held.test_labels[chosen]
            ).item()
            found |= {f"{name}_{measure}": value for measure, value in measured.items()}
        return found | (self._frames(geometry, penalty) if self.loss == "square" else {})

    def _statistics(self, values: Tensor) -> ClassStatistics:
        held = self.image_set
        return class_statistics(values, held.train_labels, classes=len(held.classes))

    def _groups(self) -> dict[str, Tensor]:
        classes = range(len(self.image_set.classes))
        majority = [label for label in classes if label not in self.minority]
        device = self.image_set.train_labels.device
        return {
            "majority": torch.tensor(majority, device=device),
            "minority": torch.tensor(self.minority, device=device),
        }

    def _frames(self, geometry: GroupGeometry, penalty: float) -> dict[str, float]:
        counts = tuple(int(count) for count in geometry.counts)
        gram, classes = (geometry.rows @ geometry.rows.T).cpu(), len(counts)
        free, bare = (
            square_minimiser(FeatureModel(counts, (self.weight_decay,), penalty, bias_penalty))
            for bias_penalty in (0.0, math.inf)
        )
        simplex = torch.eye(classes, dtype=torch.float64) - 1 / classes
        norms = free.classifier_norms
        return {
            "frame_free_bias": float(frame_distance(gram, free.classifier_gram)),
            "frame_no_bias": float(frame_distance(gram, bare.classifier_gram)),
            "frame_simplex": float(frame_distance(gram, simplex)),
            **{
                f"predicted_{name}_row_norm": float(norms[group.cpu()].mean())
                for name, group in self._groups().items()
            },
        }


@dataclass(frozen=True)
class GroupGeometry:
    """Classifier rows, class means, class sizes and mean probabilities, one class a row."""

    rows: Tensor
    means: Tensor
    counts: Tensor
    probabilities: Tensor

    def balancing_penalty(self, weight_decay: float) -> float:
        """Return the l_H at which l_W ||W||^2 = l_H ||H||^2 for the collapsed features."""
        square = self.counts @ self.means.square().sum(1)
        return float(weight_decay * self.rows.square().sum() / square)

    def cosines(self, majority: Tensor, minority: Tensor) -> dict[str, float]:
        """Return the mean cosines within and between the groups."""
        found: dict[str, float] = {}
        for name, vectors in (("row", self.rows), ("mean", self.means)):
            cosines = gram_cosines(vectors @ vectors.T)
            found |= {
                f"majority_{name}_cosine": _pair_mean(cosines, majority),
                f"minority_{name}_cosine": _pair_mean(cosines, minority),
                f"between_{name}_cosine": float(cosines[majority][:, minority].mean()),
            }
        return found

    def group(self, group: Tensor, weight_decay: float) -> dict[str, float]:
        """Return norms and margins of one group of classes of one size."""
        shares = self.probabilities
        # One quotient for the group, so that a pair of classes with one mean does not rule it.
        rows, means = (torch.cdist(vectors, vectors) for vectors in (self.rows, self.means))
        gap = _pair_mean(rows, group) / _pair_mean(means, group)
        slope = float(self.counts.sum() * weight_decay / self.counts[group[0]])
        return {
            "row_norm": float(torch.linalg.vector_norm(self.rows[group], dim=1).mean()),
            "mean_norm": float(torch.linalg.vector_norm(self.means[group], dim=1).mean()),
            "margin": _pair_mean(shares.diagonal()[:, None] - shares, group),
            "stationary_margin": 1 - slope * gap,
        }


def _pair_mean(table: Tensor, group: Tensor) -> float:
    """Return the mean of the entries of two different classes of the group."""
    block = table[group][:, group]
    others = ~torch.eye(len(group), dtype=torch.bool, device=block.device)
    return float(block[others].mean())
