"""One named random stream per purpose, so that a new consumer never shifts an old one.

:class:`Streams` are those of a run, of one rank where there are several. What draws inside a
``DataLoader`` (a collate function, a transform) runs in worker processes, which are copies of one
another and in most settings begin anew with every epoch: :class:`LoaderStreams` are for that.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import get_worker_info

from runtheory import checks
from runtheory.boundary import checked


@checked
def stream(seed: int, purpose: str, *, device: torch.device | str = "cpu") -> torch.Generator:
    """Return the generator that belongs to ``purpose`` under ``seed``.

    The state is seeded from SHA-256 of both, so two purposes under one seed, or one purpose under
    two seeds, give unrelated numbers. The same pair gives the same numbers on the same kind of
    device, whatever else has drawn before.

    Raises
    ------
    ValueError
        If ``purpose`` is empty.

    Examples
    --------
    >>> import torch
    >>> from runtheory.randomness import stream
    >>> masks = stream(0, "masks")
    >>> first, second = torch.rand(2, generator=masks), torch.rand(2, generator=masks)
    >>> torch.equal(first, torch.rand(2, generator=stream(0, "masks")))
    True
    >>> torch.equal(first, second)
    False
    """
    if not purpose:
        raise ValueError("a random stream needs a purpose, got an empty name")
    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    generator = torch.Generator(device=device)
    generator.manual_seed(int.from_bytes(digest[:7], "big"))
    return generator


class Streams:
    """All streams of one run: ``streams["masks"]`` makes the stream at its first use.

    Make one object before the loop and take the streams inside it: a stream goes on where it was,
    and a new object begins again. On several ranks every process gives its ``rank`` (see
    :func:`process_rank`) and draws numbers of its own; rank 0 draws those of a single process.
    What all ranks must draw alike, such as the order of a common data set, takes ``Streams(seed)``.

    Raises
    ------
    ValueError
        If ``rank`` is negative.

    Examples
    --------
    >>> import torch
    >>> from runtheory.randomness import Streams
    >>> streams = Streams(0)
    >>> steps = [torch.rand(3, generator=streams["masks"]) for _ in range(2)]
    >>> torch.equal(*steps)
    False
    >>> other = torch.rand(3, generator=Streams(0, rank=1)["masks"])
    >>> torch.equal(steps[0], other)
    False
    """

    def __init__(self, seed: int, *, rank: int = 0, device: torch.device | str = "cpu") -> None:
        checks.at_least(0, rank=rank)
        self.seed = seed
        self.rank = rank
        self.device = torch.device(device)
        self._generators: dict[str, torch.Generator] = {}

    def __getitem__(self, purpose: str) -> torch.Generator:
        if purpose not in self._generators:
            name = of_rank(purpose, self.rank)
            self._generators[purpose] = stream(self.seed, name, device=self.device)
        return self._generators[purpose]

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state of every stream used so far (uint8 tensors on the CPU)."""
        return {purpose: g.get_state() for purpose, g in self._generators.items()}

    def load_state_dict(self, states: dict[str, Tensor]) -> None:
        """Continue every stream from ``states``; streams not named there start afresh."""
        self._generators = {}
        for purpose, state in states.items():
            self[purpose].set_state(state)


