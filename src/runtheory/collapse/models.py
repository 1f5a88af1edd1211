"""Unconstrained-feature models: the features are free variables.

The objective, for classes of n_k samples with N = sum n_k and H of shape width x N, is

    (1/N) sum_i loss(W_M ... W_1 h_i + b, y_i)
        + sum_j (l_j/2) ||W_j||^2 + (l_H/2) ||H||^2 + (l_b/2) ||b||^2.

The squared loss is ||z - y||^2 / 2, summed over classes; cross-entropy is in nats. Papers
normalise otherwise (a penalty on H may carry a factor n or N): convert before comparing.

What solves it: over all factorisations Z = W H of rank at most ``width``, the smallest value of
(l_W/2)||W||^2 + (l_H/2)||H||^2 is sqrt(l_W l_H) times the nuclear norm of Z. One layer is thus a
convex problem in Z. For p factors the smallest penalty is (p/2) C^(1/p) sum_i z_i^(2/p), C the
product of all penalties and z_i the singular values, reached with l_j s_j^2 equal for all factors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.collapse.geometry import gram_cosines


@dataclass(frozen=True)
class FeatureModel:
    """The constants of the objective above.

    ``layer_penalties`` run from the last layer, W_M, to the first, W_1. ``bias_penalty`` is l_b:
    0 leaves the bias free and infinity takes it away. ``smoothing`` is e in the targets
    (1 - e) e_y + (e/K) 1.

    Raises
    ------
    ValueError
        If there are fewer than two classes, a class has no sample, a penalty on a factor is not
        positive and finite, ``bias_penalty`` is negative, or ``smoothing`` is outside [0, 1).
    """

    class_counts: tuple[int, ...]
    layer_penalties: tuple[float, ...]
    feature_penalty: float
    bias_penalty: float = math.inf
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if len(self.class_counts) < 2 or min(self.class_counts) < 1:
            raise ValueError(
                f"class_counts needs two classes or more, each with a sample, "
                f"got {self.class_counts}"
            )
        penalties = (*self.layer_penalties, self.feature_penalty)
        if not self.layer_penalties or not all(0 < value < math.inf for value in penalties):
            raise ValueError(f"factor penalties must be positive and finite, got {penalties}")
        checks.not_negative(bias_penalty=self.bias_penalty)
        checks.in_interval(0, 1, ends="[)", smoothing=self.smoothing)

    @property
    def classes(self) -> int:
        return len(self.class_counts)

    @property
    def samples(self) -> int:
        return sum(self.class_counts)

    @property
    def layers(self) -> int:
        """The number M of linear maps between features and scores."""
        return len(self.layer_penalties)

    @property
    def balanced(self) -> bool:
        return len(set(self.class_counts)) == 1

    @property
    def pressure(self) -> float:
        """C^(1/p) over the p = M + 1 factors; sqrt(l_W l_H) for one layer."""
        product = math.prod(self.layer_penalties) * self.feature_penalty
        return float(product ** (1 / (self.layers + 1)))

    def counts(self) -> Float64[Tensor, "class"]:
        return torch.tensor(self.class_counts, dtype=torch.float64)

    def labels(self) -> Tensor:
        """Return the label of each sample, class after class, as int64."""
        return torch.arange(self.classes).repeat_interleave(torch.tensor(self.class_counts))

    def targets(self) -> Float64[Tensor, "class sample"]:
        """Return the smoothed one-hot targets, one sample a column."""
        hot = torch.eye(self.classes, dtype=torch.float64)[:, self.labels()]
        return (1 - self.smoothing) * hot + self.smoothing / self.classes


@dataclass(frozen=True)
class Minimiser:
    """A minimiser, up to the rotation of the feature space that the objective does not see.

    ``scores[:, k]`` is Z = W H at class k without the bias (features are equal within a class),
    ``classifier_gram`` is W W' for the product W of all layers, ``feature_gram`` H'H with one
    column per class, and ``loss`` the whole objective, penalties included.
    """

    scores: Float64[Tensor, "class class"]
    bias: Float64[Tensor, "class"]
    classifier_gram: Float64[Tensor, "class class"]
    feature_gram: Float64[Tensor, "class class"]
    loss: Float64[Tensor, ""]

    @property
    def classifier_norms(self) -> Float64[Tensor, "class"]:
        return self.classifier_gram.diagonal().clamp(min=0).sqrt()

    @property
    def feature_norms(self) -> Float64[Tensor, "class"]:
        return self.feature_gram.diagonal().clamp(min=0).sqrt()

    @property
    def classifier_cosines(self) -> Float64[Tensor, "class class"]:
        """Cosines between rows of W; NaN beside a row that is zero."""
        return gram_cosines(self.classifier_gram)

    @property
    def feature_cosines(self) -> Float64[Tensor, "class class"]:
        """Cosines between class features; NaN beside a feature that is zero."""
        return gram_cosines(self.feature_gram)

    @property
    def probabilities(self) -> Float64[Tensor, "class class"]:
        """Softmax of scores and bias; entry [j, k] is p(j given class k)."""
        return torch.softmax(self.scores + self.bias[:, None], dim=0)
