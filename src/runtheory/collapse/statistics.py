"""One streaming state for every class statistic that measures of collapse need.

``ClassStatistics`` is a value: ``update`` and ``merge`` return a new one. Sums of squares are kept
as deviations from the class means and joined by the pairwise formula of Chan, Golub and LeVeque,

    n = a + b,   mean = mean_a + (b/n) D,   M = M_a + M_b + (a b/n) D D',   D = mean_b - mean_a,

so that an offset common to all features (the normal case after a ReLU) costs no digits. A batch is
joined by one product of its own size, whatever the number of classes: with a old and b new samples
of a class and D as above,

    M = M_a + sum (h - c)(h - c)',   c = mean_a + (1 - sqrt(a/n)) D,

for the sum over the batch about c is that about its own mean plus b (a/n) D D'. The mean of a class
starts at its first sample: samples that are all equal have exactly their value for a mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from jaxtyping import Float, Float64, Int64, Integer
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import AnyLabels, Features

Batch = tuple[Float[Tensor, "_ feature"], Integer[Tensor, "_"]]
"""Features and labels of one length, which may differ from batch to batch."""


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

    def update(self, features: Features, labels: AnyLabels) -> ClassStatistics:
        """Return the state after one more batch; ``update_all`` spares the copies between batches.

        Labels may be of any integer type. On an accelerator nothing here waits for the device: a
        refused sample is left out and counted, and the first metric that reads the state raises.
        On the CPU it raises at once.

        Raises
        ------
        ValueError
            If the shapes do not fit the state; on the CPU also if a label is out of range or a
            feature is not finite.
        TypeError
            If the labels are not whole numbers.
        """
        return self.update_all([(features, labels)])

    def update_all(self, batches: Iterable[Batch]) -> ClassStatistics:
        """Return the state after all pairs of features and labels; raises as ``update`` does.

        Examples
        --------
        >>> import torch
        >>> from runtheory.collapse import ClassStatistics
        >>> features = torch.tensor([[0.0, 1.0], [2.0, 1.0], [5.0, 0.0]])
        >>> start = ClassStatistics.empty(classes=2, width=2)
        >>> state = start.update_all([(features, torch.tensor([0, 0, 1]))])
        >>> state.means.tolist()
        [[1.0, 1.0], [5.0, 0.0]]
        """
        own = ClassStatistics.from_tensors({k: v.clone() for k, v in self.tensors().items()})
        for features, labels in batches:
            own._take(features.detach(), own._checked_labels(features, labels))
        return own

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
            more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
            raise ValueError(
                f"every class needs a sample, got none for the classes {missing[:10]}{more}"
            )
        return self

    def _checked_labels(self, features: Tensor, labels: Tensor) -> Tensor:
        if features.ndim != 2 or features.shape[1] != self.width:
            shape = tuple(features.shape)
            raise ValueError(f"features must have shape (batch, {self.width}), got {shape}")
        return tensor_checks.class_labels(labels, classes=self.classes, batch=len(features))

    def _take(self, values: Tensor, label: Tensor) -> None:
        """Join a batch, in place; its samples may be at fault only where values cannot be read."""
        if tensor_checks.readable(values) or len(values) == 0:
            good = torch.ones_like(label, dtype=torch.bool)
            self._begin(values, label, good)
            self._join(values, label, good.to(torch.int64))
            # A feature that is not finite leaves its mark: the batch is looked through only then.
            if not bool(torch.isfinite(self.square_deviations).all()):
                tensor_checks.finite(features=values)
                raise ValueError("squares of features must be finite, got an overflow of float64")
            return
        good = (label >= 0) & (label < self.classes) & torch.isfinite(values).all(1)
        label = label.clamp(0, self.classes - 1)
        self._begin(values, label, good)
        # A refused sample is laid on the old mean of its class, where it adds nothing.
        kept = torch.where(good[:, None], values, self.means.index_select(0, label))
        self._join(kept, label, good.to(torch.int64))

    def _join(self, values: Tensor, label: Tensor, ones: Tensor) -> None:
        """Join a batch, in place and by one product, that of the rows h - c of the module's text.

        A sample with a zero in ``ones`` is refused, and has to lie on the old mean of its class.
        """
        before = self.means.index_select(0, label)  # (batch, feature)
        old = self.counts.index_select(0, label).to(torch.float64)
        self.counts.index_add_(0, label, ones)
        self.faults.add_(len(label) - ones.sum())
        new = self.counts.clamp(min=1).index_select(0, label).to(torch.float64)
        gaps = values.to(torch.float64, copy=True).sub_(before)
        self.means.index_add_(0, label, gaps / new[:, None])
        moved = self.means.index_select(0, label).sub_(before)  # b/n of D
        reach = ones / (1 + (old / new).sqrt())  # 1 - sqrt(a/n) is this times 1 - a/n = b/n
        rows = gaps.addcmul_(moved, reach[:, None], value=-1)
        squares = torch.linalg.vector_norm(rows, dim=1).square()
        self.square_deviations.index_add_(0, label, squares)
        if self.scatter is not None:
            self.scatter.addmm_(rows.T, rows)

    def _begin(self, values: Tensor, label: Tensor, good: Tensor) -> None:
        """Lay the zero mean of each empty class on its first good sample, in place."""
        size = len(label)
        new = good & (self.counts.index_select(0, label) == 0)
        place = torch.arange(size, device=label.device)
        first = torch.full_like(self.counts, size)
        first.scatter_reduce_(0, label, place.masked_fill(~new, size), "amin")
        chosen = place == first.index_select(0, label)  # one sample of an empty class
        if tensor_checks.readable(values):
            at = chosen.nonzero().flatten()
            self.means.index_copy_(0, label[at], values[at].to(torch.float64))
        else:  # the same without waiting for their number
            self.means.index_add_(0, label, torch.where(chosen[:, None], values, 0).double())

    def _check_partner(self, other: ClassStatistics) -> None:
        if self.means.shape != other.means.shape:
            mine, theirs = tuple(self.means.shape), tuple(other.means.shape)
            raise ValueError(f"both states need the same (classes, width), got {mine} and {theirs}")
        if (self.scatter is None) != (other.scatter is None):
            raise ValueError(
                "both states must keep the scatter matrix or neither, "
                f"got full={self.scatter is not None} and full={other.scatter is not None}"
            )


@checked
def merge_all(
    parts: Iterable[ClassStatistics], *, generator: torch.Generator | None = None
) -> ClassStatistics:
    """Return the state of all parts together, merged from left to right.

    With a ``generator`` (on the CPU) a random tree is merged, to show that order does not matter.

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


@checked
def class_statistics(
    features: Features, labels: AnyLabels, *, classes: int, full: bool = True
) -> ClassStatistics:
    """Return the statistics of one batch, on the device of ``features``; see ``ClassStatistics``.

    Raises
    ------
    ValueError
        As ``ClassStatistics.empty`` and ``ClassStatistics.update`` do.

    Examples
    --------
    >>> import torch
    >>> from runtheory.collapse import class_statistics
    >>> features = torch.tensor([[0.0, 1.0], [2.0, 1.0], [5.0, 0.0]])
    >>> state = class_statistics(features, torch.tensor([0, 0, 1]), classes=2)
    >>> state.counts, state.means
    (tensor([2, 1]), tensor([[1., 1.],
            [5., 0.]], dtype=torch.float64))
    """
    start = ClassStatistics.empty(classes, features.shape[-1], full=full, device=features.device)
    return start.update(features, labels)
