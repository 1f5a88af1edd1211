"""A file that is whole but not what a run needs is refused in one sentence."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save as serialise
from torch import Tensor

from runtheory import durable
from runtheory.training import CheckpointMismatch
from runtheory.training.stored import FORMAT, digest
from tests.training.interruption import Killed, assert_same, cut, objective, run

Change = Callable[[dict[str, Any], dict[str, Tensor]], object]


def rewritten(path: Path, change: Change) -> None:
    """Change metadata and tensors of a checkpoint, and seal it again."""
    with safe_open(path, framework="pt") as file:
        content = json.loads(file.metadata()["state"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(content, tensors)
    text = json.dumps(content)
    seal = digest(tensors, text, forms=content.get("format", 1) >= 2)
    path.write_bytes(serialise(tensors, metadata={"state": text, "sha256": seal}))


def half_done(image_set, path: Path) -> None:
    with pytest.raises(Killed):
        run(image_set, path, objective=cut(objective, 11))


def without(name: str) -> Change:
    return lambda content, tensors: tensors.pop(name)


def lacking(name: str) -> Change:
    return lambda content, tensors: content.pop(name)


def having(**values: Any) -> Change:
    return lambda content, tensors: content.update(values)


def reshaped(content: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    tensors["net/body.0.0.weight"] = tensors["net/body.0.0.weight"].flatten()


def grown(content: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    tensors["optimiser/momentum_buffer/stranger"] = torch.ones(2)


MOMENTUM = "optimiser/momentum_buffer/body.0.0.weight"
CASES = {
    "a momentum": (without(MOMENTUM), MOMENTUM),
    "the batches": (without("stream/batches"), "stream/batches"),
    "the masks": (without("stream/masks"), "stream/masks"),
    "the order": (without("order"), "order"),
    "a parameter": (without("net/body.0.0.weight"), "net/body.0.0.weight"),
    "its shape": (reshaped, r"net/body.0.0.weight in the shape \[2, 1, 4, 4\]"),
    "a stranger": (grown, "a parameter for optimiser/momentum_buffer/stranger"),
    "step": (lacking("step"), "its 'step'"),
    "rows": (lacking("rows"), "its 'rows'"),
    "identity": (lacking("identity"), "its 'identity'"),
    "optimiser": (lambda content, tensors: content.update(optimiser=None), "its 'optimiser'"),
    "too many steps": (having(step=21, losses=[0.0] * 15), r"a step in 0 to 20 \(it has 21\)"),
    "negative steps": (having(step=-1), r"a step in 0 to 20 \(it has -1\)"),
    "losses": (having(losses=[]), "the losses since its last row"),
    "a row's step": (having(rows=[{}]), "the step of a row"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_missing_part_is_refused_in_one_sentence(image_set, tmp_path, case: str) -> None:
    change, lack = CASES[case]
    path = tmp_path / "run.safetensors"
    half_done(image_set, path)
    rewritten(path, change)
    before = path.read_bytes()
    with pytest.raises(CheckpointMismatch, match=f"no run can go on from .*it lacks .*{lack}"):
        run(image_set, path)
    assert path.read_bytes() == before


def test_a_whole_file_goes_on_and_one_of_a_newer_form_is_refused(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    half_done(image_set, path)
    rewritten(path, lambda content, tensors: None)
    assert_same(run(image_set, path), run(image_set, None))
    rewritten(path, having(format=FORMAT + 1))
    with pytest.raises(CheckpointMismatch, match=f"of form {FORMAT + 1}, .*reads up to {FORMAT}"):
        run(image_set, path)


def test_a_file_of_form_1_goes_on_with_the_same_bits(image_set, tmp_path) -> None:
    def older(content: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        del content["format"], content["tensors"]
        for name in ("objective", "evaluate", "labels"):
            del content["identity"][name]

    path = tmp_path / "run.safetensors"
    half_done(image_set, path)
    rewritten(path, older)
    assert_same(run(image_set, path), run(image_set, None))


def test_the_seal_covers_dtypes_and_shapes() -> None:
    ones = torch.ones(2, 3)
    other = [ones.view(torch.int32), ones.view(3, 2), ones.flatten()]
    assert len({digest({"a": value}, forms=True) for value in (ones, *other)}) == 4
    assert len({digest({"a": value}) for value in (ones, *other)}) == 1


def test_a_folder_in_its_place_is_named(image_set, tmp_path) -> None:
    with pytest.raises(CheckpointMismatch, match="is a folder: name a file"):
        run(image_set, tmp_path)


def test_a_full_disk_is_named_with_the_file_and_the_remedy(
    image_set, tmp_path, monkeypatch
) -> None:
    path = tmp_path / "run.safetensors"
    half_done(image_set, path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(durable.os, "fsync", full)
    message = r"run.safetensors could not be written \(No space left on device\); make room or name"
    with pytest.raises(OSError, match=message) as error:
        run(image_set, path)
    assert error.value.errno == errno.ENOSPC
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert_same(run(image_set, path), run(image_set, None))
