"""A checkpoint is one safetensors file from which a run goes on with the same bits.

Its tensors are the parameters and buffers, the state of the optimiser, the states of the random
streams and the order of the current epoch; its metadata is one JSON text (format, identity of the
run, step, losses, seconds, rows, numbers of the optimiser, names of the tensors) and a SHA-256 over
that text and all tensors. Loading reads numbers and text only; nothing is unpickled.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save as serialise
from torch import Tensor

from runtheory import durable
from runtheory.boundary import checked
from runtheory.training.optimisers import parameter_names
from runtheory.training.state import RunState, TrainingRow
from runtheory.training.stored import (
    FORMAT,
    NEW_IN_2,
    CheckpointMismatch,
    DamagedFile,
    Stored,
    check_parts,
    digest,
    read,
    under,
)

Identity = Mapping[str, Any]


@checked
def save(path: Path, state: RunState, identity: Identity) -> None:
    """Replace the checkpoint under ``path`` by ``state``, all at once.

    ``identity`` is JSON that tells this run from any other.

    Raises
    ------
    ValueError
        If the optimiser keeps something that is neither a tensor, a number nor a text.
    """
    tensors, numbers = _tensors_and_numbers(state)
    # A clone, because safetensors refuses tensors that share memory, as tied weights do.
    tensors = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in tensors.items()
    }
    content = {
        "format": FORMAT,
        "identity": dict(identity),
        "step": state.step,
        "losses": state.losses,
        "seconds": state.seconds,
        "rows": [asdict(row) for row in state.rows],
        "optimiser": numbers,
        "tensors": sorted(tensors),
    }
    text = json.dumps(content)
    metadata = {"state": text, "sha256": digest(tensors, text, forms=True)}
    try:
        durable.write(path, serialise(tensors, metadata=metadata))
    except OSError as error:
        raise OSError(
            error.errno,
            f"the checkpoint {path} could not be written ({error.strerror}); make room or name "
            "another file, and start again: the run goes on from the checkpoint before, if any",
        ) from error


@checked
def restore(path: Path, state: RunState, identity: Identity) -> None:
    """Bring ``state`` to what is kept under ``path``; without a file it stays as it is.

    So it does, with a ``RuntimeWarning`` that names the file, where the file is damaged: a fresh
    start gives the same numbers and costs only time. A file of version 0.3 or before is read too,
    and compared in what it names: it knew neither objective nor labels.

    Raises
    ------
    CheckpointMismatch
        If the file is whole but belongs to another run or a newer version, or lacks a part; nothing
        has been changed then.
    """
    if not path.exists():
        return
    try:
        stored = read(path, state)
    except (SafetensorError, json.JSONDecodeError, UnicodeDecodeError, DamagedFile) as error:
        warnings.warn(
            f"the checkpoint {path} is damaged ({error}); the run starts afresh and replaces it",
            RuntimeWarning,
            stacklevel=3,
        )
        return
    _compare(path, stored, identity)
    check_parts(path, stored, state)
    content, tensors = stored.content, stored.tensors
    with torch.no_grad():
        state.net.load_state_dict(under("net/", tensors))
        state.streams.load_state_dict(under("stream/", tensors))
        _load_optimiser(state, under("optimiser/", {**tensors, **content["optimiser"]}))
    state.order = tensors["order"].to(state.order.device)
    state.step, state.losses = content["step"], content["losses"]
    state.rows, state.seconds = [TrainingRow(**row) for row in content["rows"]], content["seconds"]


def _compare(path: Path, stored: Stored, asked: Identity) -> None:
    kept = stored.content["identity"]
    asked = json.loads(json.dumps(dict(asked)))
    known = kept.keys() | (asked.keys() - (NEW_IN_2 if stored.format < 2 else set()))
    differences = [
        f"{key} was {kept.get(key)!r}, asked is {asked.get(key)!r}"
        for key in sorted(known)
        if kept.get(key) != asked.get(key)
    ]
    if differences:
        raise CheckpointMismatch(
            f"the checkpoint {path} belongs to another run: {'; '.join(differences)}. "
            "Name another file, or remove this one to start afresh."
        )


def _tensors_and_numbers(state: RunState) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors = {f"net/{name}": value for name, value in state.net.state_dict().items()}
    tensors |= {f"stream/{name}": value for name, value in state.streams.state_dict().items()}
    tensors["order"] = state.order
    numbers = {}
    names = parameter_names(state.net, state.optimiser)
    for position, entries in state.optimiser.state_dict()["state"].items():
        for key, value in entries.items():
            name = f"optimiser/{key}/{names[position]}"
            if isinstance(value, Tensor):
                tensors[name] = value
            elif value is None or isinstance(value, int | float | str):
                numbers[name] = value
            else:
                raise ValueError(
                    f"a checkpoint holds tensors, numbers and texts, but the optimiser keeps "
                    f"{key!r} as {type(value).__name__}: train without a checkpoint"
                )
    return tensors, numbers


def _load_optimiser(state: RunState, values: Mapping[str, Any]) -> None:
    fresh = state.optimiser.state_dict()
    parameters = dict(state.net.named_parameters())
    positions = {name: i for i, name in enumerate(parameter_names(state.net, state.optimiser))}
    entries: dict[int, dict[str, Any]] = {}
    for path, value in values.items():
        key, name = path.split("/", maxsplit=1)
        # The layout of the parameter, so that the optimiser takes the same path as before.
        alike = isinstance(value, Tensor) and value.ndim and value.shape == parameters[name].shape
        if alike:
            value = torch.empty_like(parameters[name], dtype=value.dtype).copy_(value)
        entries.setdefault(positions[name], {})[key] = value
    state.optimiser.load_state_dict({**fresh, "state": entries})
