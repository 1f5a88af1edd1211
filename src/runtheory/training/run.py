"""A run is what one call of the training loop is made of, open to changes from outside.

What tells it from another run, and whether its parts fit each other, is asked here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from runtheory.boundary import checked
from runtheory.randomness import Streams
from runtheory.training import checkpoint
from runtheory.training.examples import Data
from runtheory.training.identity import described
from runtheory.training.optimisers import description
from runtheory.training.settings import Settings, steps_per_epoch
from runtheory.training.state import RunState

Objective = Callable[[nn.Module, Any, Any, Streams], Tensor]
KeepState = Callable[[Path, RunState, checkpoint.Identity], None]


@dataclass(frozen=True)
class Run:
    """Network, data, objective, settings and streams of a run before its first step.

    ``objective(net, inputs, targets, streams)`` gets what ``data.batch`` returns and gives the loss
    of the batch, one number. ``identity`` is JSON that a checkpoint must agree in, besides what the
    loop itself puts there; ``save`` and ``restore`` do as those of ``training.checkpoint``.
    """

    net: nn.Module
    data: Data
    objective: Objective
    settings: Settings
    streams: Streams
    identity: Mapping[str, Any] = field(default_factory=dict)
    save: KeepState = checkpoint.save
    restore: KeepState = checkpoint.restore


Wrapper = Callable[[Run], Run]

# No argument of `train`: the recipes that call it do not know of what is around them.
_wrapper: ContextVar[Wrapper] = ContextVar("wrapper", default=lambda run: run)


@checked
def wrap(run: Run) -> Run:
    """Return ``run`` as the surrounding blocks of :func:`wrapped` make it."""
    return _wrapper.get()(run)


@checked
@contextmanager
def wrapped(by: Wrapper) -> Iterator[None]:
    """Let every ``train`` that is called inside the block take its steps with ``by(run)``.

    So a recipe trains on several processes, say, and neither it nor the loop knows of them
    (``training.ranks``). Blocks nest: the wrapper of the innermost one acts first.
    """
    outer = _wrapper.get()
    token = _wrapper.set(lambda run: outer(by(run)))  # the inner wrapper first
    try:
        yield
    finally:
        _wrapper.reset(token)


@checked
def check_run(run: Run) -> None:
    """Raise ``ValueError`` if a batch is larger than the data or the network lies elsewhere."""
    steps_per_epoch(len(run.data), run.settings.batch_size)
    devices = {parameter.device for parameter in run.net.parameters()}
    if devices != {run.data.device}:
        raise ValueError(
            f"the data are on {run.data.device}, "
            f"the parameters on {sorted(map(str, devices)) or 'no device: there are none'}"
        )


@checked
def named(objective: Objective, evaluate: Callable[..., Any], name: str | None) -> dict[str, str]:
    """Return what a checkpoint says of objective and ``evaluate``: ``name`` in their place."""
    if name is not None:
        return {"named": name}
    return {"objective": described(objective), "evaluate": described(evaluate)}


@checked
def whole_identity(run: Run, state: RunState) -> dict[str, Any]:
    """Return JSON that tells a run from others: all that a checkpoint must agree in."""
    return {
        "settings": asdict(run.settings),
        "seed": run.streams.seed,
        **run.data.identity(),
        "network": state.shapes(),
        "optimiser": description(state.optimiser),
        "device": run.data.device.type,
        "streams": run.streams.device.type,
        "torch": torch.__version__,
        **run.identity,
    }
