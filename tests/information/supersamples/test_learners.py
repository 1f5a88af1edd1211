from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from runtheory.information.supersamples import symbols
from runtheory.information.supersamples.estimates import (
    DIFFERENCE,
    estimated_bound,
    estimated_disintegrated_bound,
    interpolation_identity,
)
from runtheory.information.supersamples.learners import (
    Draws,
    learner_outcomes,
    super_sample_bounds,
)
from runtheory.information.supersamples.supersample import draw_super_samples
from runtheory.randomness import stream
from tests.information.shared import unchecked


def noisy_halves(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    points = draw.normal(size=(count, 3))
    return points, (points[:, 0] + draw.normal(size=count) > 0).astype(np.int32)


class Constant:
    """Predicts the commonest label of its training set."""

    def fit(self, points: np.ndarray, labels: np.ndarray) -> None:
        kinds, counts = np.unique(labels, return_counts=True)
        self.answer = kinds[counts.argmax()]

    def predict(self, points: np.ndarray) -> np.ndarray:
        return np.full(len(points), self.answer)


def test_outcomes_are_those_of_a_loop_over_replicates() -> None:
    points, labels = noisy_halves()
    plan = draw_super_samples(300, pairs=25, groups=3, masks=2, generator=stream(0, "plan"))
    found = learner_outcomes(LogisticRegression(), points, labels, plan)
    for replicate in range(6):
        pairs = plan.indices[plan.groups[replicate]].numpy()
        chosen = [int(pair[bit]) for pair, bit in zip(pairs, plan.masks[replicate], strict=True)]
        model = LogisticRegression().fit(points[chosen], labels[chosen])
        for column in range(2):
            said = model.predict(points[pairs[:, column]])
            np.testing.assert_array_equal(found.predictions[replicate, :, column], said)
            wrong = said != labels[pairs[:, column]]
            np.testing.assert_array_equal(found.losses[replicate, :, column], wrong)


def test_one_call_gives_every_bound_of_a_regression() -> None:
    points, labels = noisy_halves()
    asked: dict[str, Any] = {"pairs": 25, "groups": 12, "masks": 6}
    found = super_sample_bounds(
        LogisticRegression(),
        points,
        labels,
        pairs=25,
        generator=stream(1, "all"),
        draws=Draws(12, 6, permutations=20),
    )
    assert len(found.bounds) == 7
    assert 0 < found.train_error < found.test_error < 0.5
    again = stream(1, "all")
    plan = draw_super_samples(300, generator=again, **asked)
    outcomes = learner_outcomes(LogisticRegression(), points, labels, plan)
    assert torch.equal(outcomes.losses, found.outcomes.losses)
    alone = estimated_bound(
        outcomes.losses, outcomes.masks, kind=DIFFERENCE, generator=again, permutations=2
    )
    assert found.bounds[DIFFERENCE.name].value == alone.value
    codes = symbols.prediction_symbols(outcomes.predictions, classes=2)
    given = estimated_disintegrated_bound(
        codes, outcomes.masks, outcomes.groups, generator=again, permutations=2
    )
    assert found.bounds["given the super-sample, predictions"].value == given.value
    for name in ("root, difference", "fast rate", "coin (binary kl)"):
        assert found.gap <= found.bounds[name].value
    for masks, bounds in ((1, 4), (2, 7)):  # one mask tells nothing given the super-sample
        drawn = super_sample_bounds(
            Constant(),
            points,
            labels,
            pairs=9,
            generator=stream(2, "few"),
            draws=Draws(masks=masks, permutations=2),
        )
        assert len(drawn.bounds) == bounds


def test_a_tree_learns_by_heart_and_the_identity_gives_its_test_error() -> None:
    points, labels = noisy_halves()
    text = np.where(labels == 1, "right", "left")
    found = super_sample_bounds(
        DecisionTreeClassifier(random_state=0),
        points,
        text,
        pairs=30,
        generator=stream(3, "tree"),
        draws=Draws(8, 4, permutations=2),
    )
    assert found.train_error == 0
    assert found.gap == found.test_error
    identity = interpolation_identity(found.outcomes.losses, found.outcomes.masks)
    assert identity == pytest.approx(found.test_error, abs=1e-12)


def test_the_learner_that_is_handed_over_stays_untrained_and_unknown_answers_are_wrong() -> None:
    points, labels = noisy_halves(40)
    model, constant = LogisticRegression(C=3.0), Constant()
    for learner in (model, constant):
        super_sample_bounds(
            learner,
            points,
            labels,
            pairs=12,
            generator=stream(4, "fresh"),
            draws=Draws(2, 2, permutations=2),
        )
    assert not hasattr(model, "coef_")
    assert not hasattr(constant, "answer")

    class Stranger(Constant):
        def predict(self, points: np.ndarray) -> np.ndarray:
            return np.where(np.arange(len(points)) % 2 == 0, -5, 7)

    plan = draw_super_samples(40, pairs=5, groups=1, masks=2, generator=stream(5, "plan"))
    found = learner_outcomes(Stranger(), points, labels, plan)
    assert found.losses.min() == 1
    assert set(found.predictions.flatten().tolist()) == {2}

    class Scoring(Constant):
        def predict(self, points: np.ndarray) -> np.ndarray:
            return np.zeros((len(points), 2))

    with pytest.raises(ValueError, match=r"one class for each of 10 examples, got shape \(10, 2\)"):
        learner_outcomes(Scoring(), points, labels, plan)


def test_wrong_arguments_of_learners_are_named() -> None:
    points, labels = noisy_halves(40)
    call = unchecked(super_sample_bounds)
    for values, error, text in [
        ((object(), points, labels), TypeError, "learner must be a Learner, got object"),
        ((Constant(), points, labels[:9]), ValueError, "labels must have example = 40"),
        (
            (Constant(), points, labels[:, None]),
            ValueError,
            r"labels must have the axes \(example\)",
        ),
        ((Constant(), points, labels * 0.5), ValueError, "labels must be integers, truth values"),
        ((Constant(), points[:4], labels[:4]), ValueError, "needs 10 examples, got 4"),
    ]:
        with pytest.raises(error, match=text):
            call(*values, pairs=5, generator=stream(6, "wrong"), draws=Draws(2, 2))
    for wrong in ((0, 2), (2, 0), (1, 1)):
        with pytest.raises(ValueError, match="must be at least"):
            Draws(*wrong)
