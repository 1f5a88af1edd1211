"""The training loop takes steps and yields rows: one loop for all networks of the book."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Integer, Shaped
from torch import Tensor, nn
from torch.nn import functional

from runtheory.boundary import checked
from runtheory.data import ImageSet, batches
from runtheory.randomness import Streams
from runtheory.shapes import Scalar
from runtheory.tensor_checks import class_labels
from runtheory.training.examples import Data, as_data
from runtheory.training.optimisers import MakeOptimiser, nesterov, with_first_rates
from runtheory.training.run import Objective, Run, check_run, named, whole_identity, wrap
from runtheory.training.settings import Settings, steps_per_epoch
from runtheory.training.state import RunState, TrainingRow

_NO_LABEL = -(2**62)  # PyTorch ignores -100 unless another number is to be ignored

Evaluate = Callable[[nn.Module], Mapping[str, float]]

_TOO_HIGH = (
    "the usual cause is a learning rate that is too high; input values far out of range do the same"
)


@checked
def classification(
    net: nn.Module,
    inputs: Shaped[Tensor, "batch ..."] | tuple[Tensor, ...],
    labels: Integer[Tensor, " batch"],
    streams: Streams,
) -> Scalar:
    """Return the mean cross-entropy (nats) of the logits ``net(inputs)``: the plain objective.

    No label is ignored, -100 neither. Labels are looked at by PyTorch's loss alone, so that one out
    of range is named on the CPU and stops the process on a GPU.

    >>> import torch
    >>> from torch import nn
    >>> from runtheory.randomness import Streams
    >>> from runtheory.training import classification
    >>> net = nn.Linear(2, 3)
    >>> _ = nn.init.zeros_(net.weight), nn.init.zeros_(net.bias)
    >>> classification(net, torch.ones(4, 2), torch.tensor([0, 1, 2, 0]), Streams(0)).item()
    1.0986123085021973

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If they are not one for each input, or out of range.
    """
    return _classification(net, inputs, labels, streams)


def _classification(net: nn.Module, inputs: Any, labels: Tensor, streams: Streams) -> Tensor:
    """Return what :func:`classification` does, of arguments that were looked at before."""
    logits = net(inputs)
    if labels.dtype is not torch.int64 or labels.shape != logits.shape[:1]:
        labels = class_labels(labels, classes=logits.shape[-1], batch=len(logits))
    try:
        return functional.cross_entropy(logits, labels, ignore_index=_NO_LABEL)
    except IndexError as error:
        class_labels(labels, classes=logits.shape[-1])  # says which
        raise ValueError(f"labels do not fit the logits: {error}") from error


@checked
def no_measures(net: nn.Module) -> dict[str, float]:
    """Return no measures: the rows then hold the loss alone."""
    return {}


@checked
def train(  # noqa: PLR0913 - what a run depends on, and half of it has a default
    net: nn.Module,
    data: ImageSet | Data,
    objective: Objective,
    settings: Settings,
    *,
    streams: Streams,
    evaluate: Evaluate = no_measures,
    checkpoint: Path | None = None,
    optimiser: MakeOptimiser = nesterov,
    identity: str | None = None,
) -> Iterator[TrainingRow]:
    """Train ``net`` in place and yield a row whenever one is due.

    A step takes the inputs and targets of ``settings.batch_size`` examples, the one number
    ``objective(net, inputs, targets, streams)`` and one step of the optimiser. The order of each
    epoch is drawn from ``streams["batches"]``; batches that do not fill are left out. A row holds
    the step, the mean loss since the row before and what ``evaluate(net)`` returns (see
    :class:`TrainingRow`).

    ``data`` is an image set, whose training part comes as normalised float32 images ``(batch,
    channel, height, width)`` and int64 labels ``(batch,)``, or :class:`Examples`, whose tensors
    come as they are, cut to ``(batch, ...)``. Networks with convolutions are put into channels-last
    layout (measured: up to twice as fast on one core).

    ``optimiser`` makes an optimiser of PyTorch out of the network and the settings; one of its
    groups has to start at ``settings.learning_rate``. In each step the learning rates of all groups
    are their first ones times ``settings.share(step)``. An optimiser that evaluates the objective
    more than once a step gets a new draw of the streams each time; the first loss is recorded.

    The host does not wait for the device at each step. Losses are read, and their finiteness is
    checked, when a row or a checkpoint is due; all losses since the last reading are kept, so the
    step named in the error is the first bad one, even though it is noticed later.

    With ``checkpoint`` the run goes on from that file if it exists: it yields the rows of the
    earlier part again, as they were, and ends with the numbers of an uninterrupted run, bit for bit
    on the same machine, device and thread count. What an objective draws from the global generator
    or keeps outside ``net`` and ``streams`` is not saved. A file of another run is refused: of
    other settings, seed, examples, labels, network, optimiser, objective or ``evaluate``. The last
    two are told apart by :func:`described`; where that says too much or too little, as of an object
    that is no frozen dataclass, ``identity`` says in their place what they are.

    >>> import torch
    >>> from torch import nn
    >>> from runtheory.randomness import Streams
    >>> from runtheory.training import Examples, Settings, train
    >>> inputs = torch.linspace(-1, 1, 64)[:, None]  # (example, feature)
    >>> examples = Examples(inputs, 3 * inputs)
    >>> def squared_error(net, inputs, targets, streams):
    ...     return (net(inputs) - targets).square().mean()
    >>> net = nn.Linear(1, 1)
    >>> settings = Settings(steps=200, batch_size=16, learning_rate=0.1, evaluate_every=100)
    >>> rows = train(net, examples, squared_error, settings, streams=Streams(0))
    >>> [(row.step, row.epoch) for row in rows]
    [(100, 25.0), (200, 50.0)]
    >>> round(net.weight.item(), 2)
    3.0

    Raises
    ------
    ValueError
        If data, settings, network and optimiser do not fit each other; while iterating, if the
        objective returns more than one number.
    CheckpointMismatch
        If the checkpoint belongs to another run.
    FloatingPointError
        While iterating, if a loss or a parameter is not finite.
    """
    run = Run(net, as_data(data), objective, settings, streams)
    if checkpoint is not None:  # it may read much data
        run = replace(run, identity=named(objective, evaluate, identity))
    check_run(run)
    if any(isinstance(module, nn.Conv2d) for module in net.modules()):
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = wrap(run)
    started = with_first_rates(optimiser(run.net, run.settings), run.net, run.settings)
    state = RunState(run.net, started, run.streams)
    state.order = state.order.to(run.data.device)
    if checkpoint is None:
        return _rows(run, state, evaluate=evaluate, save=lambda: None)
    whole = whole_identity(run, state)
    run.restore(checkpoint, state, whole)
    save = partial(run.save, checkpoint, state, whole)
    return _rows(run, state, evaluate=evaluate, save=save)


def _rows(
    run: Run, state: RunState, *, evaluate: Evaluate, save: Callable[[], None]
) -> Iterator[TrainingRow]:
    yield from tuple(state.rows)
    steps = run.settings.steps
    rows_every = run.settings.evaluate_every or steps
    saves_every = run.settings.checkpoint_every or rows_every
    while state.step < steps:
        # In one go up to whatever comes first: a row, a checkpoint or the end.
        stops = (_next_multiple(every, state.step) for every in (rows_every, saves_every))
        _advance(run, state, stop=min(*stops, steps))
        last = state.step == steps
        row_due = last or state.step % rows_every == 0
        if row_due:
            state.rows.append(_row(run, state, evaluate))
        if last or state.step % saves_every == 0:
            save()
        if row_due:
            yield state.rows[-1]


def _advance(run: Run, state: RunState, *, stop: int) -> None:
    """Take the steps up to ``stop``, then read their losses: the one wait for the device."""
    per_epoch = steps_per_epoch(len(run.data), run.settings.batch_size)
    state.net.train()
    started = time.perf_counter()
    # Batches are alike: the first alone is asked for its kinds and axes, which takes microseconds.
    plain = run.objective is classification
    later = replace(run, objective=_classification) if plain else run
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        pending = [_step(run, state, state.step, per_epoch)]
        pending += [_step(later, state, step, per_epoch) for step in range(state.step + 1, stop)]
    losses = torch.stack(pending).to(torch.float64).tolist()  # (step,)
    state.seconds += time.perf_counter() - started
    for step, loss in enumerate(losses, start=state.step):
        if not math.isfinite(loss):
            raise FloatingPointError(_diagnosis(step, loss, run.settings))
    state.losses += losses
    state.step = stop


def _step(run: Run, state: RunState, step: int, per_epoch: int) -> Tensor:
    inputs, targets = _batch(run, state, step % per_epoch)
    share = run.settings.share(step)
    for group in state.optimiser.param_groups:
        group["lr"] = group["initial_lr"] * share
    losses: list[Tensor] = []

    def loss_with_gradient() -> Any:
        with _precision(run.settings, run.data.device):
            loss = run.objective(state.net, inputs, targets, state.streams)
        if loss.ndim != 0:
            raise ValueError(f"an objective returns one number, got shape {tuple(loss.shape)}")
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        losses.append(loss.detach())
        return losses[-1]

    # Optimisers that look at several points of one step call for the loss themselves.
    state.optimiser.step(loss_with_gradient)
    return losses[0]


def _batch(run: Run, state: RunState, position: int) -> tuple[Any, Any]:
    """Return the batch at ``position`` of the epoch, whose order is drawn at its first one."""
    size = run.settings.batch_size
    if position == 0:
        generator = state.streams["batches"]
        count = len(run.data)
        (order,) = batches(count, count, generator=generator)  # all at once: many pieces cost time
        used = order[: count - count % size].clone()  # (steps of an epoch * batch,)
        state.order = used.to(run.data.device)
    return run.data.batch(state.order[position * size : (position + 1) * size])


def _precision(settings: Settings, device: torch.device) -> AbstractContextManager[object]:
    if settings.mixed_precision and device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def _row(run: Run, state: RunState, evaluate: Evaluate) -> TrainingRow:
    """Measure the network as it is now; the losses since the row before go into the mean."""
    _check_parameters(state.net, state.step, run.settings)
    losses, state.losses = state.losses, []
    return TrainingRow(
        step=state.step,
        epoch=state.step / steps_per_epoch(len(run.data), run.settings.batch_size),
        seconds=state.seconds,
        loss=math.fsum(losses) / len(losses),
        learning_rate=run.settings.rate(state.step - 1),
        measures=dict(evaluate(state.net)),
    )


def _check_parameters(net: nn.Module, step: int, settings: Settings) -> None:
    # (parameter,): one wait for the device, not one for each parameter.
    finite = torch.stack([torch.isfinite(parameter).all() for parameter in net.parameters()])
    if not bool(finite.all()):
        raise FloatingPointError(
            f"parameters are not finite after step {step} of {settings.steps}, though every loss "
            f"was; the learning rate was {settings.rate(step - 1):.3g}: {_TOO_HIGH}"
        )


def _diagnosis(step: int, loss: float, settings: Settings) -> str:
    where = f"the loss is {loss} at step {step + 1} of {settings.steps}"
    if step == 0:
        return (
            f"{where}, before any update of the weights: look at the input values, the initial "
            "weights and the objective"
        )
    return (
        f"{where} (learning rate {settings.rate(step):.3g}, peak {settings.learning_rate:.3g}); "
        f"all losses before it were finite: {_TOO_HIGH}"
    )


def _next_multiple(every: int, step: int) -> int:
    return (step // every + 1) * every
