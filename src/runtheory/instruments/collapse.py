"""Instruments measure the collapse of a network on its training and its test images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from runtheory import checks, data, evaluation
from runtheory.boundary import checked
from runtheory.collapse.decomposition import square_loss_parts
from runtheory.collapse.geometry import centre_disagreement, nearest_centre
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from runtheory.collapse.summary import collapse_measures
from runtheory.collapse.variability import trace_ratio, variability_collapse
from runtheory.nets import Activations, as_classifier
from runtheory.shapes import Labels, Logits, Scalar

LossOfLogits = Callable[[Logits, Labels], Scalar]


@dataclass(frozen=True, eq=False)
class CollapseProbe:
    """All collapse measures on the training images (``train_``) and the test images (``test_``).

    Those of ``collapse_measures`` with each set's own class means; ``centre_disagreement`` (NC4,
    bias included) and ``centre_accuracy`` with the class means of the *training* images;
    ``accuracy`` and ``loss`` (by ``loss``, of float64 logits); ``layer1_variability``,
    ``layer1_trace_ratio`` and so on after each ReLU. With ``square_penalty``, the weight decay of a
    network that was trained by the square loss, also the parts of the decomposition of
    [han2022neural], ``part_variability`` and so on, on the training images and with that penalty of
    classifier and bias.
    """

    image_set: data.ImageSet
    loss: LossOfLogits
    square_penalty: float | None = None

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers; ``TypeError`` without a linear head."""
        classifier, images = as_classifier(net), self.image_set
        train = evaluation.activations(classifier, images.train_images, images)
        test = evaluation.activations(classifier, images.test_images, images)
        statistics = self._statistics(train.features, images.train_labels)
        linear, means = classifier.linear, statistics.means
        measured = (
            ("train", self._measures(train, images.train_labels, linear=linear, means=means)),
            # Test images have their own class means in NC1 and those of training in NC4.
            ("test", self._measures(test, images.test_labels, linear=linear, means=means)),
        )
        row = {f"{part}_{name}": value for part, row in measured for name, value in row.items()}
        if self.square_penalty is not None:
            row |= _loss_parts(statistics, linear, self.square_penalty)
        return row

    def _measures(
        self, activations: Activations, labels: Tensor, *, linear: nn.Linear, means: Tensor
    ) -> dict[str, float]:
        features, logits = activations.features, activations.logits
        statistics = self._statistics(features, labels)
        row = collapse_measures(statistics, linear.weight.detach(), linear.bias.detach()).row()
        row["centre_disagreement"] = float(centre_disagreement(features, logits, means))
        nearest = -nearest_centre(features, means)  # as logits: the nearest centre has the largest
        row["centre_accuracy"] = evaluation.accuracy(nearest, labels).item()
        row["accuracy"] = evaluation.accuracy(logits, labels).item()
        row["loss"] = float(self.loss(logits.to(torch.float64), labels))
        for number, layer in enumerate(activations.hidden, start=1):
            layered = self._statistics(layer, labels)
            row[f"layer{number}_variability"] = float(variability_collapse(layered).value)
            row[f"layer{number}_trace_ratio"] = float(trace_ratio(layered))
        return row

    def _statistics(self, features: Tensor, labels: Tensor) -> ClassStatistics:
        return class_statistics(features, labels, classes=len(self.image_set.classes))


def _loss_parts(statistics: ClassStatistics, linear: nn.Linear, penalty: float) -> dict[str, float]:
    weight, bias = linear.weight.detach(), linear.bias.detach()
    parts = square_loss_parts(statistics, weight, bias, penalty=penalty)
    names = ("variability", "alignment", "deviation")
    return {f"part_{name}": float(getattr(parts, name)) for name in names}


@checked
def row_space_share(
    statistics: ClassStatistics, classifier: Float[Tensor, "class feature"]
) -> Float64[Tensor, ""]:
    """Return tr(P S_W) / tr S_W, P the projection on the span of the classifier's rows.

    The share of the variation within classes that the logits can see; random directions would
    hold rank / width of it.

    Raises
    ------
    ValueError
        If a class has no sample, the scatter matrix was not kept or is zero, or the classifier has
        another number of features.
    """
    scatter = statistics.checked().scatter
    if scatter is None or not scatter.trace() > 0:
        raise ValueError("the share of the row space needs a scatter matrix that is not zero")
    if classifier.shape[1] != len(scatter):
        told = f"{classifier.shape[1]} and {len(scatter)}"
        raise ValueError(f"classifier and statistics must have one number of features, got {told}")
    rows = classifier.to(torch.float64)
    # directions: (class, feature)
    _, sizes, directions = torch.linalg.svd(rows, full_matrices=False)
    cut = sizes.max() * max(rows.shape) * torch.finfo(torch.float64).eps
    basis = directions[sizes > cut]
    return (basis @ scatter @ basis.T).trace() / scatter.trace()


@checked
def plane_of_means(
    means: Float[Tensor, "class feature"],
) -> tuple[Float64[Tensor, "feature"], Float64[Tensor, "axis feature"]]:
    """Return a point and two orthonormal axes of the plane nearest to the class means.

    Three means lie in it. Draw ``(features - point) @ axes.T``.

    Raises
    ------
    ValueError
        If there are fewer than three means.
    """
    checks.at_least(3, means=len(means))
    points = means.to(torch.float64)
    centre = points.mean(0)
    return centre, torch.linalg.svd(points - centre, full_matrices=False)[2][:2]
