from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from runtheory.information.supersamples.perceptrons import (
    Descent,
    draw_perceptrons,
    train,
)
from runtheory.information.supersamples.supersample import (
    ReplicatePlan,
    draw_super_samples,
    random_outcomes,
    run_replicates,
    train_replicates,
)
from runtheory.randomness import stream
from tests.information.shared import toy_pool


def test_plan_draws_distinct_examples_and_fair_masks():
    plan = draw_super_samples(50, pairs=20, groups=30, masks=10, generator=stream(1, "plan"))
    assert plan.replicates == 300
    for table in plan.indices:
        assert len(set(table.flatten().tolist())) == 40
    assert plan.groups.tolist() == [group for group in range(30) for _ in range(10)]
    share = float(plan.masks.double().mean())
    assert abs(share - 0.5) <= 5 * 0.5 / math.sqrt(plan.masks.numel())


def test_training_examples_are_those_that_the_masks_pick() -> None:
    plan = draw_super_samples(50, pairs=20, groups=6, masks=10, generator=stream(1, "plan"))
    tables = plan.indices.numpy()[plan.groups.numpy()]  # (replicate, pair, 2)
    expected = np.take_along_axis(tables, plan.masks.numpy()[:, :, None], axis=2)[:, :, 0]
    np.testing.assert_array_equal(plan.training_indices.numpy(), expected)


def test_outcomes_are_those_of_the_trained_networks():
    points, labels = toy_pool()
    plan = draw_super_samples(200, pairs=12, groups=3, masks=2, generator=stream(3, "plan"))
    settings = Descent(steps=60, learning_rate=0.1)
    start = draw_perceptrons(
        (6, 16, 2), replicates=6, generator=stream(3, "nets"), dtype=torch.float64
    )
    outcomes = run_replicates(points, labels, plan, settings=settings, start=start)
    chosen = plan.training_indices
    nets = train(start, points[chosen], labels[chosen], settings=settings)
    training, test = [], []
    for replicate in range(6):
        for pair in range(12):
            for column in range(2):
                example = plan.indices[plan.groups[replicate], pair, column]
                inputs = points[example].expand(6, 1, -1)
                answer = int(nets.scores(inputs)[replicate, 0].argmax())
                wrong = float(answer != labels[example])
                assert outcomes.predictions[replicate, pair, column] == answer
                assert outcomes.losses[replicate, pair, column] == wrong
                seen = plan.masks[replicate, pair] == column
                (training if seen else test).append(wrong)
    assert outcomes.train_error == pytest.approx(sum(training) / len(training))
    assert outcomes.test_error == pytest.approx(sum(test) / len(test))
    assert outcomes.gap == pytest.approx(outcomes.test_error - outcomes.train_error)
    assert outcomes.train_error < outcomes.test_error


def test_the_whole_run_repeats_and_uses_its_generator_only():
    points, labels = toy_pool(dtype=torch.float32)
    plan = ReplicatePlan(
        pairs=10, groups=4, masks=1, hidden=(8,), classes=2, descent=Descent(10, batch_size=5)
    )

    def run(seed):
        generator = stream(seed, "run")
        return train_replicates(points, labels, plan, generator=generator)

    state = torch.random.get_rng_state()
    first, again, other = run(5), run(5), run(6)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first.losses, again.losses)
    assert not torch.equal(first.losses, other.losses)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_replicates_on_an_accelerator():
    points, labels = (tensor.cuda() for tensor in toy_pool(dtype=torch.float32))
    generator = stream(0, "cuda", device="cuda")
    plan = ReplicatePlan(
        pairs=10, groups=4, masks=2, hidden=(8,), classes=2, descent=Descent(steps=20)
    )
    outcomes = train_replicates(points, labels, plan, generator=generator)
    assert outcomes.losses.device.type == "cuda"


def test_wrong_arguments_of_supersample_are_named() -> None:
    points, labels = toy_pool()
    generator = stream(0, "wrong")
    plan = draw_super_samples(200, pairs=5, groups=1, masks=2, generator=generator)
    start = draw_perceptrons((6, 2), replicates=3, generator=generator, dtype=torch.float64)
    some: dict[str, Any] = {"pairs": 5, "groups": 1, "masks": 1, "generator": generator}
    for call, text in [
        (lambda: draw_super_samples(9, **some), "needs 10 examples, got 9"),
        (lambda: draw_super_samples(9, **{**some, "masks": 0}), "at least 1"),
        (
            lambda: run_replicates(points, labels, plan, settings=Descent(), start=start),
            "one network per",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()


def test_random_outcomes_have_two_errors_of_their_own() -> None:
    outcomes = random_outcomes(400, 50, generator=stream(3, "table"))
    draw = stream(3, "table")
    torch.randint(2, (400, 50), generator=draw)
    torch.rand(400, 50, 2, generator=draw)
    train, test = torch.rand(2, generator=draw).tolist()
    for found, chance in ((outcomes.train_error, train), (outcomes.test_error, test)):
        assert abs(found - chance) < 5 * math.sqrt(chance * (1 - chance) / 20_000)
    is_test = outcomes.predictions
    np.testing.assert_array_equal((is_test[:, :, 1] == 0).numpy(), outcomes.masks.numpy() == 1)
