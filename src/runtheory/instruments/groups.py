"""The geometry of majority and minority classes in a network trained on classes of two sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from runtheory import data, evaluation
from runtheory.collapse.conventions import Weighting, centred_means
from runtheory.collapse.geometry import frame_distance, gram_cosines
from runtheory.collapse.minimisers import square_minimiser
from runtheory.collapse.models import FeatureModel
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from runtheory.collapse.variability import variability_collapse
from runtheory.nets import as_classifier


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
    which W and the collapsed features would balance, l_W ||W||^2 / ||H||^2. With
    ``square_frames``, for a network trained by the square loss, also the distances of W W' to three
    frames: ``frame_free_bias`` and ``frame_no_bias`` (closed forms at these penalties) and
    ``frame_simplex`` (that of classes of one size), with the row norms of the first,
    ``predicted_G_row_norm``.
    """

    image_set: data.ImageSet
    minority: tuple[int, ...]
    weight_decay: float
    square_frames: bool = False

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers; ``TypeError`` without a linear head."""
        classifier, images = as_classifier(net), self.image_set
        train = evaluation.activations(classifier, images.train_images, images)
        test = evaluation.predict(net, images.test_images, images)
        statistics = self._statistics(train.features)
        geometry = GroupGeometry(
            rows=classifier.linear.weight.detach().to(torch.float64),
            means=centred_means(statistics, Weighting.SAMPLES),
            counts=statistics.counts.to(torch.float64),
            probabilities=self._statistics(train.logits.softmax(1)).means,
        )
        penalty = geometry.balancing_penalty(self.weight_decay)
        row = {
            "train_accuracy": evaluation.accuracy(train.logits, images.train_labels).item(),
            "test_accuracy": evaluation.accuracy(test, images.test_labels).item(),
            "train_variability": float(variability_collapse(statistics).value),
            "feature_penalty": penalty,
            **geometry.cosines(*self._groups.values()),
        }
        for name, group in self._groups.items():
            measures = geometry.group(group, self.weight_decay)
            measures["accuracy"] = self._accuracy(test, group)
            row |= {f"{name}_{measure}": value for measure, value in measures.items()}
        return row | (self._frames(geometry, penalty) if self.square_frames else {})

    def _statistics(self, values: Tensor) -> ClassStatistics:
        images = self.image_set
        return class_statistics(values, images.train_labels, classes=len(images.classes))

    def _accuracy(self, test_logits: Tensor, group: Tensor) -> float:
        members = torch.isin(self.image_set.test_labels, group)
        labels = self.image_set.test_labels[members]
        return evaluation.accuracy(test_logits[members], labels).item()

    @cached_property
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
                for name, group in self._groups.items()
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
        square = self.counts @ self.means.square().sum(1)  # |H|^2 of collapsed features
        return float(weight_decay * self.rows.square().sum() / square)

    def cosines(self, majority: Tensor, minority: Tensor) -> dict[str, float]:
        """Return the mean cosines within and between the groups."""
        row: dict[str, float] = {}
        for name, vectors in (("row", self.rows), ("mean", self.means)):
            cosines = gram_cosines(vectors @ vectors.T)
            row |= {
                f"majority_{name}_cosine": _pair_mean(cosines, majority),
                f"minority_{name}_cosine": _pair_mean(cosines, minority),
                f"between_{name}_cosine": float(cosines[majority][:, minority].mean()),
            }
        return row

    def group(self, group: Tensor, weight_decay: float) -> dict[str, float]:
        """Return norms and margins of one group of classes of one size."""
        shares = self.probabilities
        # One quotient for the group, so that a pair of classes with one mean does not rule it.
        rows, means = (torch.cdist(vectors, vectors) for vectors in (self.rows, self.means))
        gap = _pair_mean(rows, group) / _pair_mean(means, group)  # |w_k - w_j| / |m_k - m_j|
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
