"""What a checkpoint's file holds: read, brought to today's form, and found whole or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from runtheory.boundary import checked
from runtheory.training.optimisers import description, nesterov, parameter_names
from runtheory.training.settings import Settings
from runtheory.training.state import RunState

FORMAT = 2  # 0: version 0.3 and before, one optimiser; 1: any optimiser, without a number
NEW_IN_2 = {"objective", "evaluate", "named", "labels"}  # of the identity
PARTS = {"identity": dict, "step": int, "losses": list, "seconds": float, "rows": list}
PARTS_SINCE_1 = {"optimiser": dict}


class CheckpointMismatch(ValueError):
    """The checkpoint belongs to another run than the one that was asked for."""


class DamagedFile(ValueError):
    """The digest of a checkpoint does not fit its content."""


@dataclass(frozen=True)
class Stored:
    """The metadata and the tensors of a checkpoint, and the number of the form it was written in.

    Both are in the form of today whatever that number.
    """

    content: dict[str, Any]
    tensors: dict[str, Tensor]
    format: int


@checked
def read(path: Path, state: RunState) -> Stored:
    """Return what the file holds; ``state`` tells how an old form names the network's parts.

    Raises
    ------
    CheckpointMismatch
        If it is of a newer form, or a part of its metadata is missing.
    DamagedFile
        If its digest does not fit.
    """
    if path.is_dir():
        raise CheckpointMismatch(f"the checkpoint {path} is a folder: name a file")
    with safe_open(path, framework="pt", device="cpu") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    text = metadata.get("state", "{}")
    content = json.loads(text)
    number = content.get("format", 1) if isinstance(content, dict) else 1
    if metadata.get("sha256") != digest(tensors, text, forms=number >= 2):
        raise DamagedFile("its digest does not fit its content")
    if number > FORMAT:
        raise CheckpointMismatch(
            f"the checkpoint {path} is of form {number}, this version reads up to {FORMAT}: "
            "update runtheory, or name another file"
        )
    _refuse(path, _missing(content, PARTS))
    if number < 2 and "optimiser" not in content:
        return Stored(*_upgraded(content, tensors, state), format=0)
    _refuse(path, _missing(content, PARTS_SINCE_1))
    return Stored(content, tensors, format=number)


@checked
def check_parts(path: Path, stored: Stored, state: RunState) -> None:
    """Refuse a file from which the run that ``state`` belongs to could not go on.

    Raises
    ------
    CheckpointMismatch
        If a tensor is missing, strange or of another shape, or the counts contradict each other.
    """
    _refuse(path, [*_wrong_tensors(stored, state), *_wrong_counts(stored.content)])


@checked
def digest(tensors: Mapping[str, Tensor], text: str = "", *, forms: bool = False) -> str:
    """Return the SHA-256 of ``text`` and of the names and contents of ``tensors``, sorted by name.

    With ``forms`` their dtypes and shapes count too. Reads all of them on the host.
    """
    total = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        total.update(name.encode())
        if forms:
            total.update(f"{tensors[name].dtype}{list(tensors[name].shape)}".encode())
        # As bytes, because NumPy lacks bfloat16.
        content = tensors[name].detach().cpu().contiguous().reshape(-1)
        total.update(content.view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


@checked
def under(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values whose names begin with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }


def _upgraded(
    content: dict[str, Any], tensors: Mapping[str, Tensor], state: RunState
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return what a file that knew one optimiser holds, as of today."""
    identity = content["identity"]
    optimiser = nesterov(state.net, Settings(**identity["settings"]))
    identity = {**identity, "optimiser": description(optimiser)}
    momenta = under("momentum/", tensors)
    renamed = {f"optimiser/momentum_buffer/{name}": value for name, value in momenta.items()}
    return {**content, "identity": identity, "optimiser": {}}, {**tensors, **renamed}


def _missing(content: Any, parts: Mapping[str, type]) -> list[str]:
    if not isinstance(content, dict):
        return ["its metadata"]
    wrong = [
        name
        for name, kind in parts.items()
        if not isinstance(content.get(name), int | float if kind is float else kind)
    ]
    return [f"its {name!r}" for name in wrong]


def _wrong_tensors(stored: Stored, state: RunState) -> Iterator[str]:
    names, step = stored.tensors.keys(), stored.content["step"]
    needed = {f"net/{name}" for name in state.net.state_dict()} | {"order"}
    needed |= {"stream/batches"} if step else set()
    needed |= set(stored.content.get("tensors", ()))
    yield from sorted(needed - names)
    for name, shape in state.shapes().items():
        kept = stored.tensors.get(f"net/{name}")
        if kept is not None and shape is not None and list(kept.shape) != shape:
            yield f"net/{name} in the shape {shape}"
    trained = set(parameter_names(state.net, state.optimiser))
    for name in under("optimiser/", {**stored.tensors, **stored.content["optimiser"]}):
        if name.partition("/")[2] not in trained:
            yield f"a parameter for optimiser/{name}"


def _wrong_counts(content: Mapping[str, Any]) -> Iterator[str]:
    steps = content["identity"].get("settings", {}).get("steps", 0)
    if not 0 <= content["step"] <= steps:
        yield f"a step in 0 to {steps} (it has {content['step']})"
    rows = content["rows"]
    if not all(isinstance(row, dict) and isinstance(row.get("step"), int) for row in rows):
        yield "the step of a row"
    elif len(content["losses"]) != content["step"] - (rows[-1]["step"] if rows else 0):
        yield "the losses since its last row"


def _refuse(path: Path, missing: list[str]) -> None:
    if missing:
        raise CheckpointMismatch(
            f"no run can go on from the checkpoint {path}: it lacks {', '.join(missing)}. "
            "Remove it to start afresh."
        )
