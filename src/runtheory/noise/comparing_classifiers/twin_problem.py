"""Two normal classes on which two algorithms are equally good, and tests of them can be tried.

Chapter: comparing classifiers. The second algorithm is the first with other features, as good and
as many: both have one expected risk, and whoever calls them different errs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.hypothesis_tests import REPLICATES


@dataclass(frozen=True)
class Rules:
    """Linear rules on one data set each: class 1 where weight . x + offset > 0."""

    weight: Float[Tensor, "repeat feature"]
    offset: Float[Tensor, " repeat"]

    def right(
        self, inputs: Float[Tensor, "repeat example feature"], labels: Bool[Tensor, " example"]
    ) -> Bool[Tensor, "repeat example"]:
        """Return whether each rule is right on each of its examples."""
        scores = torch.einsum("rnd,rd->rn", inputs, self.weight) + self.offset[:, None]
        return (scores > 0) == labels


@dataclass(frozen=True)
class TwinProblem:
    r"""Two normal classes $N(\pm\mu, I)$ whose features come in two halves, each as good.

    There are ``features`` coordinates in each half, and the means of the classes lie ``distance``
    apart in each coordinate.

    Raises
    ------
    ValueError
        If there is no feature, or the distance is not positive and finite.
    """

    features: int
    distance: float

    def __post_init__(self) -> None:
        checks.at_least(1, features=self.features)
        checks.positive_finite(distance=self.distance)

    def draw(
        self, repeats: int, examples: int, *, generator: torch.Generator
    ) -> tuple[Float[Tensor, "repeat example feature"], Bool[Tensor, " example"]]:
        """Return ``repeats`` data sets (float64, both halves of features) and their labels.

        The labels alternate and are the same in all of them.

        Raises
        ------
        ValueError
            If there is no repeat, or fewer than four examples.
        """
        checks.at_least(1, repeats=repeats)
        checks.at_least(4, examples=examples)
        device = generator.device
        labels = torch.arange(examples, device=device) % 2 == 1
        shape = (repeats, examples, 2 * self.features)
        noise = torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
        return noise + self.distance * (labels.double()[:, None] - 0.5), labels

    def halves(self) -> tuple[slice, slice]:
        """Return the features of the first algorithm and those of the second."""
        return slice(0, self.features), slice(self.features, 2 * self.features)

    def risk(self, rules: Rules) -> Float[Tensor, " repeat"]:
        """Return the probability that each rule on features of this kind errs on a new example."""
        length = rules.weight.norm(dim=1)
        reach = self.distance / 2 * rules.weight.sum(1)
        ends = ((side * rules.offset - reach) / length for side in (1, -1))
        return torch.stack([torch.special.ndtr(end) for end in ends]).mean(0)


@checked
def nearest_means(
    inputs: Float[Tensor, "repeat example feature"],
    labels: Bool[Tensor, " example"],
    trained: Bool[Tensor, "repeat example"],
) -> Rules:
    """Return the rule that chooses the nearer class mean, of the examples that are ``trained`` on.

    Raises
    ------
    ValueError
        If shapes do not fit, an input is not finite, or a class has no such example in one of
        the data sets.
    """
    tensor_checks.finite(inputs=inputs)
    if inputs.shape[:2] != trained.shape or labels.shape != inputs.shape[1:2]:
        raise ValueError(
            f"inputs {tuple(inputs.shape)} need labels {tuple(inputs.shape[1:2])} and trained "
            f"{tuple(inputs.shape[:2])}, got {tuple(labels.shape)} and {tuple(trained.shape)}"
        )
    sides = [(trained & (labels == side)).to(inputs.dtype) for side in (True, False)]
    if tensor_checks.readable(trained) and min(float(side.sum(1).min()) for side in sides) == 0:
        raise ValueError("each class needs an example to train on in every data set")
    upper, lower = (
        torch.einsum("rn,rnd->rd", side, inputs) / side.sum(1, keepdim=True) for side in sides
    )
    weight = upper - lower
    return Rules(weight, -(weight * (upper + lower)).sum(1) / 2)


@checked
def error_differences(
    problem: TwinProblem,
    inputs: Float[Tensor, "repeat example feature"],
    labels: Bool[Tensor, " example"],
    trained: Bool[Tensor, "repeat example"],
) -> Float[Tensor, " repeat"]:
    """Return the error rate of the first algorithm less the second's, on what is not trained on."""
    first, second = (
        nearest_means(part, labels, trained).right(part, labels)
        for part in (inputs[..., half] for half in problem.halves())
    )
    difference = second.double() - first.double()  # an error less is an answer more
    return (difference * ~trained).sum(1) / (~trained).sum(1)


