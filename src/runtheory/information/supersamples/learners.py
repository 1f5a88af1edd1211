"""Super-sample bounds of any learner with ``fit`` and ``predict``, scikit-learn's convention.

A fresh copy of the learner is trained for every mask of every super-sample; what it predicts on
both copies of each pair is all that the bounds look at, so that nothing need be known of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Shaped
from tqdm import tqdm

from runtheory import checks, lazy
from runtheory.boundary import checked
from runtheory.information.supersamples import symbols
from runtheory.information.supersamples.estimates import (
    POOLED_BOUNDS,
    EstimatedBound,
    estimated_bound,
    estimated_disintegrated_bound,
)
from runtheory.information.supersamples.supersample import (
    Outcomes,
    SuperSamples,
    draw_super_samples,
)


@runtime_checkable
class Learner(Protocol):
    """What is trained on inputs and labels and then predicts labels of inputs."""

    def fit(self, inputs: Any, labels: Any, /) -> object: ...

    def predict(self, inputs: Any, /) -> Any: ...


@dataclass(frozen=True)
class Draws:
    """How many super-samples, masks for each, and shuffles for a null band are drawn.

    Raises
    ------
    ValueError
        If a count is below one, or there is one mask in all.
    """

    groups: int = 20
    masks: int = 10
    permutations: int = 200

    def __post_init__(self) -> None:
        checks.at_least(1, groups=self.groups, masks=self.masks, permutations=self.permutations)
        checks.at_least(2, groups_times_masks=self.groups * self.masks)


@dataclass(frozen=True)
class LearnerBounds:
    """Errors of the learner on ``pairs`` training examples, and estimated bounds on their gap.

    ``bounds`` has an entry for each pooled bound of :mod:`estimates`, and with two masks or more
    the disintegrated bounds, given the super-sample, from predictions, pairs of losses and loss
    differences. None is a certificate; one inside its null band tells nothing.
    """

    train_error: float
    test_error: float
    bounds: Mapping[str, EstimatedBound]
    outcomes: Outcomes

    @property
    def gap(self) -> float:
        """Test error less training error."""
        return self.test_error - self.train_error


@checked
def super_sample_bounds(
    learner: Learner,
    inputs: Shaped[np.ndarray, "example ..."],
    labels: Shaped[np.ndarray, "example"],
    *,
    pairs: int,
    generator: torch.Generator,
    draws: Draws | None = None,
) -> LearnerBounds:
    """Estimate every super-sample bound on the gap of a learner of ``pairs`` examples.

    Super-samples of 2 x ``pairs`` examples are drawn and several training sets from each, as
    ``draws`` says; the learner is fitted groups x masks times, 200 without it. Its own randomness
    is part of it: leave ``random_state`` open, and two calls differ. What is not scikit-learn's is
    copied as it is, so it must not have seen an example. Labels may be any classes, also text.

    Raises
    ------
    TypeError
        If the learner has no ``fit`` and ``predict``.
    ValueError
        If inputs and labels differ in length, labels are no classes, ``predict`` does not give one
        class for each example, or on the terms of :func:`draw_super_samples`. What the learner
        raises is passed on, for example where a training set has one class only: take more pairs.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from runtheory.information import Draws, super_sample_bounds
    >>> class Nearest:
    ...     def fit(self, x, y):
    ...         self.x, self.y = x, y
    ...     def predict(self, x):
    ...         return self.y[((x[:, None] - self.x) ** 2).sum(2).argmin(1)]
    >>> draw = np.random.default_rng(0)
    >>> inputs = draw.normal(size=(400, 2))
    >>> labels = inputs[:, 0] + draw.normal(size=400) > 0
    >>> asked = {"generator": torch.Generator(), "draws": Draws(10, 4, permutations=5)}
    >>> found = super_sample_bounds(Nearest(), inputs, labels, pairs=20, **asked)
    >>> found.train_error, all(bound.value >= found.gap for bound in found.bounds.values())
    (0.0, True)
    """
    draws = Draws() if draws is None else draws
    plan = draw_super_samples(
        len(inputs), pairs=pairs, groups=draws.groups, masks=draws.masks, generator=generator
    )
    outcomes = learner_outcomes(learner, inputs, labels, plan)
    asked: dict[str, Any] = {
        "masks": outcomes.masks,
        "generator": generator,
        "permutations": draws.permutations,
    }
    found = {
        kind.name: estimated_bound(outcomes.losses, kind=kind, **asked) for kind in POOLED_BOUNDS
    }
    if draws.masks > 1:
        for name, codes in _codes(outcomes):
            found[name] = estimated_disintegrated_bound(codes, groups=outcomes.groups, **asked)
    return LearnerBounds(outcomes.train_error, outcomes.test_error, found, outcomes)


@checked
def learner_outcomes(
    learner: Learner,
    inputs: Shaped[np.ndarray, "example ..."],
    labels: Shaped[np.ndarray, "example"],
    plan: SuperSamples,
) -> Outcomes:
    """Fit one copy of the learner for every replicate and return its losses on both copies.

    ``predictions`` are the positions of the predicted labels among the sorted labels; one that is
    no label of the examples has the position after the last. A bar shows on a terminal what is
    done.

    Raises
    ------
    TypeError, ValueError
        On the terms of :func:`super_sample_bounds`.
    """
    points, classes, answers = _examples(learner, inputs, labels)
    train = plan.training_indices.cpu().numpy()
    both = plan.indices[plan.groups].cpu().numpy()  # (replicate, pair, 2)
    rows = []
    for own, asked in tqdm(list(zip(train, both, strict=True)), leave=False, disable=None):
        trained = _fresh(learner)
        trained.fit(points[own], classes[answers[own]])
        answer = _predicted(trained, points[asked.ravel()]).reshape(asked.shape)
        place = np.minimum(np.searchsorted(classes, answer), len(classes) - 1)
        rows.append(np.where(classes[place] == answer, place, len(classes)))
    predictions = np.stack(rows)
    losses = (predictions != answers[both]).astype(np.float64)
    wrong, said = (torch.from_numpy(part).to(plan.masks.device) for part in (losses, predictions))
    return Outcomes(wrong, said, plan.masks, plan.groups)


def _predicted(learner: Learner, points: np.ndarray) -> np.ndarray:
    answer = np.asarray(learner.predict(points))
    if answer.size != len(points):
        shape = f"{len(points)} examples, got shape {answer.shape}"
        raise ValueError(f"predict must give one class for each of {shape}")
    return answer


def _codes(outcomes: Outcomes) -> Iterator[tuple[str, torch.Tensor]]:
    classes = int(outcomes.predictions.max()) + 1
    yield (
        "given the super-sample, predictions",
        symbols.prediction_symbols(outcomes.predictions, classes=classes),
    )
    yield "given the super-sample, losses", symbols.loss_symbols(outcomes.losses)
    yield "given the super-sample, difference", symbols.difference_symbols(outcomes.losses)


def _examples(
    learner: Learner, inputs: Any, labels: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, the sorted classes, and the position of each example's label among them."""
    if not isinstance(learner, Learner):
        raise TypeError(f"a learner must have fit and predict, got {type(learner).__name__}")
    points, answers = np.asarray(inputs), np.asarray(labels)
    if answers.ndim != 1 or points.ndim < 1 or len(points) != len(answers):
        raise ValueError(
            "inputs and labels must have one row for each example, "
            f"got {points.shape} and {answers.shape}"
        )
    if answers.dtype.kind not in "biuUS":
        raise ValueError(f"labels must be integers, truth values or text, got {answers.dtype}")
    classes, position = np.unique(answers, return_inverse=True)
    return points, classes, position


def _fresh(learner: Learner) -> Learner:
    """Return an untrained copy: a clone for scikit-learn's estimators, which knows what was set."""
    if hasattr(learner, "get_params"):
        with lazy.needed_by(__name__, extra="data"):
            from sklearn.base import clone

        cloned: Learner = clone(learner)
        return cloned
    return copy.deepcopy(learner)
