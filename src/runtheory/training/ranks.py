"""Ranks are processes that train one network together, each on its share of every batch.

Whoever starts them wraps the runs: ``with started_by_torchrun() as ranks, wrapped(partial(on_ranks,
ranks=ranks)): ...``. Neither the loop nor a recipe knows of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from runtheory.boundary import checked
from runtheory.randomness import ON_RANK, Streams, of_rank
from runtheory.shapes import Indices
from runtheory.training.checkpoint import Identity
from runtheory.training.examples import Data
from runtheory.training.run import KeepState, Objective, Run
from runtheory.training.state import RunState

_NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


@dataclass(frozen=True)
class Ranks:
    """The number of processes that train together, and which of them this one is (from 0)."""

    index: int = 0
    count: int = 1

    def share(self, batch: Tensor) -> Tensor:
        """Return this rank's part of the first axis: equal parts in the order of the ranks."""
        return batch.chunk(self.count)[self.index]

    def gather(self, value: Any) -> list[Any]:
        """Return what each rank gave (small, picklable); every rank has to call it."""
        if self.count == 1:
            return [value]
        values: list[Any] = [None] * self.count
        distributed.all_gather_object(values, value)
        return values


@checked
@contextmanager
def started_by_torchrun(device: str = "cpu") -> Iterator[Ranks]:
    """Join the process group that torchrun's environment describes, and leave it at the end.

    The group is gloo's on the CPU and NCCL's on CUDA, where the rank takes the GPU of its number on
    its machine as the current one.

    Raises
    ------
    RuntimeError
        If the process was not started by torchrun.
    """
    if not distributed.is_available() or not distributed.is_torchelastic_launched():
        raise RuntimeError("this process was not started by torchrun")
    if torch.device(device).type == "cuda":
        own = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(own)
        distributed.init_process_group("nccl", device_id=own)
    else:
        distributed.init_process_group("gloo")
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


@checked
def on_ranks(run: Run, ranks: Ranks) -> Run:
    """Return ``run`` as each of ``ranks`` takes part in it; every rank has to call it.

    All draw the same order of batches and take their share of each. Gradients and losses are means
    over the ranks, each rank evaluates, and rank 0 alone writes the checkpoint, which all must be
    able to read. An objective that is a mean over examples and draws nothing gives the numbers of
    one process but for the order of sums. Rank 0 has the streams of one process and the others have
    their own, so masks keep their law, not their values; what acts within a batch, say mixing, acts
    within the share. With batch normalisation the statistics are those of the whole batch. All
    trained parameters must take part in every step. One rank is the run itself.

    Raises
    ------
    ValueError
        If a batch cannot be cut into equal parts, or as :func:`loss_on_ranks` does; when a
        checkpoint is restored, if the ranks would go on from different steps.
    """
    if ranks.count == 1:
        return run
    if run.settings.batch_size % ranks.count:
        raise ValueError(
            f"batch_size must divide by the {ranks.count} ranks, got {run.settings.batch_size}"
        )
    return replace(
        run,
        data=Share(run.data, ranks),
        objective=loss_on_ranks(run.net, run.objective, ranks=ranks),
        streams=RankStreams(run.streams, ranks),
        identity={**run.identity, "ranks": ranks.count},
        save=partial(_save, write=run.save, ranks=ranks),
        restore=partial(_restore, read=run.restore, ranks=ranks),
    )


@dataclass(frozen=True, eq=False)
class Share:
    """The data of all ranks, of which this rank reads its share of every batch."""

    data: Data
    ranks: Ranks

    @property
    def device(self) -> torch.device:
        """The device of the data."""
        return self.data.device

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, index: Indices) -> tuple[Any, Any]:
        """Return the inputs and targets of this rank's share of the whole batch ``index``."""
        return self.data.batch(self.ranks.share(index))

    def identity(self) -> dict[str, Any]:
        """Return that of the data: all ranks together read all of them."""
        return self.data.identity()


