"""Trials of losses: the task, the choice of a rate, and rules that are known."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from scipy.stats import norm
from torch.nn.functional import softplus

from runtheory.information.supersamples.perceptrons import Descent, draw_perceptrons
from runtheory.noise.random_losses import trials
from runtheory.randomness import stream


def task(examples: int, features: int, *, shift: float = 1.5, replicates: int = 2) -> trials.Task:
    generator = stream(0, "task")
    return trials.Task(
        *(
            trials.normal_classes(
                count, replicates=replicates, features=features, shift=shift, generator=generator
            )
            for count in (examples, 200, 4000)
        )
    )


def test_normal_classes_have_their_means() -> None:
    inputs, labels = task(10, 3).test
    signs = 2.0 * labels - 1
    count = labels.numel()
    assert abs(float(signs.mean())) < 4 / math.sqrt(count)
    means = (inputs * signs[..., None]).mean((0, 1))
    assert float((means - torch.tensor([1.5, 0, 0])).abs().max()) < 4 * 1.01 / math.sqrt(count)


def test_one_example_of_one_feature_is_a_task_and_none_is_not() -> None:
    draw = partial(trials.normal_classes, replicates=1, shift=1.0, generator=stream(0, "task"))
    inputs, labels = draw(1, features=1)
    assert (inputs.shape, labels.shape) == ((1, 1, 1), (1, 1))
    with pytest.raises(ValueError, match="features"):
        draw(1, features=0)


def test_the_nearest_mean_is_nearly_best_where_examples_abound() -> None:
    found = trials.nearest_mean_errors(task(4000, 2))
    best = norm.cdf(-1.5)
    spread = math.sqrt(best * (1 - best) / 4000)
    assert float((found - best).abs().max()) < 5 * spread


def test_nearest_mean_in_a_loop() -> None:
    small = task(20, 3)
    found = trials.nearest_mean_errors(small)
    for replicate in range(2):
        inputs, labels = (part[replicate] for part in small.training)
        low, high = (inputs[labels == label].mean(0) for label in (0, 1))
        tests, tested = (part[replicate] for part in small.test)
        nearer = (tests - high).norm(dim=1) < (tests - low).norm(dim=1)
        expected = (nearer.long() != tested).float().mean()
        assert float(found[replicate]) == pytest.approx(float(expected))


def test_a_rate_that_diverges_is_not_chosen_and_the_best_one_is() -> None:
    small = task(40, 5)
    settings = Descent(steps=30, batch_size=10)
    alone = trials.tried(lambda m: softplus(-m), small, rates=(0.05,), settings=settings)
    among = trials.tried(lambda m: softplus(-m), small, rates=(1e9, 0.05), settings=settings)
    assert among.rate == 0.05 == alone.rate
    assert torch.equal(among.test_error, alone.test_error)
    assert float(among.test_error.max()) < 0.2
    broken = trials.tried(lambda m: (-m).exp(), small, rates=(1e9,), settings=settings)
    assert float(broken.test_error.min()) > 0.4


def test_descent_takes_the_loss_that_it_is_given() -> None:
    small = task(40, 5)
    settings = Descent(steps=3, batch_size=10)
    losses = (lambda m: softplus(-m), lambda m: (1 - m).relu())
    one, other = (
        trials.tried(loss, small, rates=(0.1,), settings=settings, hidden=()) for loss in losses
    )
    assert not torch.equal(one.nets.weights[0], other.nets.weights[0])


def test_training_losses_in_a_loop() -> None:
    inputs, labels = task(6, 3).training
    nets = draw_perceptrons((3, 2), replicates=2, generator=stream(1, "nets"))
    found = trials.logistic_losses(nets, inputs, labels)
    scores = nets.scores(inputs)
    for replicate in range(2):
        rows = [
            math.log1p(math.exp(float(row[1 - y] - row[y])))
            for row, y in zip(scores[replicate], labels[replicate], strict=True)
        ]
        assert float(found[replicate]) == pytest.approx(sum(rows) / 6, rel=1e-5)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="rates"):
        trials.tried(torch.relu, task(6, 3), rates=(), settings=Descent(steps=1))
    with pytest.raises(ValueError, match="examples"):
        task(0, 3)
    nets = draw_perceptrons((3, 2), replicates=2, generator=stream(1, "nets"))
    inputs, labels = task(6, 3).training
    for wrong, text in ((inputs[..., :1], "3 columns"), (inputs / 0, "finite")):
        for measure in (trials.errors, trials.logistic_losses):
            with pytest.raises(ValueError, match=text):
                measure(nets, wrong, labels)
