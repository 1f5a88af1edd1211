"""All collapse measures of one moment of training, as one row."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory.boundary import checked
from runtheory.collapse.conventions import Convention, centred_means, global_mean
from runtheory.collapse.geometry import (
    angle_error,
    angle_spread,
    bias_residual,
    norm_spread,
    self_duality,
)
from runtheory.collapse.statistics import ClassStatistics
from runtheory.collapse.variability import (
    PAPYAN,
    mean_distance_normalised_variance,
    trace_ratio,
    variability_collapse,
)


@dataclass(frozen=True)
class CollapseMeasures:
    """NC1 (three ways), NC2 of means and classifier, NC3, and the bias term; see each function."""

    variability: Tensor
    rank: Tensor
    trace_ratio: Tensor
    distance_normalised_variance: Tensor
    mean_norm_spread: Tensor
    mean_angle_error: Tensor
    mean_angle_spread: Tensor
    classifier_norm_spread: Tensor
    classifier_angle_error: Tensor
    classifier_angle_spread: Tensor
    self_duality: Tensor
    bias_residual: Tensor

    def row(self) -> dict[str, float]:
        """Return the measures as plain numbers; waits for the device once per number."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}


@checked
def collapse_measures(
    statistics: ClassStatistics,
    classifier: Float[Tensor, "class feature"],
    bias: Float[Tensor, "class"] | None,
    *,
    convention: Convention = PAPYAN,
) -> CollapseMeasures:
    """Return every measure that needs no sample any more (NC4 needs the samples).

    What has no value is NaN, one rule for all: 0/0, so that features that are all zero make every
    measure of variation and of angles NaN and the rank zero; a quotient x/0 is infinite.

    ``bias`` None stands for a head without a bias. Spreads use the divisor K.

    Raises
    ------
    ValueError
        If the statistics are not fit to be measured (``ClassStatistics.checked``), lack the scatter
        matrix, or the classifier has another shape than the class means.

    Examples
    --------
    >>> import torch
    >>> from runtheory.collapse import class_statistics, collapse_measures
    >>> draw = torch.Generator().manual_seed(0)
    >>> features, labels = torch.randn(60, 8, generator=draw), torch.arange(60) % 3
    >>> classifier = torch.randn(3, 8, generator=draw)
    >>> found = collapse_measures(class_statistics(features, labels, classes=3), classifier, None)
    >>> bool(found.variability > 1)
    True
    """
    if classifier.shape != statistics.means.shape:
        raise ValueError(
            f"the classifier must have shape {tuple(statistics.means.shape)}, "
            f"got {tuple(classifier.shape)}"
        )
    variability = variability_collapse(statistics, convention=convention)
    means = centred_means(statistics, convention.mean)
    offset = torch.zeros_like(means[:, 0]) if bias is None else bias
    return CollapseMeasures(
        variability=variability.value,
        rank=variability.rank,
        trace_ratio=trace_ratio(statistics, convention=convention),
        distance_normalised_variance=mean_distance_normalised_variance(statistics),
        mean_norm_spread=norm_spread(means),
        mean_angle_error=angle_error(means),
        mean_angle_spread=angle_spread(means),
        classifier_norm_spread=norm_spread(classifier),
        classifier_angle_error=angle_error(classifier),
        classifier_angle_spread=angle_spread(classifier),
        self_duality=self_duality(classifier, means),
        bias_residual=bias_residual(classifier, offset, global_mean(statistics, convention.mean)),
    )
