"""Ways tried at many rates: the best is chosen by validation, rates are paired, networks that run
away are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory.information.supersamples.perceptrons import draw_perceptrons
from runtheory.noise.low_rank_adaptation import adapters, trials
from runtheory.noise.low_rank_adaptation.adapters import Steps
from runtheory.randomness import stream

SEEDS = 3


def examples(count: int, purpose: str) -> tuple[torch.Tensor, torch.Tensor]:
    inputs = torch.randn((SEEDS, count, 4), generator=stream(0, purpose))
    return inputs, (inputs[..., 0] > 0).long()


def setting() -> trials.Task:
    net = draw_perceptrons((4, 6, 2), replicates=SEEDS, generator=stream(0, "net"))
    parts = {"training": 40, "validation": 30, "test": 50}
    return trials.Task(net, *(examples(count, name) for name, count in parts.items()))


def tried(rates: tuple[float, ...], until: tuple[int, ...] = (5, 30)) -> tuple[trials.Tuned, ...]:
    return trials.tried(
        setting(), steps=Steps(), rates=rates, until=until, rank=2, batch_size=10, seed=1
    )


def test_the_best_rate_learns_the_task_and_no_rate_sees_another() -> None:
    short, long = tried((1e-6, 0.5, 1e6))
    assert long.rate == 0.5
    assert float(long.accuracy.mean()) > float(long.levels[0]) + 0.1
    torch.testing.assert_close(long.accuracy, long.at_rates[1])
    alone = tried((0.5,))
    torch.testing.assert_close(alone[1].accuracy, long.accuracy)
    torch.testing.assert_close(alone[0].at_rates[0], short.at_rates[1])


def test_the_rate_is_chosen_by_validation_and_not_by_the_test() -> None:
    task = setting()
    inputs, labels = task.validation
    wrong = replace(task, validation=(inputs, 1 - labels))  # there, learning does harm
    (misled,) = trials.tried(
        wrong, steps=Steps(), rates=(1e-6, 0.5), until=(30,), rank=2, batch_size=10, seed=1
    )
    assert misled.rate == 1e-6
    assert float(misled.accuracy.mean()) < float(misled.levels[1])


def test_a_network_that_ran_away_is_wrong() -> None:
    task = setting()
    start = adapters.draw_adapters(task.net, rank=2, generator=stream(0, "adapters"))
    wild = adapters.Adapters(start.down, tuple(one + torch.inf for one in start.up))
    assert trials.accuracy(task.net, wild, *task.test).tolist() == [0.0] * SEEDS


def test_accuracy_in_a_loop() -> None:
    task = setting()
    start = adapters.draw_adapters(task.net, rank=2, generator=stream(0, "adapters"))
    scores = task.net.scores(task.test[0])
    for seed, found in enumerate(trials.accuracy(task.net, start, *task.test).tolist()):
        right = sum(
            int(row.argmax()) == int(label)
            for row, label in zip(scores[seed], task.test[1][seed], strict=True)
        )
        assert found == pytest.approx(right / 50)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        tried(())
    with pytest.raises(ValueError, match="rates must be positive"):
        tried((0.1, -0.1))
    with pytest.raises(ValueError, match="until must ascend"):
        tried((0.1,), until=(3, 2))
