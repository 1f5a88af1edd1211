"""Runs that are changed from outside, by blocks around the call of ``train``."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from runtheory.nets import perceptron
from runtheory.randomness import Streams, stream
from runtheory.training import RunState, Settings, classification, nesterov, train
from runtheory.training.examples import as_data
from runtheory.training.run import Run, check_run, named, whole_identity, wrapped

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


def test_a_run_fits_or_is_refused(image_set) -> None:
    net = perceptron(inputs=64, classes=3, generator=stream(0, "initialisation"))
    run = Run(net, as_data(image_set), classification, SETTINGS, Streams(0))
    check_run(run)
    with pytest.raises(ValueError, match=r"batch_size must lie in \[1, 48\], got 49"):
        check_run(replace(run, settings=replace(SETTINGS, batch_size=49)))
    with pytest.raises(ValueError, match=r"the data are on cpu, the parameters on .*meta"):
        check_run(replace(run, net=net.to("meta")))


def test_a_name_stands_in_the_place_of_objective_and_evaluation() -> None:
    assert named(classification, dict, "mine") == {"named": "mine"}
    assert named(classification, dict, None) == {
        "objective": "runtheory.training.loop.classification",
        "evaluate": "class builtins.dict",
    }


def test_the_identity_tells_seed_settings_and_network_and_what_the_run_adds(image_set) -> None:
    def identity(seed: int = 0, classes: int = 3, settings: Settings = SETTINGS, **added: str):
        net = perceptron(inputs=64, classes=classes, generator=stream(0, "initialisation"))
        data, streams = as_data(image_set), Streams(seed)
        run = Run(net, data, classification, settings, streams, identity=added)
        return whole_identity(run, RunState(net, nesterov(net, settings), streams))

    known = [
        identity(),
        identity(seed=1),
        identity(classes=4),
        identity(settings=replace(SETTINGS, steps=4)),
        identity(named="mine"),
    ]
    assert [known.count(one) for one in known] == [1] * 5
    assert identity() == known[0]


def test_the_loop_does_not_know_of_ranks() -> None:
    code = "import sys, runtheory.training; print('runtheory.training.ranks' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
