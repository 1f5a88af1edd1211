"""Class statistics of several processes merge into those of all their samples."""

from __future__ import annotations

import torch
from torch import distributed

from runtheory.boundary import checked
from runtheory.collapse.statistics import ClassStatistics, merge_all


@checked
def merge_across_ranks(statistics: ClassStatistics) -> ClassStatistics:
    """Return the state of the samples of all processes of ``torch.distributed`` together.

    Every process has to call it, with states of one shape, and gets the same bits: the states are
    merged in the order of the ranks. With NCCL the state must lie on the GPU. Without an
    initialised process group the state itself is returned. Started by ``torchrun``:

    >>> from runtheory.collapse import ClassStatistics, merge_across_ranks
    >>> own = ClassStatistics.empty(classes=10, width=512)  # then an update for each own batch
    >>> whole = merge_across_ranks(own)
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return statistics
    count = distributed.get_world_size()
    parts: list[dict[str, torch.Tensor]] = [{} for _ in range(count)]
    for name, tensor in statistics.tensors().items():
        gathered = [torch.empty_like(tensor) for _ in range(count)]
        distributed.all_gather(gathered, tensor.contiguous())
        for part, own in zip(parts, gathered, strict=True):
            part[name] = own
    return merge_all(ClassStatistics.from_tensors(part) for part in parts)