@checked
def random_subsets(
    repeats: int, examples: int, chosen: int, *, generator: torch.Generator
) -> Bool[Tensor, "repeat example"]:
    """Return ``chosen`` of the examples at random, in each repeat anew.

    Raises
    ------
    ValueError
        If there is no repeat, or unless 0 <= chosen <= examples.
    """
    checks.at_least(1, repeats=repeats)
    checks.in_interval(0, examples, chosen=chosen)
    scores = torch.rand((repeats, examples), generator=generator, device=generator.device)
    least = scores.topk(chosen, dim=1, largest=False, sorted=False).indices
    return torch.zeros_like(scores, dtype=torch.bool).scatter(1, least, True)


@checked
def split_differences(
    problem: TwinProblem, repeats: int, examples: int, splits: int, *, generator: torch.Generator
) -> Float[Tensor, "repeat split"]:
    """Return differences of error rates over random splits, two thirds trained on.

    One data set of ``examples`` for each repeat; raises as :meth:`TwinProblem.draw`, and
    ``ValueError`` without a split or where a class is left without an example to train on.
    """
    checks.at_least(1, splits=splits)
    inputs, labels = problem.draw(repeats, examples, generator=generator)
    size = round(2 * examples / 3)
    found = [
        error_differences(
            problem,
            inputs,
            labels,
            random_subsets(repeats, examples, size, generator=generator),
        )
        for _ in range(splits)
    ]
    return torch.stack(found, dim=1)


@checked
def five_by_two_differences(
    problem: TwinProblem, repeats: int, examples: int, *, generator: torch.Generator
) -> Float[Tensor, "repeat replicate half"]:
    """Return differences of error rates of five replicates of two-fold cross-validation.

    One data set of ``examples`` for each repeat; raises as :func:`split_differences`.
    """
    inputs, labels = problem.draw(repeats, examples, generator=generator)
    found = []
    for _ in range(REPLICATES):
        half = random_subsets(repeats, examples, examples // 2, generator=generator)
        pair = [error_differences(problem, inputs, labels, side) for side in (half, ~half)]
        found.append(torch.stack(pair, dim=1))
    return torch.stack(found, dim=1)


@checked
def split_correlation(differences: Float[Tensor, "repeat split"]) -> float:
    """Return the correlation of two splits of one data set, differences having mean zero.

    Raises
    ------
    ValueError
        If there are fewer than two splits, or no difference but zero.
    """
    splits = differences.shape[1]
    checks.at_least(2, splits=splits)
    square = float((differences**2).mean())
    checks.positive_finite(**{"the mean square": square})
    sums = float((differences.sum(1) ** 2).mean())
    return (sums / square - splits) / (splits * (splits - 1))


@checked
def replicate_correlations(
    differences: Float[Tensor, "repeat 5 2"],
) -> tuple[float, float]:
    """Return the correlation within a replicate and between two, differences having mean zero.

    Raises
    ------
    ValueError
        If no difference is other than zero.
    """
    square = float((differences**2).mean())
    checks.positive_finite(**{"the mean square": square})
    within = float((differences[..., 0] * differences[..., 1]).mean()) / square
    sums = differences.sum(2)  # (repeat, replicate)
    crossed = float((sums.sum(1) ** 2 - (sums**2).sum(1)).mean()) / square
    return within, crossed / (4 * REPLICATES * (REPLICATES - 1))


class Selected(NamedTuple):
    """Error rates of the candidate that validated best, each of shape (repeat,)."""

    validated: Float[Tensor, " repeat"]
    tested: Float[Tensor, " repeat"]
    risk: Float[Tensor, " repeat"]


@checked
def selected_errors(
    repeats: int, candidates: int, *, features: int, examples: int, generator: torch.Generator
) -> Selected:
    """Return what is measured of the best of several candidates, and its risk.

    Each candidate has ``features`` coordinates of its own, whose class means lie 1 apart. Of the
    ``examples`` half are trained on; a quarter validates, and the candidate with the fewest errors
    there is chosen (the first among equals); the last quarter tests it.

    Raises
    ------
    ValueError
        If there is no candidate, if features times candidates is odd, or as
        :meth:`TwinProblem.draw`.
    """
    checks.at_least(1, candidates=candidates, features=features)
    half, odd = divmod(candidates * features, 2)
    if odd:
        raise ValueError(f"features times candidates must be even, got {candidates * features}")
    problem = TwinProblem(half, 1.0)
    inputs, labels = problem.draw(repeats, examples, generator=generator)
    place = torch.arange(examples, device=inputs.device)
    trained = (place < examples // 2).expand(repeats, -1)
    validating, testing = (
        slice(examples // 2, 3 * examples // 4),
        slice(3 * examples // 4, examples),
    )
    found = []  # for each candidate (kind of error, repeat)
    for part in inputs.split(features, dim=2):
        rules = nearest_means(part, labels, trained)
        wrong = (~rules.right(part, labels)).double()
        rates = [wrong[:, quarter].mean(1) for quarter in (validating, testing)]
        found.append(torch.stack([*rates, problem.risk(rules)]))
    table = torch.stack(found)  # (candidate, kind of error, repeat)
    best = table[:, 0].argmin(0)
    return Selected(*table[best, :, torch.arange(repeats)].T)
