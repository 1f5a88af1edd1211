"""What a test has two ranks do with a drop-in head: ``ranked_heads.py FOLDER``."""

import copy
import sys
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from runtheory.dropout.drop_in import MultiSampleDropout
from runtheory.dropout.objectives import MultiSampleObjective, mean_of_losses
from runtheory.nets import Classifier
from runtheory.randomness import Streams
from runtheory.training.ranks import ObjectiveModule


def main(folder: Path) -> None:
    """Train a step in three ways, one of them wrong, and write gradients and masks."""
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    torch.manual_seed(0)
    body, head = nn.Sequential(nn.Linear(6, 5), nn.Tanh()), nn.Linear(5, 4)
    dropping = MultiSampleDropout(head, samples=3, rate=0.5, seed=0)
    inputs, labels = torch.randn(2, 7, 6)[rank], torch.arange(7) % 4
    found: dict[str, Any] = {"masks": dropping.draw_masks(torch.zeros(7, 5))}

    net = nn.Sequential(body, dropping)
    shared = DistributedDataParallel(net)
    mean_of_losses(shared(inputs), labels).backward()
    found["head"] = head.weight.grad.clone()

    whole, objective = Classifier(body, head), MultiSampleObjective(3, 0.5)
    streams = Streams(rank)
    whole.zero_grad()
    loss = DistributedDataParallel(ObjectiveModule(whole, objective))
    loss(inputs, labels, streams).backward()
    found["objective"] = head.weight.grad.clone()

    whole.zero_grad()
    del loss  # and with it what it does to the gradients
    shared = DistributedDataParallel(whole)
    objective(shared.module, inputs, labels, streams).backward()
    found["unwrapped"] = head.weight.grad.clone()
    try:
        objective(shared, inputs, labels, streams)
    except ValueError as error:
        found["refused"] = str(error)

    kept = [copy.deepcopy(net.state_dict())]
    found["next"] = dropping.draw_masks(torch.zeros(7, 5))
    distributed.broadcast_object_list(kept)  # the file of rank 0, as all read it
    net.load_state_dict(kept[0])
    found["resumed"] = dropping.draw_masks(torch.zeros(7, 5))
    torch.save(found, folder / f"{rank}.pt")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
