"""What a test has two ranks do, and one process to compare: ``ranked_run.py all|kill FOLDER``."""

import os
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional

from runtheory import data, nets, training
from runtheory.collapse.ranks import merge_across_ranks
from runtheory.collapse.statistics import class_statistics
from runtheory.randomness import Streams, stream

SETTINGS = training.Settings(
    steps=30, batch_size=32, learning_rate=0.05, evaluate_every=1, checkpoint_every=1
)


class Thinned:
    """Cross-entropy of randomly thinned images; keeps the masks and counts its calls."""

    def __init__(self) -> None:
        self.masks = []

    def __call__(self, net, images, labels, streams):
        time.sleep(float(os.environ.get("RANKED_DELAY", "0")))
        keep = torch.rand(images.shape, generator=streams["masks"]) < 0.8
        self.masks.append(keep)
        return functional.cross_entropy(net.head(net.body(images * keep)), labels)


def train(objective=training.classification, settings=SETTINGS, *, checkpoint=None, net=None):
    """Train on the digits; return losses, parameters and the states of the streams."""
    digits = data.load("digits")
    streams = Streams(3)
    net = net or nets.perceptron(
        inputs=64, classes=10, widths=(32,), generator=streams["initialisation"]
    )
    rows = training.train(net, digits, objective, settings, streams=streams, checkpoint=checkpoint)
    losses = torch.tensor([row.loss for row in rows], dtype=torch.float64)
    states = {f"stream {name}": state for name, state in streams.state_dict().items()}
    return {"losses": losses, **net.state_dict(), **states}


def features() -> tuple[torch.Tensor, torch.Tensor]:
    """Return features far from the origin, and labels that are not spread evenly."""
    generator = stream(5, "features")
    values = torch.randn(90, 4, generator=generator, dtype=torch.float64) + 10
    return values, torch.arange(90).square() % 5 % 3


def refusal(act) -> str:
    """Return what the error says that ``act`` raises."""
    try:
        act()
    except ValueError as error:
        return str(error)
    return ""


def measure(ranks: training.Ranks, folder: Path) -> dict:
    """Return all that the tests look at, but for what is killed."""
    thinned, statistics = Thinned(), class_statistics(*map(ranks.share, features()), classes=3)
    network = nets.small_convnet(size=8, width=2, hidden=4, generator=stream(0, "initialisation"))
    odd = training.Settings(steps=1, batch_size=31, learning_rate=0.1)
    found = {
        "plain": train(),
        "thinned": train(thinned),
        "merged": merge_across_ranks(statistics).tensors(),
        "odd batch": refusal(lambda: train(settings=odd)),
        "normalised": refusal(lambda: train(net=network)),
    }
    own = folder / str(ranks.index) / "own.safetensors"
    found["other folders"] = refusal(lambda: resume_apart(own, ranks))
    return {**found, "masks": torch.stack(thinned.masks)}


def resume_apart(path: Path, ranks: training.Ranks) -> None:
    """Train with checkpoints in folders that the ranks do not share, then go on."""
    train(checkpoint=path)
    train(checkpoint=path)


def main(what: str, folder: Path) -> None:
    """Do it and write what was found into a file for each rank."""
    with training.started_by_torchrun() as ranks:
        if what == "all":
            found = measure(ranks, folder)
        else:
            (folder / f"pid-{ranks.index}").write_text(str(os.getpid()))
            thinned = Thinned()
            found = train(thinned, checkpoint=folder / "run.safetensors")
            found = {"thinned": found, "calls": len(thinned.masks)}
        torch.save(found, folder / f"{what}-{ranks.index}.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], Path(sys.argv[2]))
