from itertools import product

import numpy as np
import pytest

from runtheory.information.ladder.gibbs import gibbs_gap
from runtheory.information.ladder.sign_networks import (
    FUNCTIONS,
    INPUTS,
    collapse_chance,
    constant_law,
    function_law,
    label_problem,
    weight_functions,
)


def law_of_all_weights(width: int, depth: int) -> tuple[np.ndarray, float]:
    """The law of functions, and the chance of collapse, from every choice of all weights."""
    shapes = [(width, 3), *[(width, width + 1)] * (depth - 1), (1, width + 1)]
    sizes = [rows * columns for rows, columns in shapes]
    index = {tuple(f): i for i, f in enumerate(FUNCTIONS.tolist())}
    found, collapsed, count = np.zeros(16), 0, 0
    for bits in product((1, -1), repeat=sum(sizes)):
        shown, start = INPUTS.T, 0
        for (rows, columns), size in zip(shapes, sizes, strict=True):
            last = shown
            weights = np.array(bits[start : start + size]).reshape(rows, columns)
            shown = np.sign(weights @ np.vstack([shown, np.ones(4, dtype=int)]))
            start += size
        found[index[tuple(shown[0].tolist())]] += 1
        collapsed += (last == last[:, :1]).all()
        count += 1
    return found / count, collapsed / count


@pytest.mark.parametrize(("width", "depth"), [(2, 1), (2, 2)])
def test_the_chain_is_the_enumeration(width: int, depth: int) -> None:
    law, collapsed = law_of_all_weights(width, depth)
    found = weight_functions(width=width, depth=depth)
    np.testing.assert_allclose(np.bincount(found, minlength=16) / len(found), law, atol=1e-14)
    np.testing.assert_allclose(function_law(width=width, depth=depth), law, atol=1e-14)
    assert collapse_chance(width=width, depth=depth) == pytest.approx(collapsed, abs=1e-14)


@pytest.mark.parametrize("width", [2, 4, 6])
def test_laws_are_laws_and_collapse_never_falls(width: int) -> None:
    chances = [collapse_chance(width=width, depth=depth) for depth in (1, 2, 3, 5, 9)]
    assert chances == sorted(chances)
    for depth in (1, 4):
        law = function_law(width=width, depth=depth)
        assert law.sum() == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(law, law[::-1], rtol=1e-12)  # f as likely as -f
        # Constants come from collapse and otherwise too.
        assert law[[0, -1]].sum() >= collapse_chance(width=width, depth=depth) - 1e-12


def test_wide_networks_of_one_layer_agree_with_drawn_ones() -> None:
    generator, draws = np.random.default_rng(0), 40_000
    hidden = np.sign(
        generator.choice([1, -1], (draws, 4, 3)) @ np.vstack([INPUTS.T, np.ones(4, dtype=int)])
    )
    last = np.concatenate([hidden, np.ones((draws, 1, 4), dtype=int)], axis=1)
    out = np.sign((generator.choice([1, -1], (draws, 5, 1)) * last).sum(1))
    drawn = np.array([(out == f).all(1).mean() for f in FUNCTIONS])
    law = function_law(width=4, depth=1)
    assert np.all(np.abs(drawn - law) <= 5 * np.sqrt(law * (1 - law) / draws))


def test_depth_ends_in_constants() -> None:
    np.testing.assert_allclose(function_law(width=2, depth=300), constant_law(), atol=1e-12)


def test_weights_and_functions_have_one_gap() -> None:
    """Two weights of one function are one hypothesis with the sum of their masses."""
    losses, law = label_problem(np.array([1.0, 1, 1, -1]), flip=0.1)
    prior = function_law(width=2, depth=1)
    reached = prior > 0
    whole = gibbs_gap(losses[reached], law, prior[reached], alpha=9.0, samples=4)
    split = np.concatenate([prior[reached] * 0.3, prior[reached] * 0.7])
    twice = gibbs_gap(np.tile(losses[reached], (2, 1)), law, split, alpha=9.0, samples=4)
    assert twice.gap == pytest.approx(whole.gap, abs=1e-13)
    assert twice.mutual_information == pytest.approx(whole.mutual_information, abs=1e-13)


def test_examples_and_losses() -> None:
    target = np.array([1.0, 1, 1, -1])
    losses, law = label_problem(target, flip=0.1)
    assert law.sum() == pytest.approx(1)
    risks = losses @ law
    best = FUNCTIONS[risks.argmin()]
    assert risks.min() == pytest.approx(0.1)
    np.testing.assert_array_equal(best, target)
    assert risks[(-target == FUNCTIONS).all(1)] == pytest.approx(0.9)


def test_what_is_no_network_is_refused() -> None:
    for width in (0, 3, 8, -2):
        with pytest.raises(ValueError, match="width"):
            function_law(width=width, depth=1)
    with pytest.raises(ValueError, match="17 weights, got 21"):
        weight_functions(width=2, depth=3)
    with pytest.raises(ValueError, match="depth"):
        collapse_chance(width=2, depth=0)
    for target, flip in [
        (np.ones(3), 0.1),
        (np.zeros(4), 0.1),
        (np.full(4, np.nan), 0.1),
        (np.ones(4), 0.0),
        (np.ones(4), np.nan),
    ]:
        with pytest.raises(ValueError, match=r"target|flip"):
            label_problem(target, flip=flip)
