"""Lengths of pairs: joints by counting, losses by a loop, critics and weights that learn."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.noise import esimcse
from runtheory.randomness import stream


def joint_of(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    joint = np.random.default_rng(seed).random((rows, columns)) + 0.05
    return joint / joint.sum()


def test_repetition_in_a_loop() -> None:
    shares = np.array([0.2, 0.5, 0.3])
    expected = np.zeros((3, 3 + 4))
    for place, words in enumerate((6, 7, 8)):
        numbers = range(max(2, math.floor(0.6 * words)) + 1)
        for more in numbers:
            expected[place, place + more] += shares[place] / len(numbers)
    np.testing.assert_allclose(esimcse.repeated_joint(shares, shortest=6, rate=0.6), expected)


def test_drawn_lengths_have_that_distribution() -> None:
    lengths = torch.full((1, 60_000), 8)
    found = esimcse.repeated_lengths(lengths, rate=0.6, generator=stream(0, "words")) - 8
    counts = np.bincount(found[0].numpy(), minlength=5)
    assert len(counts) == 5
    np.testing.assert_allclose(counts / 60_000, 0.2, atol=4 * math.sqrt(0.16 / 60_000))


@settings(max_examples=15)
@given(seed=st.integers(0, 1000))
def test_loss_in_a_loop(seed: int) -> None:
    joint = joint_of(2, 3, seed)
    critic = torch.randn(2, 3, generator=stream(seed, "critic"), dtype=torch.float64)
    chances, total = joint.sum(0), 0.0
    for a, b in itertools.product(range(2), range(3)):
        for one, two in itertools.product(range(3), repeat=2):
            scores = [float(critic[a, other]) for other in (b, one, two)]
            loss = math.log(sum(math.exp(score) for score in scores)) - scores[0]
            total += joint[a, b] * chances[one] * chances[two] * loss
    found = esimcse.contrastive_loss(critic, joint, negatives=2)
    assert float(found) == pytest.approx(total, rel=1e-10)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), negatives=st.integers(1, 3))
def test_the_best_critic_has_no_gradient_and_no_better_neighbour(seed, negatives) -> None:
    joint = joint_of(3, 3, seed)
    critic = torch.tensor(esimcse.best_critic(joint), requires_grad=True)
    loss = esimcse.contrastive_loss(critic, joint, negatives=negatives)
    loss.backward()
    assert critic.grad is not None
    assert float(critic.grad.abs().max()) < 1e-12
    step = torch.randn(3, 3, generator=stream(seed, "step"), dtype=torch.float64)
    for size in (0.01, 0.3, 3.0):
        other = esimcse.contrastive_loss(critic.detach() + size * step, joint, negatives=negatives)
        assert float(other) > float(loss.detach())


def test_a_term_of_the_first_alone_changes_nothing() -> None:
    joint = joint_of(3, 3)
    critic = torch.tensor(esimcse.best_critic(joint))
    shifted = critic + torch.tensor([[1.0], [-2.0], [0.5]], dtype=torch.float64)
    losses = [float(esimcse.contrastive_loss(one, joint, negatives=2)) for one in (critic, shifted)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


def test_information_of_equal_and_of_independent_lengths() -> None:
    shares = np.array([0.2, 0.5, 0.3])
    assert esimcse.shared_information(np.diag(shares)) == pytest.approx(
        float(-shares @ np.log(shares))
    )
    assert esimcse.shared_information(np.outer(shares, shares)) == pytest.approx(0, abs=1e-12)


def test_the_number_that_the_demo_works_by_hand() -> None:
    equal = np.eye(4) / 4
    critic = torch.tensor(esimcse.best_critic(equal))
    found = float(esimcse.contrastive_loss(critic, equal, negatives=3))
    by_hand = (27 * math.log(2) + 9 * math.log(3) + math.log(4)) / 64
    assert found == pytest.approx(by_hand)
    assert round(found, 3) == 0.469


def test_similarities_in_a_loop() -> None:
    draw = torch.Generator().manual_seed(0)
    first, second = (torch.randn(2, 3, 4, generator=draw) for _ in range(2))
    weights = torch.tensor([[0.5, 2.0], [1.5, 0.0]])
    found = esimcse.similarities(first, second, weights)
    for r, i, j in itertools.product(range(2), range(3), range(3)):
        square = (first[r, i] - second[r, j]) ** 2
        expected = -(weights[r, 0] * square[:3].sum() + weights[r, 1] * square[3]) / 2
        assert float(found[r, i, j]) == pytest.approx(float(expected), rel=1e-4)


def test_views_keep_the_length() -> None:
    lengths = torch.tensor([[5, 24]])
    views = esimcse.draw_views(
        torch.zeros(1, 2, 3), lengths, noise=0.0, generator=stream(0, "views")
    )
    torch.testing.assert_close(views[0, :, 3], torch.tensor([-9.5, 9.5]) / 5.77)
    assert float(views[..., :3].abs().max()) == 0


def test_a_useless_length_loses_its_weight_and_a_telling_one_gains() -> None:
    generator = stream(1, "pairs")

    def pairs(same: bool) -> tuple[torch.Tensor, torch.Tensor]:
        meanings = torch.randn(3, 16, 2, generator=generator)
        lengths = torch.randint(5, 25, (3, 16), generator=generator)
        other = lengths if same else torch.randint(5, 25, (3, 16), generator=generator)
        views = (
            esimcse.draw_views(meanings, one, noise=0.5, generator=generator)
            for one in (lengths, other)
        )
        first, second = views
        return first, second

    told = esimcse.train_weights(lambda: pairs(True), replicates=3, steps=60, rate=0.1)
    free = esimcse.train_weights(lambda: pairs(False), replicates=3, steps=60, rate=0.1)
    assert float(told[:, 1].min()) > 1.5
    assert float(free[:, 1].max()) < 0.5


def test_what_cannot_be_is_refused() -> None:
    joint = joint_of(2, 2)
    critic = torch.zeros(2, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match="words must be at least 3, got 2"):
        esimcse.repeated_joint(np.array([1.0]), shortest=2, rate=0.3)
    with pytest.raises(ValueError, match="chances must sum to one"):
        esimcse.best_critic(2 * joint)
    with pytest.raises(ValueError, match="joint must have second = 2"):
        esimcse.contrastive_loss(critic, joint_of(2, 3), negatives=1)
    with pytest.raises(ValueError, match="critic must be below infinity"):
        esimcse.contrastive_loss(critic + torch.inf, joint, negatives=1)
    with pytest.raises(ValueError, match="tuples must lie in"):
        esimcse.contrastive_loss(critic, joint, negatives=30)
    with pytest.raises(ValueError, match="weights must not be negative"):
        esimcse.similarities(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3), torch.tensor([[1.0, -1]]))
