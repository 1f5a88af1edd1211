"""Runs that are changed from outside, by blocks around the call of ``train``."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from runtheory.nets import perceptron
from runtheory.randomness import Streams, stream
from runtheory.training import Settings, classification, train
from runtheory.training.run import wrapped

SETTINGS = Settings(steps=3, batch_size=8, learning_rate=0.05, evaluate_every=1)


def losses(image_set) -> list[float]:
    net = perceptron(inputs=64, classes=3, generator=stream(0, "initialisation"))
    return [row.loss for row in train(net, image_set, classification, SETTINGS, streams=Streams(0))]


def scaled(by: float, *, plus: float = 0.0):
    """Return a wrapper that changes the loss in value and not in gradient."""

    def wrapper(run):
        def objective(*arguments):
            loss = run.objective(*arguments)
            return loss + (by * loss + plus - loss).detach()

        return replace(run, objective=objective)

    return wrapper


def test_a_wrapper_acts_inside_its_block_alone(image_set) -> None:
    plain = losses(image_set)
    with wrapped(scaled(2.0)):
        inside = losses(image_set)
    assert inside == pytest.approx([2 * loss for loss in plain], rel=1e-6)
    assert losses(image_set) == plain


def test_the_innermost_block_acts_first(image_set) -> None:
    plain = losses(image_set)
    with wrapped(scaled(2.0)), wrapped(scaled(1.0, plus=10.0)):
        both = losses(image_set)
    assert both == pytest.approx([2 * (loss + 10) for loss in plain], rel=1e-6)


def test_a_block_that_fails_leaves_nothing_behind(image_set) -> None:
    plain = losses(image_set)
    with pytest.raises(KeyError), wrapped(scaled(2.0)):
        raise KeyError
    assert losses(image_set) == plain


def test_what_the_wrapper_adds_to_the_identity_and_to_saving_is_used(image_set, tmp_path) -> None:
    kept = []

    def wrapper(run):
        return replace(
            run,
            identity={"wrapped": True},
            save=lambda path, state, identity: kept.append((path, state.step, identity)),
        )

    net = perceptron(inputs=64, classes=3, generator=stream(0, "initialisation"))
    path = tmp_path / "run.safetensors"
    with wrapped(wrapper):
        rows = train(net, image_set, classification, SETTINGS, streams=Streams(0), checkpoint=path)
    list(rows)  # the wrapper of the call counts, not that of the steps
    assert [(file, step) for file, step, _ in kept] == [(path, step) for step in (1, 2, 3)]
    assert all(identity["wrapped"] is True for _, _, identity in kept)
    assert not path.exists()


def test_the_loop_does_not_know_of_ranks() -> None:
    code = "import sys, runtheory.training; print('runtheory.training.ranks' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
