"""Near collapse to first order: where features held near an almost collapsed place settle.

The model is that of :mod:`runtheory.collapse.near`, with classes of one size. Let the class means
of H_0 have the singular values rho_i (one class a column) and let its deviations be small. By
theorem thm-near-collapse the global minimiser of the collapsed problem keeps the singular vectors
and moves each length rho to the eta >= 0 that minimises

    K l_W / (K l_W + eta^2) + l_H eta^2 + beta (eta - rho)^2,     omega = eta / (eta^2 + K l_W),

omega being the singular value of the classifier there. Deviations then shrink, to first order, by
beta/(beta + l_H + omega^2) along a mode and by beta/(beta + l_H) in directions that no mode has.
Beside the length of its mode this is

    (deviation / length) / (given deviation / given length) = beta rho / (beta rho + omega).

[tirer2023perturbation]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.collapse.near import Classifier, Columns, NearCollapse, deviations

REAL = 1e-8  # an imaginary part of this size, beside the root, is rounding

Modes = Float64[Tensor, "mode"]


@dataclass(frozen=True)
class SettledModes:
    """Lengths of the class means before and after, mode by mode, and the shrinkage of deviations.

    ``given`` are rho, ``features`` eta and ``classifier`` omega of the module's first lines;
    ``seen`` and ``unseen`` are the factors of the deviations along a mode and off all modes.
    """

    given: Modes
    features: Modes
    classifier: Modes
    seen: Modes
    unseen: float

    @property
    def ratios(self) -> Modes:
        """Return (beta rho / (beta rho + omega))^2: NC1 along a mode, after beside before."""
        return (self.seen * self.given / self.features).square()


@checked
def settled_modes(model: NearCollapse, lengths: Modes) -> SettledModes:
    """Return where modes of the class means settle if no feature deviates from its mean.

    Of several minima of a mode the lowest is taken (equation of the module's first lines).

    Parameters
    ----------
    lengths
        The singular values rho of the class means of H_0, one class a column; positive.

    Raises
    ------
    ValueError
        If the classes differ in size, the hold ``proximity`` is zero, or a length is not positive
        and finite.

    Examples
    --------
    >>> import torch
    >>> from runtheory.collapse.near import NearCollapse
    >>> from runtheory.collapse.settled import settled_modes
    >>> labels = torch.arange(4).repeat_interleave(5)
    >>> model = NearCollapse(labels, 4, 0.01, 0.05, 0.2)
    >>> settled_modes(model, torch.ones(4, dtype=torch.float64)).ratios.round(decimals=3)
    tensor([0.0280, 0.0280, 0.0280, 0.0280], dtype=torch.float64)
    """
    _require_settling(model)
    tensor_checks.finite(lengths=lengths)
    if not bool((lengths > 0).all()):
        raise ValueError(f"lengths must be positive, got {float(lengths.min())}")
    floor, width = model.proximity + model.feature_penalty, model.classes * model.classifier_penalty
    found = [_lowest(model, float(length)) for length in lengths]
    features = torch.tensor(found, dtype=torch.float64)
    classifier = features / (features.square() + width)
    seen = model.proximity / (floor + classifier.square())
    return SettledModes(lengths, features, classifier, seen, model.proximity / floor)


@checked
def decay_slopes(model: NearCollapse, lengths: Modes) -> Float64[Tensor, "mode decay"]:
    """Return the derivatives of log ``ratios`` in l_W and in l_H, mode by mode (two columns).

    From the equation of a mode, by implicit differentiation (proposition
    prop-decays-near-collapse); the first is positive and the second negative where
    eta^2 > K l_W and the minimum is not flat. Raises as ``settled_modes`` does.
    """
    modes = settled_modes(model, lengths)
    width, length, rows = model.classes * model.classifier_penalty, modes.features, modes.classifier
    scale = length.square() + width
    floor = model.proximity + model.feature_penalty
    bend = floor - width * (width - 3 * length.square()) / scale**3  # half of g''
    by_width = length * (length.square() - width) / scale**3 / bend
    by_decay = -length / bend
    tilt = 1 / length - 2 * length / scale  # of log omega in eta
    growth = torch.stack([model.classes * (tilt * by_width - 1 / scale), tilt * by_decay], dim=1)
    share = rows / (model.proximity * lengths + rows)
    return -2 * share[:, None] * growth


@checked
def settled_features(model: NearCollapse, initial: Columns) -> Columns:
    """Return the minimising features to first order in the deviations of ``initial``.

    The class means settle as if nothing deviated, the deviations shrink as the module's first lines
    say. What is left out is of second order in the deviations.

    Raises
    ------
    ValueError
        As ``settled_modes`` does; the class means must have K singular values above zero, so there
        are at least K features.
    """
    within = deviations(model, initial)
    first = [int((model.labels == k).nonzero()[0, 0]) for k in range(model.classes)]
    means = (initial - within)[:, first]  # (feature, class)
    left, lengths, right = torch.linalg.svd(means, full_matrices=False)
    if len(lengths) < model.classes:
        raise ValueError(f"{model.classes} classes need as many features, got {len(initial)}")
    modes = settled_modes(model, lengths)
    placed = (left * modes.features) @ right
    seen = (left * (modes.seen - modes.unseen)) @ (left.T @ within)
    return placed[:, model.labels] + modes.unseen * within + seen


@checked
def mean_pull(
    model: NearCollapse, classifier: Classifier, features: Columns
) -> tuple[float, float]:
    """Return the two sides that decide whether a stationary point is more collapsed than H_0.

    ``||W' (Y - W H-)||^2`` and ``2 (l_H + beta) (N l_W ||W||^2 + ||W H~||^2)``, H- the class means
    in each column. At a stationary point beta^2 times the squared size of the given means is
    (l_H + beta)^2 ||H-||^2, less the second, plus the first; so ||H~||^2/||H-||^2 is below its
    value at H_0 where the first is at most the second (theorem thm-closer-than-given).

    Raises
    ------
    ValueError
        If the features have another number of samples than the labels, or the classifier another
        number of classes or features.
    """
    within = deviations(model, features)
    if classifier.shape != (model.classes, features.shape[0]):
        raise ValueError(
            f"the classifier must have shape {(model.classes, features.shape[0])}, "
            f"got {tuple(classifier.shape)}"
        )
    residual = model.targets() - classifier @ (features - within)  # (class, sample)
    spent = len(model.labels) * model.classifier_penalty * classifier.square().sum()
    spent = spent + (classifier @ within).square().sum()
    floor = model.feature_penalty + model.proximity
    return float((classifier.T @ residual).square().sum()), float(2 * floor * spent)


def _lowest(model: NearCollapse, length: float) -> float:
    """Return the eta at which a mode of the given length costs least."""
    floor, width = model.proximity + model.feature_penalty, model.classes * model.classifier_penalty
    # (floor eta - beta rho) (width + eta^2)^2 = width eta, highest power first
    line, square = [floor, -model.proximity * length], [1.0, 0.0, width]
    slope = np.polysub(np.polymul(line, np.polymul(square, square)), [width, 0.0])
    roots = np.roots(slope)
    real = roots.real[(np.abs(roots.imag) <= REAL * np.abs(roots)) & (roots.real > 0)]
    hold = model.proximity * (real - length) ** 2
    cost = width / (width + real**2) + model.feature_penalty * real**2 + hold
    return float(real[cost.argmin()])


def _require_settling(model: NearCollapse) -> None:
    counts = torch.bincount(model.labels)
    if not model.proximity > 0 or int(counts.min()) < int(counts.max()):
        raise ValueError(
            "settling is solved for classes of one size and proximity above zero, "
            f"got {counts.tolist()} and {model.proximity}"
        )
