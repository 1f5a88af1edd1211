"""One streaming state for every class statistic that measures of collapse need.

``ClassStatistics`` is a value: ``update`` and ``merge`` return a new one. Sums of squares are kept
as deviations from the class means and joined by the pairwise formula of Chan, Golub and LeVeque,

    n = a + b,   mean = mean_a + (b/n) D,   M = M_a + M_b + (a b/n) D D',   D = mean_b - mean_a,

so that an offset common to all features (the normal case after a ReLU) costs no digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.shapes import Features, Labels


@dataclass(frozen=True)
class ClassStatistics:
    """Counts, means and within-class deviations of features, class by class, in float64.

    ``square_deviations[k]`` is the sum of ||h - mean_k||^2 over the samples of class k, and
    ``scatter`` the pooled sum of (h - mean)(h - mean)', or None where only the traces are kept:
    then the state has size classes x features instead of features x features. ``faults`` counts the
    samples that were refused (label out of range, feature not finite). No field grows with the
    number of samples.
    """

    counts: Int64[Tensor, "class"]
    means: Float64[Tensor, "class feature"]
    square_deviations: Float64[Tensor, "class"]
    scatter: Float64[Tensor, "feature feature"] | None
    faults: Int64[Tensor, ""]

    @property
    def classes(self) -> int:
        return self.means.shape[0]

    @property
    def width(self) -> int:
        return self.means.shape[1]

    @classmethod
    def empty(
        cls, classes: int, width: int, *, full: bool = True, device: torch.device | str = "cpu"
    ) -> ClassStatistics:
        """Return the state that has seen nothing; ``full`` keeps the pooled scatter matrix.

        Raises
        ------
        ValueError
            If ``classes`` is below two or ``width`` below one.
        """
        if classes < 2:
            raise ValueError(f"class statistics need at least two classes, got {classes}")
        if width < 1:
            raise ValueError(f"class statistics need at least one feature, got width {width}")

        def zeros(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=device)

        return cls(
            counts=zeros(classes, dtype=torch.int64),
            means=zeros(classes, width),
            square_deviations=zeros(classes),
            scatter=zeros(width, width) if full else None,
            faults=zeros(dtype=torch.int64),
        )

    def update(self, features: Features, labels: Labels) -> ClassStatistics:
        """Return the state after one more batch.

        On an accelerator nothing here waits for the device: a refused sample is left out and
        counted, and the first metric that reads the state raises. On the CPU it raises at once.

        Raises
        ------
        ValueError
            If the shapes do not fit the state; on the CPU also if a label is out of range or a
            feature is not finite.
        """
        self._check_batch(features, labels)
        return self.merge(self._of_batch(features.detach(), labels))

    def merge(self, other: ClassStatistics) -> ClassStatistics:
        """Return the state of both sets of samples together.

        Raises
        ------
        ValueError
            If the two differ in classes, in width or in whether they keep the scatter matrix.
        """
        self._check_partner(other)
        counts = self.counts + other.counts
        share = other.counts / counts.clamp(min=1).to(torch.float64)
        gap = other.means - self.means
        weight = self.counts * share
        scatter = None
        if self.scatter is not None and other.scatter is not None:
            scaled = gap * weight.sqrt()[:, None]
            scatter = self.scatter + other.scatter + scaled.T @ scaled
        between = weight * gap.square().sum(1)
        return ClassStatistics(
            counts=counts,
            means=self.means + gap * share[:, None],
            square_deviations=self.square_deviations + other.square_deviations + between,
            scatter=scatter,
            faults=self.faults + other.faults,
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the fields as tensors, for a file or for another process."""
        fields = ("counts", "means", "square_deviations", "scatter", "faults")
        return {name: getattr(self, name) for name in fields if getattr(self, name) is not None}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> ClassStatistics:
        """Return the state that ``tensors`` wrote out."""
        fields: dict[str, Any] = {"scatter": None, **tensors}
        return cls(**fields)

    def checked(self) -> ClassStatistics:
        """Return the state itself if it is fit to be measured; reads four numbers off the device.

        Raises
        ------
        ValueError
            If samples were refused or a class has none.
        """
        faults = int(self.faults)
        if faults:
            raise ValueError(
                f"labels must lie in 0 to {self.classes - 1} and features must be finite, "
                f"got {faults} samples where they do not"
            )
        missing = torch.nonzero(self.counts == 0).flatten().tolist()
        if missing:
            raise ValueError(f"every class needs a sample, got none for the classes {missing}")
        return self

    def _of_batch(self, features: Tensor, labels: Tensor) -> ClassStatistics:
        """Return the statistics of one batch by itself, in two passes over the batch."""
        good = self._good_samples(features, labels)
        label = labels.clamp(0, self.classes - 1)
        wide = torch.where(good[:, None], features.to(torch.float64), 0.0)
        empty = torch.zeros_like
        counts = empty(self.counts).index_add_(0, label, good.to(torch.int64))
        sums = empty(self.means).index_add_(0, label, wide)
        means = sums / counts.clamp(min=1)[:, None]
        # A refused sample carries the weight zero, so it must not leave its distance to the mean.
        deviations = (wide - means.index_select(0, label)) * good[:, None]
        squares = empty(self.square_deviations).index_add_(0, label, deviations.square().sum(1))
        return ClassStatistics(
            counts=counts,
            means=means,
            square_deviations=squares,
            scatter=None if self.scatter is None else deviations.T @ deviations,
            faults=(~good).sum(),
        )

    def _good_samples(self, features: Tensor, labels: Tensor) -> Tensor:
        return (labels >= 0) & (labels < self.classes) & torch.isfinite(features).all(1)

    def _check_batch(self, features: Tensor, labels: Tensor) -> None:
        if features.ndim != 2 or features.shape[1] != self.width:
            shape = tuple(features.shape)
            raise ValueError(f"features must have shape (batch, {self.width}), got {shape}")
        if labels.shape != features.shape[:1]:
            shape = tuple(labels.shape)
            raise ValueError(f"labels must have shape ({features.shape[0]},), got {shape}")
        if features.device.type != "cpu" or len(labels) == 0:
            return
        checks.labels_below(labels, self.classes)
        broken = int((~torch.isfinite(features).all(1)).sum())
        if broken:
            raise ValueError(f"features must be finite, got {broken} samples where they are not")

    def _check_partner(self, other: ClassStatistics) -> None:
        if self.means.shape != other.means.shape:
            mine, theirs = tuple(self.means.shape), tuple(other.means.shape)
            raise ValueError(f"both states need the same (classes, width), got {mine} and {theirs}")
        if (self.scatter is None) != (other.scatter is None):
            raise ValueError(
                "both states must keep the scatter matrix or neither, "
                f"got full={self.scatter is not None} and full={other.scatter is not None}"
            )


def merge_all(
    parts: Iterable[ClassStatistics], *, generator: torch.Generator | None = None
) -> ClassStatistics:
    """Return the state of all parts together, merged from left to right.

    With a ``generator``, which lies on the CPU, two random states are merged at a time instead: a
    random tree, to show that the order does not matter.

    Raises
    ------
    ValueError
        If there is no part, or two parts do not fit each other.
    """
    states = list(parts)
    if not states:
        raise ValueError("merge_all needs at least one part, got none")
    if generator is None:
        return reduce(ClassStatistics.merge, states)
    while len(states) > 1:
        first, second = (
            states.pop(int(torch.randint(len(states), (), generator=generator))) for _ in range(2)
        )
        states.append(first.merge(second))
    return states[0]


def class_statistics(
    features: Features, labels: Labels, *, classes: int, full: bool = True
) -> ClassStatistics:
    """Return the statistics of one batch, on the device of ``features``; see ``ClassStatistics``.

    Raises
    ------
    ValueError
        As ``ClassStatistics.empty`` and ``ClassStatistics.update`` do.
    """
    start = ClassStatistics.empty(classes, features.shape[-1], full=full, device=features.device)
    return start.update(features, labels)
