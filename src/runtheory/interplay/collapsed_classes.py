"""What dropout with visible zeros leaves of the label, where each class is a single point."""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import Real

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

WIDEST = 16  # all 2^width masks are listed


@checked
def label_information(means: Real[np.ndarray, "class feature"], *, rate: float) -> float:
    """Return I(Y; T) in nats: Y a uniform label, T its class mean after dropout of ``rate``.

    Given the mask, T is a function of Y, so the information is the mean over all masks of the
    entropy of the groups of classes whose kept coordinates agree [prop-collapsed-channel]. It lies
    in [0, log K].

    Raises
    ------
    ValueError
        If the rate lies outside [0, 1], there are no classes or more than 16 coordinates, or a
        mean is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from runtheory.interplay.collapsed_classes import label_information
    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> [round(label_information(corners, rate=rate), 4) for rate in (0.0, 0.5, 1.0)]
    [1.3863, 0.6931, 0.0]
    """
    checks.in_interval(0, 1, rate=rate)
    if means.ndim != 2:
        raise ValueError(f"means must have shape (class, feature), got {means.shape}")
    tensor_checks.finite(means=means)
    classes, width = means.shape
    checks.at_least(1, classes=classes)
    checks.in_interval(0, WIDEST, width=width)
    total = 0.0
    for mask in itertools.product((False, True), repeat=width):
        chance = (1 - rate) ** sum(mask) * rate ** (width - sum(mask))
        _, sizes = np.unique(means[:, list(mask)], axis=0, return_counts=True)
        shares = sizes / classes  # of each group of classes that this mask leaves alike
        total -= chance * float(shares @ np.log(shares))
    return total
