"""One training run on several processes, each of which takes its share of every batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from runtheory.randomness import Streams

Objective = Callable[[nn.Module, Tensor, Tensor, Streams], Tensor]


@dataclass(frozen=True)
class Ranks:
    """The number of processes that train together, and which of them this one is (from 0)."""

    index: int = 0
    count: int = 1

    def share(self, batch: Tensor) -> Tensor:
        """Return this rank's part of the first axis: equal parts in the order of the ranks."""
        return batch if self.count == 1 else batch.chunk(self.count)[self.index]

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of ``values`` over the ranks; every rank has to call it."""
        if self.count > 1:
            distributed.all_reduce(values)
            values = values / self.count
        return values

    def gather(self, value: Any) -> list[Any]:
        """Return what each rank gave (small, picklable); every rank has to call it."""
        if self.count == 1:
            return [value]
        values: list[Any] = [None] * self.count
        distributed.all_gather_object(values, value)
        return values


def current() -> Ranks:
    """Return the ranks of the process group that is initialised, or the one rank there is."""
    if distributed.is_available() and distributed.is_initialized():
        return Ranks(distributed.get_rank(), distributed.get_world_size())
    return Ranks()


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
        yield current()
    finally:
        distributed.destroy_process_group()


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
        return self._shared[purpose if purpose == "batches" else purpose + self._suffix()]

    def state_dict(self) -> dict[str, Tensor]:
        """Return the states of the streams of all ranks; every rank has to call it."""
        own = self._shared.state_dict()
        gathered = self._ranks.gather(own)
        # Rank 0 last: where two ranks have a stream of one name, its state is the one that counts.
        return {name: state for states in reversed(gathered) for name, state in states.items()}

    def load_state_dict(self, states: dict[str, Tensor]) -> None:
        """Continue this rank's streams, and those with plain names, from ``states``."""
        suffix = self._suffix()
        self._shared.load_state_dict(
            {
                name: state
                for name, state in states.items()
                if _MARK not in name or (suffix and name.endswith(suffix))
            }
        )

    def _suffix(self) -> str:
        return f"{_MARK}{self._ranks.index}" if self._ranks.index else ""


_MARK = " on rank "


_NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


class Step(nn.Module):
    """A module whose ``forward`` is the objective, for ``DistributedDataParallel`` to wrap.

    An objective may call the parts of the network directly, so that wrapping the network itself
    would not do: the averaging of gradients is prepared by the ``forward`` of what is wrapped.
    """

    def __init__(self, net: nn.Module, objective: Objective, streams: Streams) -> None:
        super().__init__()
        self.net = net
        self.objective = objective
        self.streams = streams

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of this rank's share of a batch."""
        return self.objective(self.net, images, labels, self.streams)


def step(net: nn.Module, objective: Objective, streams: Streams, *, ranks: Ranks) -> nn.Module:
    """Return a module that maps images and labels to the loss, with gradients of all ranks.

    On several ranks all of them start with the parameters of rank 0, and batch normalisation is
    made to share its statistics (in place).

    Raises
    ------
    ValueError
        If there is batch normalisation on several ranks without CUDA.
    """
    if ranks.count == 1:
        return Step(net, objective, streams)
    device = next(net.parameters()).device
    if any(isinstance(module, _NORMALISATIONS) for module in net.modules()):
        if device.type != "cuda":
            raise ValueError(
                f"batch normalisation shares its statistics over {ranks.count} ranks on CUDA "
                f"only, the network is on {device}; train it in one process"
            )
        net = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    return DistributedDataParallel(Step(net, objective, streams))


def check_share(batch_size: int, ranks: Ranks) -> None:
    """Raise ``ValueError`` if a batch cannot be cut into equal parts for the ranks."""
    if batch_size % ranks.count:
        raise ValueError(f"batch_size must divide by the {ranks.count} ranks, got {batch_size}")


def check_restored(at: int, ranks: Ranks) -> None:
    """Raise ``ValueError`` if the ranks go on from different steps; wait for all of them."""
    steps = ranks.gather(at)
    if len(set(steps)) > 1:
        raise ValueError(
            f"the ranks would go on from the steps {steps}: "
            "the folder of the checkpoint must be the same for all ranks"
        )
