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
from functools import wraps
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save as serialise

from runtheory import durable
from runtheory.nets import perceptron
from runtheory.randomness import Streams, stream
from runtheory.training import (
    CheckpointMismatch,
    TrainingRow,
    classification,
    train,
)
from runtheory.training.stored import digest
from tests.training.interruption import (
    OPTIMISERS,
    SETTINGS,
    Killed,
    assert_same,
    cut,
    make_net,
    objective,
    run,
)

SCRIPT = Path(__file__).with_name("interrupted_run.py")
SPECIFICATION = spec_from_file_location("interrupted_run", SCRIPT)
assert SPECIFICATION is not None
interrupted_run = module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(interrupted_run)


@pytest.mark.parametrize("at", range(1, 21))
def test_a_run_cut_at_any_step_ends_with_the_same_bits(image_set, tmp_path, at: int) -> None:
    whole = run(image_set, None)
    with pytest.raises(Killed):
        run(image_set, tmp_path / "run.safetensors", objective=cut(objective, at))
    assert_same(run(image_set, tmp_path / "run.safetensors"), whole)


def as_version_0_3_wrote_it(path: Path) -> None:
    """Rewrite a checkpoint in the form that knew one optimiser: momenta, and no word of it."""
    with safe_open(path, framework="pt") as file:
        content = json.loads(file.metadata()["state"])
        tensors = {
            name.replace("optimiser/momentum_buffer/", "momentum/"): file.get_tensor(name)
            for name in file.keys()  # noqa: SIM118
        }
    del content["optimiser"], content["identity"]["optimiser"], content["format"]
    for name in ("objective", "evaluate", "labels"):
        del content["identity"][name]
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


def test_a_finished_run_gives_its_rows_again_without_training(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    whole = run(image_set, path)

    @wraps(objective)
    def never(*arguments):
        raise AssertionError("trained again")

    assert_same(run(image_set, path, objective=never), whole)


def test_seconds_go_on_from_the_checkpoint(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    rows: list[TrainingRow] = []
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
    saved: list[bytes] = []
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
        content = bytearray(serialise({"weights": torch.ones(3)}))
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

    @wraps(objective)
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
