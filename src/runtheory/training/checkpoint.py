"""A checkpoint is one safetensors file from which a run goes on with the same bits.

Its tensors are the parameters and buffers, the state of the optimiser, the states of the random
streams and the order of the current epoch; its metadata is one JSON text (identity of the run,
step, losses, seconds, rows, numbers of the optimiser) and a SHA-256 over that text and all tensors.
Loading reads numbers and text only; nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor

from runtheory import durable
from runtheory.training.optimisers import description, nesterov, parameter_names
from runtheory.training.settings import Settings
from runtheory.training.state import RunState, TrainingRow

Identity = Mapping[str, Any]


class CheckpointMismatch(ValueError):
    """The checkpoint belongs to another run than the one that was asked for."""


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
        "identity": dict(identity),
        "step": state.step,
        "losses": state.losses,
        "seconds": state.seconds,
        "rows": [asdict(row) for row in state.rows],
        "optimiser": numbers,
    }
    text = json.dumps(content)
    metadata = {"state": text, "sha256": digest(tensors, text)}
    durable.write(path, serialise(tensors, metadata=metadata))


def restore(path: Path, state: RunState, identity: Identity) -> None:
    """Bring ``state`` to what is kept under ``path``; without a file it stays as it is.

    So it does, with a ``RuntimeWarning`` that names the file, where the file is damaged: a fresh
    start gives the same numbers and costs only time.

    Raises
    ------
    CheckpointMismatch
        If the file is whole but belongs to another run; nothing has been changed then.
    """
    if not path.exists():
        return
    try:
        content, tensors = _read(path)
    except (SafetensorError, ValueError) as error:
        warnings.warn(
            f"the checkpoint {path} is damaged ({error}); the run starts afresh and replaces it",
            RuntimeWarning,
            stacklevel=3,
        )
        return
    if "optimiser" not in content:
        content, tensors = _upgraded(content, tensors, state)
    _compare(path, content["identity"], identity)
    with torch.no_grad():
        state.net.load_state_dict(_under("net/", tensors))
        state.streams.load_state_dict(_under("stream/", tensors))
        _load_optimiser(state, _under("optimiser/", {**tensors, **content["optimiser"]}))
    state.order = tensors["order"].to(state.order.device)
    state.step, state.losses = content["step"], content["losses"]
    state.rows, state.seconds = [TrainingRow(**row) for row in content["rows"]], content["seconds"]


def digest(tensors: Mapping[str, Tensor], text: str = "") -> str:
    """Return the SHA-256 of ``text`` and of the names and contents of ``tensors``, sorted by name.

    Reads all of them on the host.
    """
    total = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        total.update(name.encode())
        # As bytes, because NumPy lacks bfloat16.
        content = tensors[name].detach().cpu().contiguous().reshape(-1)
        total.update(content.view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    with safe_open(path, framework="pt", device="cpu") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    text = metadata.get("state", "")
    if metadata.get("sha256") != digest(tensors, text):
        raise ValueError("its digest does not fit its content")
    return json.loads(text), tensors


def _upgraded(
    content: dict[str, Any], tensors: Mapping[str, Tensor], state: RunState
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return what a file of version 0.3 or before holds, which knew one optimiser, as of today."""
    identity = content["identity"]
    optimiser = nesterov(state.net, Settings(**identity["settings"]))
    identity = {**identity, "optimiser": description(optimiser)}
    momenta = _under("momentum/", tensors)
    renamed = {f"optimiser/momentum_buffer/{name}": value for name, value in momenta.items()}
    return {**content, "identity": identity, "optimiser": {}}, {**tensors, **renamed}


def _compare(path: Path, kept: Identity, asked: Identity) -> None:
    asked = json.loads(json.dumps(dict(asked)))
    differences = [
        f"{key} was {kept.get(key)!r}, asked is {asked.get(key)!r}"
        for key in sorted(kept.keys() | asked.keys())
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


def _under(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }
