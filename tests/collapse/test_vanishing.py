from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from runtheory.collapse.fitting import cross_entropy_loss, fit
from runtheory.collapse.models import FeatureModel
from runtheory.collapse.vanishing import (
    vanishing_classifier,
    vanishing_multipliers,
    vanishing_scores,
)
from runtheory.randomness import stream

SIZES = st.lists(st.integers(1, 500), min_size=2, max_size=7).map(tuple)


def root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


@settings(max_examples=40, deadline=None)
@given(SIZES, st.booleans())
def test_every_other_class_pushes_back_and_the_scores_meet_the_certificate(
    counts: tuple[int, ...], bias: bool
) -> None:
    multipliers = vanishing_multipliers(counts, bias=bias)
    sizes = torch.tensor(counts, dtype=torch.float64)
    others = multipliers[~torch.eye(len(counts), dtype=torch.bool)]
    assert bool((others < 0).all())
    torch.testing.assert_close(multipliers.sum(0), torch.zeros_like(sizes), rtol=0, atol=1e-10)
    weighted = vanishing_scores(counts, bias=bias) * sizes.sqrt()
    norm = torch.linalg.matrix_norm(weighted, "nuc")
    torch.testing.assert_close((multipliers * weighted).sum(), norm)
    if bias:
        pull = multipliers @ sizes.sqrt()
        torch.testing.assert_close(pull, torch.zeros_like(sizes), rtol=0, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(SIZES)
def test_the_classifier_is_the_root_of_the_two_formulas(counts: tuple[int, ...]) -> None:
    sizes = torch.tensor(counts, dtype=torch.float64)
    centre = torch.eye(len(counts), dtype=torch.float64) - 1 / len(counts)
    free = torch.diag(sizes) - torch.outer(sizes, sizes) / sizes.sum()
    bare = centre @ torch.diag(sizes) @ centre
    for bias, square in ((False, bare), (True, free)):
        found = vanishing_classifier(counts, bias=bias)
        torch.testing.assert_close(found, root(square), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("bias", [False, True])
def test_fits_approach_the_limit_as_the_decay_falls(bias: bool) -> None:
    counts, gaps = (8, 8, 2, 2), []
    limit = vanishing_scores(counts, bias=bias)
    for pressure in (1e-3, 1e-6, 1e-9):
        model = FeatureModel(counts, (1.0,), 1.0, 0.0 if bias else math.inf)

        def loss(scores: Tensor, targets: Tensor, pressure: float = pressure) -> Tensor:
            return cross_entropy_loss(scores, targets) / pressure  # both penalties then are one

        end = fit(model, loss, width=4, generator=stream(0, "vanishing"), rounds=20)
        gaps.append(float((end.minimiser.scores / -math.log(pressure) - limit).abs().max()))
    assert gaps[0] > 1.5 * gaps[1] > 2 * gaps[2]
    assert gaps[2] < 0.1


def test_what_is_refused() -> None:
    for counts in ((3,), (2, 0)):
        with pytest.raises(ValueError, match="two classes or more"):
            vanishing_scores(counts, bias=False)