class RankStreams(Streams):
    """The streams that an objective sees on a rank; the states are those of ``shared``.

    Rank 0 has the plain streams. On another rank every purpose but "batches" has a stream of its
    own, whose name holds the number of the rank, so that no two ranks draw the same masks.
    """

    def __init__(self, shared: Streams, ranks: Ranks) -> None:
        super().__init__(shared.seed, device=shared.device)
        self._shared = shared
        self._ranks = ranks

    def __getitem__(self, purpose: str) -> torch.Generator:
        shared = purpose == "batches"
        return self._shared[purpose if shared else of_rank(purpose, self._ranks.index)]

    def state_dict(self) -> dict[str, Tensor]:
        """Return the states of this rank's streams, and of those with plain names."""
        return self._shared.state_dict()

    def load_state_dict(self, states: dict[str, Tensor]) -> None:
        """Continue this rank's streams, and those with plain names, from ``states``."""
        index = self._ranks.index
        self._shared.load_state_dict(
            {
                name: state
                for name, state in states.items()
                if ON_RANK not in name or name == of_rank(name.rpartition(ON_RANK)[0], index)
            }
        )

    def gathered(self) -> Streams:
        """Return the streams of all ranks as one; every rank has to call it."""
        states = self._ranks.gather(self.state_dict())  # one dictionary for each rank
        together = Streams(self.seed, device=self.device)
        # Rank 0 last: where two ranks have a stream of one name, its state is the one that counts.
        together.load_state_dict(
            {name: state for own in reversed(states) for name, state in own.items()}
        )
        return together


class ObjectiveModule(nn.Module):
    """A module whose ``forward`` is the objective, for ``DistributedDataParallel`` to wrap.

    An objective may call the parts of the network directly, so that wrapping the network itself
    would not do: the averaging of gradients is prepared by the ``forward`` of what is wrapped. The
    same holds for ``torch.compile``.
    """

    def __init__(self, net: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.net = net
        self.objective = objective

    def forward(self, inputs: Any, targets: Any, streams: Streams) -> Tensor:
        """Return the loss of this rank's share of a batch."""
        return self.objective(self.net, inputs, targets, streams)


class _MeanOverRanks(torch.autograd.Function):
    """The mean of the ranks' losses (float64), with the gradient of this rank's own.

    The gradients become means over the ranks on their way through ``DistributedDataParallel``.
    """

    @staticmethod
    def forward(context: Any, loss: Tensor, count: int) -> Tensor:
        context.dtype = loss.dtype
        total = loss.detach().to(torch.float64, copy=True)  # a copy: the sum overwrites it
        distributed.all_reduce(total)  # the sum, in place
        return total / count

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        # Not divided by the count: the wrapper takes the mean of the gradients.
        return gradients[0].to(context.dtype), None


@checked
def loss_on_ranks(net: nn.Module, objective: Objective, *, ranks: Ranks) -> Objective:
    """Return the mean of ``objective`` over the ranks, whose gradient is that of all of them.

    All ranks start with the parameters of rank 0, and batch normalisation is made to share its
    statistics (in place). What is returned trains ``net``, whatever network it is given.

    Raises
    ------
    ValueError
        If there is batch normalisation on several ranks without CUDA.
    """
    device = next(net.parameters()).device
    if any(isinstance(module, _NORMALISATIONS) for module in net.modules()):
        if device.type != "cuda":
            raise ValueError(
                f"batch normalisation shares its statistics over {ranks.count} ranks on CUDA "
                f"only, the network is on {device}; train it in one process"
            )
        net = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    shared = DistributedDataParallel(ObjectiveModule(net, objective))

    def loss(net: nn.Module, inputs: Any, targets: Any, streams: Streams) -> Tensor:
        share = shared(inputs, targets, streams)
        mean: Tensor = _MeanOverRanks.apply(share, ranks.count)  # type: ignore[no-untyped-call]
        return mean

    return loss


def _save(
    path: Path, state: RunState, identity: Identity, *, write: KeepState, ranks: Ranks
) -> None:
    assert isinstance(state.streams, RankStreams)
    streams = state.streams.gathered()
    if ranks.index == 0:
        write(path, replace(state, streams=streams), identity)


def _restore(
    path: Path, state: RunState, identity: Identity, *, read: KeepState, ranks: Ranks
) -> None:
    read(path, state, identity)
    steps = ranks.gather(state.step)  # waits for all ranks
    if len(set(steps)) > 1:
        raise ValueError(
            f"the ranks would go on from the steps {steps}: "
            "the folder of the checkpoint must be the same for all ranks"
        )