class LoaderStreams:
    """Streams that are another's in every worker, epoch and rank, for use inside a ``DataLoader``.

    ``streams["mixing"]`` asks where it is called. In the main process a stream goes on from epoch
    to epoch. In a worker it belongs to the worker's number and to the seed that the loader draws
    for every epoch from its ``generator``, or from PyTorch's global one: it repeats when that is
    seeded alike. After :meth:`set_epoch` the number of the epoch stands in the place of that seed,
    as in ``DistributedSampler``: then the numbers are given by seed, rank, worker and epoch alone,
    and a run resumed at an epoch draws what it would have drawn. Setting an epoch again draws its
    numbers again. Workers that persist hear of the new epoch through shared memory. A loader that
    begins again without a new epoch would repeat the numbers of its workers: a ``RuntimeWarning``
    says so, once.

    ``rank`` is by default that of ``torch.distributed`` where it is initialised, else 0. Objects
    can be pickled, for workers that are spawned; a copy begins its streams anew.

    Raises
    ------
    ValueError
        If ``rank`` is negative.

    Examples
    --------
    >>> import torch
    >>> from runtheory.randomness import LoaderStreams
    >>> streams = LoaderStreams(0)
    >>> epochs = []
    >>> for epoch in (0, 1, 0):
    ...     streams.set_epoch(epoch)
    ...     epochs.append(torch.rand(3, generator=streams["crops"]))
    >>> torch.equal(epochs[0], epochs[1]), torch.equal(epochs[0], epochs[2])
    (False, True)
    """

    def __init__(self, seed: int, *, rank: int | None = None) -> None:
        if rank is not None:
            checks.at_least(0, rank=rank)
        self.seed = seed
        self._rank = rank
        # The epoch, the seed of the loader that drew in it, and whether a repetition was told.
        self._epoch = torch.tensor([_UNSET, _UNSET, 0]).share_memory_()
        self._place: tuple[object, ...] | None = None
        self._generators: dict[str, torch.Generator] = {}

    @property
    def rank(self) -> int:
        """The rank that was given, or that of this process."""
        return process_rank() if self._rank is None else self._rank

    def set_epoch(self, epoch: int) -> None:
        """Draw the numbers of ``epoch`` from here on; call it before the loader is iterated.

        Raises
        ------
        ValueError
            If ``epoch`` is negative.
        """
        checks.at_least(0, epoch=epoch)
        self._epoch[:2] = torch.tensor([epoch, _UNSET])
        self._place = None

    def __getitem__(self, purpose: str) -> torch.Generator:
        worker, epoch = get_worker_info(), int(self._epoch[0])
        place: tuple[object, ...] = (epoch,)
        if worker is not None:
            place = (epoch, worker.id) if epoch != _UNSET else (epoch, worker.id, worker.seed)
        if place != self._place:
            self._generators, self._place = {}, place
            if worker is not None and epoch != _UNSET and worker.id == 0:
                self._tell_repetition(worker.seed)
        if purpose not in self._generators:
            name = of_rank(purpose + _where(place), self.rank) if purpose else purpose
            self._generators[purpose] = stream(self.seed, name)
        return self._generators[purpose]

    def __getstate__(self) -> dict[str, Any]:
        # The rank is asked here, since a spawned worker knows of no others. Before the ranks have
        # met it is left open: what is pickled may be for a process that becomes one of them.
        rank = self.rank if _is_distributed() else self._rank
        return {"seed": self.seed, "_rank": rank, "_epoch": self._epoch}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _place=None, _generators={})
        self._epoch.share_memory_()

    def _tell_repetition(self, loader: int) -> None:
        before, told = self._epoch[1:].tolist()
        self._epoch[1] = loader
        if before not in (_UNSET, loader) and not told:
            self._epoch[2] = 1
            warnings.warn(
                f"the loader began again in epoch {int(self._epoch[0])} and its workers draw the "
                "same numbers again: call set_epoch before every epoch",
                RuntimeWarning,
                stacklevel=3,
            )


@checked
def of_rank(purpose: str, rank: int) -> str:
    """Return the name of a stream on a rank: its own on every rank but 0, where it stays.

    >>> from runtheory.randomness import of_rank
    >>> of_rank("masks", 0), of_rank("masks", 2)
    ('masks', 'masks on rank 2')
    """
    return f"{purpose}{ON_RANK}{rank}" if rank and purpose else purpose


def process_rank() -> int:
    """Return the rank of this process in ``torch.distributed``, 0 where that is not initialised.

    >>> from runtheory.randomness import process_rank
    >>> process_rank()
    0
    """
    return int(torch.distributed.get_rank()) if _is_distributed() else 0


ON_RANK = " on rank "
"""What stands between a purpose and the rank, from 1, in the name of a stream."""

_UNSET = -1


def _is_distributed() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _where(place: tuple[object, ...]) -> str:
    """Return the epoch, worker and seed of the loader in words."""
    epoch, *worker = place
    told = "" if epoch == _UNSET else f" in epoch {epoch}"
    for name, value in zip(("worker", "seed"), worker, strict=False):
        told += f" of {name} {value}"
    return told
