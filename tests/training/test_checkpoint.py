"""Checkpoints: killed runs, damaged files, files of other runs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save as serialise
from torch.nn import functional

from runtheory import durable
from runtheory.nets import perceptron, small_convnet
from runtheory.randomness import Streams, stream
from runtheory.training import (
    CheckpointMismatch,
    Row,
    Settings,
    classification,
    decay_groups,
    train,
)
from runtheory.training.checkpoint import digest

SCRIPT = Path(__file__).with_name("interrupted_run.py")
SPECIFICATION = spec_from_file_location("interrupted_run", SCRIPT)
interrupted_run = module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(interrupted_run)
SETTINGS = Settings(
    steps=20, batch_size=7, learning_rate=0.05, evaluate_every=6, checkpoint_every=4
)


class Killed(BaseException):
    """Stands for a process that ends at this point."""


def make_net():
    return small_convnet(
        size=8, width=2, hidden=5, classes=3, generator=stream(0, "initialisation")
    )


def objective(net, images, labels, streams):
    """Thin the images at random, so that a stream has to go on as well."""
    keep = torch.rand(images.shape, generator=streams["masks"]) < 0.7
    return functional.cross_entropy(net(images * keep), labels)


def measures(net) -> dict[str, float]:
    return {"sum": float(sum(value.double().sum() for value in net.state_dict().values()))}


def run(data, path, settings=SETTINGS, *, net=None, objective=objective, seed=0, **more):
    net = net or make_net()
    streams = Streams(seed)
    rows = train(
        net, data, objective, settings,
        streams=streams, evaluate=measures, checkpoint=path, **more,
    )  # fmt: skip
    timeless = [replace(row, seconds=0.0) for row in rows]
    return timeless, net.state_dict(), streams.state_dict()


def assert_same(first, second) -> None:
    assert first[0] == second[0]
    for mine, other in zip(first[1:], second[1:], strict=True):
        assert mine.keys() == other.keys()
        for name, value in mine.items():
            assert torch.equal(value, other[name]), name


def cut(objective, at: int):
    """Return the objective, which kills its run at its call number ``at``."""
    calls = []

    def killing(*arguments):
        calls.append(None)
        if len(calls) == at:
            raise Killed
        return objective(*arguments)

    return killing


@pytest.mark.parametrize("at", range(1, 21))
def test_a_run_cut_at_any_step_ends_with_the_same_bits(image_set, tmp_path, at: int) -> None:
    whole = run(image_set, None)
    with pytest.raises(Killed):
        run(image_set, tmp_path / "run.safetensors", objective=cut(objective, at))
    assert_same(run(image_set, tmp_path / "run.safetensors"), whole)


OPTIMISERS = {
    "Adam": lambda net, s: torch.optim.Adam(net.parameters(), lr=s.learning_rate),
    "AdamW in groups": lambda net, s: torch.optim.AdamW(
        decay_groups(net, 0.1), lr=s.learning_rate, amsgrad=True
    ),
    "RMSprop": lambda net, s: torch.optim.RMSprop(
        net.parameters(), lr=s.learning_rate, momentum=0.5, centered=True
    ),
    "NAdam": lambda net, s: torch.optim.NAdam(net.parameters(), lr=s.learning_rate),
    "Adagrad": lambda net, s: torch.optim.Adagrad(net.parameters(), lr=s.learning_rate),
    "half of the network": lambda net, s: torch.optim.Adam(
        list(net.parameters())[::-2], lr=s.learning_rate
    ),
    "without momentum": lambda net, s: torch.optim.SGD(net.parameters(), lr=s.learning_rate),
}


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("at", [6, 14])
def test_every_optimiser_goes_on_with_the_same_bits(image_set, tmp_path, name, at: int) -> None:
    path, settings = tmp_path / "run.safetensors", replace(SETTINGS, learning_rate=0.01)
    more = {"optimiser": OPTIMISERS[name]}
    whole = run(image_set, None, settings, **more)
    with pytest.raises(Killed):
        run(image_set, path, settings, objective=cut(objective, at), **more)
    assert_same(run(image_set, path, settings, **more), whole)


@pytest.mark.parametrize("at", [3, 11])
def test_data_of_every_kind_go_on_with_the_same_bits(case, tmp_path, at: int) -> None:
    path, more = tmp_path / "run.safetensors", {"optimiser": OPTIMISERS["Adam"]}

    def part(path, objective=case.objective):
        return run(case.data, path, net=case.make_net(), objective=objective, **more)

    whole = part(None)
    with pytest.raises(Killed):
        part(path, cut(case.objective, at))
    assert_same(part(path), whole)


class Counted(torch.optim.SGD):
    """Plain descent whose rate falls with a count that it keeps as a Python number."""

    def step(self, closure):
        loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for value in group["params"]:
                    count = self.state[value].get("count", 0) + 1
                    self.state[value] = {"count": count, "share": 1 / count, "label": "falling"}
                    value -= group["lr"] / count * value.grad
        return loss


def test_numbers_and_texts_of_the_optimiser_are_kept(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    more = {"optimiser": lambda net, s: Counted(net.parameters(), lr=s.learning_rate)}
    with pytest.raises(Killed):
        run(image_set, path, objective=cut(objective, 11), **more)
    assert_same(run(image_set, path, **more), run(image_set, None, **more))


def test_what_no_file_can_hold_is_named(image_set, tmp_path) -> None:
    def many_points(net, settings):
        return torch.optim.LBFGS(net.parameters(), lr=settings.learning_rate, max_iter=1)

    def part(path):
        net = perceptron(inputs=64, classes=3, generator=stream(0, "initialisation"))
        return run(image_set, path, replace(SETTINGS, steps=2), net=net, optimiser=many_points)

    message = r"the optimiser keeps '\w+' as list: train without a checkpoint"
    with pytest.raises(ValueError, match=message):
        part(tmp_path / "run.safetensors")
    assert len(part(None)[0]) == 1


def as_version_0_3_wrote_it(path: Path) -> None:
    """Rewrite a checkpoint in the form that knew one optimiser: momenta, and no word of it."""
    with safe_open(path, framework="pt") as file:
        content = json.loads(file.metadata()["state"])
        tensors = {
            name.replace("optimiser/momentum_buffer/", "momentum/"): file.get_tensor(name)
            for name in file.keys()  # noqa: SIM118
        }
    del content["optimiser"], content["identity"]["optimiser"]
    text = json.dumps(content)
    metadata = {"state": text, "sha256": digest(tensors, text)}
    path.write_bytes(serialise(tensors, metadata=metadata))


def test_a_checkpoint_of_version_0_3_goes_on_with_the_same_bits(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    with pytest.raises(Killed):
        run(image_set, path, objective=cut(objective, 11))
    as_version_0_3_wrote_it(path)
    with pytest.raises(CheckpointMismatch, match=r"optimiser was \['SGD'.*asked is \['Adam'"):
        run(image_set, path, optimiser=OPTIMISERS["Adam"])
    assert_same(run(image_set, path), run(image_set, None))


def test_a_checkpoint_of_another_optimiser_is_refused(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    run(image_set, path)
    with pytest.raises(CheckpointMismatch, match=r"optimiser was \['SGD'.*asked is \['Adam'"):
        run(image_set, path, optimiser=OPTIMISERS["Adam"])


def test_a_checkpoint_of_other_examples_is_refused(case, tmp_path) -> None:
    path, more = tmp_path / "run.safetensors", {"net": case.make_net(), "objective": case.objective}
    run(case.data, path, **more)
    inputs = case.data.inputs
    first = inputs[0] if isinstance(inputs, tuple) else inputs
    first[0, 0] += 1
    with pytest.raises(CheckpointMismatch, match=r"examples was .*sha256.*asked is .*sha256"):
        run(case.data, path, **more)


def test_a_finished_run_gives_its_rows_again_without_training(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    whole = run(image_set, path)

    def never(*arguments):
        raise AssertionError("trained again")

    assert_same(run(image_set, path, objective=never), whole)


def test_seconds_go_on_from_the_checkpoint(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    rows: list[Row] = []
    for _ in range(2):
        rows.append(
            next(
                iter(
                    train(
                        make_net(), image_set, objective, SETTINGS,
                        streams=Streams(0), checkpoint=path,
                    )
                )
            )
        )  # fmt: skip
    assert rows[0] == rows[1] or rows[1].seconds > 0
    with safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["state"])["seconds"] > 0


def kill_at_random(command: list[str], checkpoint: Path, chance: random.Random) -> None:
    """Start the command and kill it at a random moment after its next checkpoint."""
    before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
    process = subprocess.Popen(command)
    while not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before:
        assert process.poll() is None
        time.sleep(0.001)
    time.sleep(0.2 * chance.random())
    process.kill()
    assert process.wait() == -signal.SIGKILL


def test_a_run_that_is_killed_ends_with_the_same_bits(tmp_path, one_thread) -> None:
    paths = {
        name: (tmp_path / f"{name}.safetensors", tmp_path / f"{name}.json")
        for name in ("killed", "whole")
    }
    chance = random.Random(time.time_ns())
    command = [sys.executable, str(SCRIPT), *map(str, paths["killed"])]
    for _ in range(3):
        kill_at_random(command, paths["killed"][0], chance)
    for name in paths:
        interrupted_run.main(*paths[name])
    assert paths["killed"][1].read_text() == paths["whole"][1].read_text()


def test_a_partial_file_left_behind_is_not_read(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    partial = tmp_path / ".run.safetensors.killed.part"
    partial.write_bytes(b"half of a checkpoint")
    os.utime(partial, (0, 0))
    assert_same(run(image_set, path), run(image_set, None))
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


def test_a_failed_write_leaves_the_previous_checkpoint(image_set, tmp_path, monkeypatch) -> None:
    path = tmp_path / "run.safetensors"
    saved = []
    write = durable.write

    def failing(path, content):
        if len(saved) == 2:
            path.with_name(f".{path.name}.killed.part").write_bytes(content[: len(content) // 2])
            raise Killed
        write(path, content)
        saved.append(content)

    monkeypatch.setattr(durable, "write", failing)
    with pytest.raises(Killed):
        run(image_set, path)
    assert path.read_bytes() == saved[-1]
    monkeypatch.undo()
    assert_same(run(image_set, path), run(image_set, None))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text", "foreign"])
def test_a_damaged_checkpoint_is_named_and_the_run_starts_afresh(
    image_set, tmp_path, damage: str
) -> None:
    path = tmp_path / "run.safetensors"
    run(image_set, path, SETTINGS)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[:-100]
    elif damage == "flip":
        content[-5] ^= 1
    elif damage == "empty":
        content = bytearray()
    elif damage == "text":
        content = bytearray(b"not a checkpoint at all")
    elif damage == "foreign":
        content = serialise({"weights": torch.ones(3)})
    path.write_bytes(content)
    with pytest.warns(RuntimeWarning, match=r"checkpoint .*run.safetensors is damaged .* afresh"):
        again = run(image_set, path)
    assert_same(again, run(image_set, None))
    assert_same(run(image_set, path), again)  # and has been replaced by a whole one


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": replace(SETTINGS, learning_rate=0.1)}, "settings was .*0.05.*asked is .*0.1"),
        ({"seed": 1}, "seed was 0, asked is 1"),
        (
            {"net": perceptron(inputs=64, classes=3, generator=stream(0, "x"))},
            "network was .*asked is",
        ),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(image_set, tmp_path, change, message) -> None:
    path = tmp_path / "run.safetensors"
    run(image_set, path)
    before = path.read_bytes()
    with pytest.raises(
        CheckpointMismatch, match=f"run.safetensors belongs to another run: .*{message}"
    ):
        run(image_set, path, **change)
    assert path.read_bytes() == before


def test_a_checkpoint_of_other_images_is_refused(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    run(image_set, path)
    with pytest.raises(CheckpointMismatch, match=r"images was .*patterns.*asked is .*others"):
        run(replace(image_set, name="others"), path)


def test_a_bad_loss_is_not_saved(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    calls = []

    def failing(*arguments):
        calls.append(None)
        return objective(*arguments) * (float("nan") if len(calls) == 10 else 1.0)

    with pytest.raises(FloatingPointError, match="at step 10 of 20"):
        run(image_set, path, objective=failing)
    with safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["state"])["step"] == 8


def test_weights_tied_to_each_other_are_saved(image_set, tmp_path) -> None:
    def tied():
        net = perceptron(inputs=64, classes=3, widths=(3,), generator=stream(0, "initialisation"))
        net.head.append(torch.nn.Linear(3, 3))
        net.head[1].weight = net.head[0].weight
        torch.nn.init.zeros_(net.head[1].bias)
        return net

    path = tmp_path / "run.safetensors"
    short = replace(SETTINGS, steps=5)
    whole = run(image_set, None, short, net=tied(), objective=classification)
    run(image_set, path, short, net=tied(), objective=classification)
    assert_same(run(image_set, path, short, net=tied(), objective=classification), whole)
