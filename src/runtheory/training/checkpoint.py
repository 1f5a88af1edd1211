"""One safetensors file that holds everything a run needs to go on with the same bits.

Its tensors are the parameters and buffers, the optimiser's momenta, the states of the random
streams and the order of the current epoch; its metadata is one JSON text (identity of the run,
step, losses, seconds, rows) and a SHA-256 over that text and all tensors. Loading reads numbers and
text only; nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn

from runtheory import durable
from runtheory.randomness import Streams
from runtheory.training.progress import Progress
from runtheory.training.rows import Row

Identity = dict[str, Any]


class CheckpointMismatch(ValueError):
    """The checkpoint belongs to another run than the one that was asked for."""


@dataclass(frozen=True)
class Holder:
    """What a checkpoint is taken of; ``identity`` is JSON that tells this run from any other.

    On several ranks each holds its own, and ``writes`` is true on the one whose file it is.
    """

    net: nn.Module
    optimiser: torch.optim.Optimizer
    streams: Streams
    identity: Identity
    writes: bool = True


def save(path: Path, holder: Holder, progress: Progress) -> None:
    """Replace the checkpoint under ``path`` by the present state, all at once.

    On several ranks all of them call it, and one writes.
    """
    tensors = _tensors(holder) | {"order": progress.order}
    if not holder.writes:
        return
    # A clone, because safetensors refuses tensors that share memory, as tied weights do.
    tensors = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in tensors.items()
    }
    state = {
        "identity": holder.identity,
        "step": progress.step,
        "losses": progress.losses,
        "seconds": progress.seconds,
        "rows": [asdict(row) for row in progress.rows],
    }
    text = json.dumps(state)
    metadata = {"state": text, "sha256": _digest(text, tensors)}
    durable.write(path, serialise(tensors, metadata=metadata))


def restore(path: Path, holder: Holder) -> Progress:
    """Bring net, optimiser and streams to the state under ``path`` and return the progress.

    Without a file the run starts afresh. So it does, with a ``RuntimeWarning`` that names the
    file, where the file is damaged: a fresh start gives the same numbers and costs only time.

    Raises
    ------
    CheckpointMismatch
        If the file is whole but belongs to another run; nothing has been changed then.
    """
    if not path.exists():
        return Progress()
    try:
        state, tensors = _read(path)
    except (SafetensorError, ValueError) as error:
        warnings.warn(
            f"the checkpoint {path} is damaged ({error}); the run starts afresh and replaces it",
            RuntimeWarning,
            stacklevel=3,
        )
        return Progress()
    _compare(path, state["identity"], holder.identity)
    _load(tensors, holder)
    rows = [Row(**row) for row in state["rows"]]
    return Progress(state["step"], tensors["order"], state["losses"], state["seconds"], rows)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    with safe_open(path, framework="pt", device="cpu") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    text = metadata.get("state", "")
    if metadata.get("sha256") != _digest(text, tensors):
        raise ValueError("its digest does not fit its content")
    return json.loads(text), tensors


def _compare(path: Path, found: Identity, asked: Identity) -> None:
    asked = json.loads(json.dumps(asked))
    differences = [
        f"{key} was {found.get(key)!r}, asked is {asked.get(key)!r}"
        for key in sorted(found.keys() | asked.keys())
        if found.get(key) != asked.get(key)
    ]
    if differences:
        raise CheckpointMismatch(
            f"the checkpoint {path} belongs to another run: {'; '.join(differences)}. "
            "Name another file, or remove this one to start afresh."
        )


@torch.no_grad()
def _load(tensors: Mapping[str, Tensor], holder: Holder) -> None:
    holder.net.load_state_dict(_under("net/", tensors))
    momenta = _under("momentum/", tensors)
    for name, parameter in holder.net.named_parameters():
        if name in momenta:
            # The layout of the parameter, so that the optimiser takes the same path as before.
            momentum = torch.empty_like(parameter).copy_(momenta[name])
            holder.optimiser.state[parameter]["momentum_buffer"] = momentum
    holder.streams.load_state_dict(_under("stream/", tensors))


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _tensors(holder: Holder) -> dict[str, Tensor]:
    tensors = {f"net/{name}": value for name, value in holder.net.state_dict().items()}
    tensors |= {f"stream/{name}": value for name, value in holder.streams.state_dict().items()}
    for name, parameter in holder.net.named_parameters():
        momentum = holder.optimiser.state.get(parameter, {}).get("momentum_buffer")
        if momentum is not None:
            tensors[f"momentum/{name}"] = momentum
    return tensors
