"""The twin problem: rules, risks and differences against loops, sums and fresh examples."""

from __future__ import annotations

import re

import pytest
import torch

from runtheory.noise.comparing_classifiers import twin_problem
from runtheory.noise.comparing_classifiers.twin_problem import Rules, TwinProblem, nearest_means
from runtheory.randomness import stream

PROBLEM = TwinProblem(3, 0.8)


def test_a_rule_chooses_the_nearer_mean() -> None:
    inputs, labels = PROBLEM.draw(4, 30, generator=stream(0, "data"))
    trained = twin_problem.random_subsets(4, 30, 21, generator=stream(0, "split"))
    right = nearest_means(inputs, labels, trained).right(inputs, labels)
    for repeat in range(4):
        used = trained[repeat]
        upper = inputs[repeat][used & labels].mean(0)
        lower = inputs[repeat][used & ~labels].mean(0)
        for place in range(30):
            point = inputs[repeat, place]
            nearer = bool((point - upper).norm() < (point - lower).norm())
            assert bool(right[repeat, place]) == (nearer == bool(labels[place]))


def test_the_risk_is_the_share_of_errors_on_new_examples() -> None:
    inputs, labels = PROBLEM.draw(2, 20, generator=stream(1, "data"))
    rules = nearest_means(inputs, labels, torch.ones(2, 20, dtype=torch.bool))
    new, new_labels = PROBLEM.draw(1, 400_000, generator=stream(1, "new"))
    errors = 1 - rules.right(new.expand(2, -1, -1), new_labels).double().mean(1)
    risk = PROBLEM.risk(rules)
    assert ((errors - risk).abs() < 4.5 * (risk * (1 - risk) / 400_000).sqrt()).all()


def test_the_best_rule_has_the_known_risk() -> None:
    best = Rules(torch.ones(1, 6, dtype=torch.float64), torch.zeros(1, dtype=torch.float64))
    expected = torch.special.ndtr(torch.tensor(-0.4 * 6**0.5, dtype=torch.float64))
    torch.testing.assert_close(PROBLEM.risk(best)[0], expected)


def test_the_two_algorithms_are_exchangeable() -> None:
    inputs, labels = PROBLEM.draw(50, 24, generator=stream(2, "data"))
    trained = twin_problem.random_subsets(50, 24, 12, generator=stream(2, "split"))
    first, second = PROBLEM.halves()
    turned = torch.cat([inputs[..., second], inputs[..., first]], dim=2)
    there = twin_problem.error_differences(PROBLEM, inputs, labels, trained)
    back = twin_problem.error_differences(PROBLEM, turned, labels, trained)
    assert torch.equal(there, -back)
    assert there.abs().max() > 0


def test_a_difference_counts_the_examples_left_out() -> None:
    inputs, labels = PROBLEM.draw(1, 12, generator=stream(3, "data"))
    trained = twin_problem.random_subsets(1, 12, 8, generator=stream(3, "split"))
    errors = []
    for half in PROBLEM.halves():
        part = inputs[..., half]
        right = nearest_means(part, labels, trained).right(part, labels)
        errors.append(sum(not r for r, used in zip(right[0], trained[0], strict=True) if not used))
    difference = twin_problem.error_differences(PROBLEM, inputs, labels, trained)
    assert difference.item() == pytest.approx((errors[0] - errors[1]) / 4)


def test_subsets_are_even_and_of_their_size() -> None:
    chosen = twin_problem.random_subsets(4000, 7, 3, generator=stream(4, "split"))
    assert chosen.sum(1).unique().tolist() == [3]
    share = 3 / 7
    error = (share * (1 - share) / 4000) ** 0.5
    assert ((chosen.double().mean(0) - share).abs() < 4.5 * error).all()


def test_shapes_and_halves_of_the_differences() -> None:
    splits = twin_problem.split_differences(PROBLEM, 6, 15, 4, generator=stream(5, "a"))
    assert splits.shape == (6, 4)
    assert torch.equal((splits * 5).round(), splits * 5)  # a third of 15 is tested
    replicates = twin_problem.five_by_two_differences(PROBLEM, 6, 16, generator=stream(5, "b"))
    assert replicates.shape == (6, 5, 2)
    assert torch.equal((replicates * 8).round(), replicates * 8)


def test_correlations_of_made_up_differences() -> None:
    normal = torch.randn(200_000, 10, generator=stream(6, "normal"), dtype=torch.float64)
    common = normal[:, :1] * 0.4**0.5 + 0.6**0.5 * normal
    # The first column holds the common part twice: leave it out, and another to have eight.
    assert twin_problem.split_correlation(common[:, 1:]) == pytest.approx(0.4, abs=0.01)
    pairs = torch.randn(200_000, 5, 2, generator=stream(6, "pairs"), dtype=torch.float64)
    shared = torch.randn(200_000, 5, 1, generator=stream(6, "shared"), dtype=torch.float64)
    whole = torch.randn(200_000, 1, 1, generator=stream(6, "whole"), dtype=torch.float64)
    differences = 0.5**0.5 * pairs + 0.3**0.5 * shared + 0.2**0.5 * whole
    within, between = twin_problem.replicate_correlations(differences)
    assert within == pytest.approx(0.5, abs=0.01)
    assert between == pytest.approx(0.2, abs=0.01)


def test_the_winner_is_the_candidate_that_validated_best() -> None:
    found = twin_problem.selected_errors(
        300, 5, features=2, examples=40, generator=stream(7, "selected")
    )
    alone = twin_problem.selected_errors(
        300, 2, features=2, examples=40, generator=stream(7, "selected")
    )
    assert found.validated.mean() < alone.validated.mean()
    assert torch.equal((found.validated * 10).round(), (found.validated * 10))
    difference = found.tested - found.risk
    assert abs(difference.mean()) < 4.5 * difference.std() / 300**0.5
    assert (found.validated - found.risk).mean() < 0


INPUTS, LABELS = PROBLEM.draw(2, 8, generator=stream(8, "data"))
REFUSED = {
    "features must be at least 1, got 0": lambda: TwinProblem(0, 1.0),
    "distance must be positive and finite, got nan": lambda: TwinProblem(1, float("nan")),
    "examples must be at least 4, got 3": lambda: PROBLEM.draw(1, 3, generator=stream(0, "a")),
    "each class needs an example": lambda: nearest_means(INPUTS, LABELS, LABELS.expand(2, -1)),
    "chosen must lie in [0, 5], got 6": lambda: twin_problem.random_subsets(
        2, 5, 6, generator=stream(0, "a")
    ),
    "splits must be at least 1, got 0": lambda: twin_problem.split_differences(
        PROBLEM, 2, 9, 0, generator=stream(0, "a")
    ),
    "splits must be at least 2, got 1": lambda: twin_problem.split_correlation(torch.ones(4, 1)),
    "inputs must be finite": lambda: nearest_means(INPUTS / 0, LABELS, torch.ones(2, 8).bool()),
    "features times candidates must be even, got 9": lambda: twin_problem.selected_errors(
        2, 3, features=3, examples=8, generator=stream(0, "a")
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_other_arguments_are_refused(message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        REFUSED[message]()
