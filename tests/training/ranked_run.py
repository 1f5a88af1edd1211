"""What a test has two ranks do, and one process to compare: ``ranked_run.py all|kill FOLDER``."""

import os
import sys
import time
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from runtheory import data, nets, training
from runtheory.collapse.ranks import merge_across_ranks
from runtheory.collapse.statistics import class_statistics
from runtheory.evaluation import cross_entropy, predict
from runtheory.randomness import Streams, stream
from runtheory.training.ranks import Ranks, on_ranks, started_by_torchrun
from runtheory.training.run import wrapped

SETTINGS = training.Settings(
    steps=30, batch_size=32, learning_rate=0.05, evaluate_every=1, checkpoint_every=1
)


class Thinned:
    """Cross-entropy of randomly thinned images; keeps the masks and counts its calls."""

    def __init__(self) -> None:
        self.masks: list[torch.Tensor] = []

    def __call__(self, net, images, labels, streams):
        time.sleep(float(os.environ.get("RANKED_DELAY", "0")))
        keep = torch.rand(images.shape, generator=streams["masks"]) < 0.8
        self.masks.append(keep)
        return functional.cross_entropy(net.head(net.body(images * keep)), labels)


def held_out_loss(net) -> dict[str, float]:
    """Return the loss on 97 images, which two ranks cannot share evenly."""
    digits = data.load("digits")
    logits = predict(net, digits.test_images[:97], digits)
    return {"held_out_loss": cross_entropy(logits, digits.test_labels[:97]).item()}


def train(objective=training.classification, settings=SETTINGS, *, checkpoint=None, net=None):
    """Train on the digits; return losses, parameters and the states of the streams."""
    digits = data.load("digits")
    streams = Streams(3)
    net = net or nets.perceptron(
        inputs=64, classes=10, widths=(32,), generator=streams["initialisation"]
    )
    rows = list(
        training.train(
            net, digits, objective, settings,
            streams=streams, evaluate=held_out_loss, checkpoint=checkpoint,
        )
    )  # fmt: skip
    losses = torch.tensor([row.loss for row in rows], dtype=torch.float64)
    scores = torch.tensor([row.measures["held_out_loss"] for row in rows], dtype=torch.float64)
    states = {f"stream {name}": state for name, state in streams.state_dict().items()}
    return {"losses": losses, "held-out losses": scores, **net.state_dict(), **states}


def fit_pairs():
    """Learn by Adam whether two views are of one point; return losses, parameters and gradient.

    The mean gradient of the ranks is left behind by the last step.
    """
    points = torch.randn(64, 3, generator=stream(0, "points"))
    views = points + torch.randn(64, 3, generator=stream(0, "views"))
    pairs = training.Examples((points, views), (points - views).norm(dim=1))

    def objective(net, inputs, targets, streams):
        first, second = (net(view) for view in inputs)
        return ((first * second).sum(dim=1) - targets).square().mean()

    net = nn.Linear(3, 2)
    with torch.no_grad():
        net.weight.fill_(0.3).view(-1)[::2].neg_()
        net.bias.fill_(float(os.environ.get("RANK", "0")))  # that of rank 0 counts
    settings = training.Settings(steps=12, batch_size=16, learning_rate=0.05, evaluate_every=1)
    rows = training.train(
        net, pairs, objective, settings, streams=Streams(3),
        optimiser=lambda net, settings: torch.optim.Adam(net.parameters(), lr=0.05),
    )  # fmt: skip
    losses = torch.tensor([row.loss for row in rows], dtype=torch.float64)
    gradients = {f"gradient {name}": value.grad for name, value in net.named_parameters()}
    return {"losses": losses, **net.state_dict(), **gradients}


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


def measure(ranks: Ranks, folder: Path) -> dict:
    """Return all that the tests look at, but for what is killed."""
    alone = train()
    with wrapped(partial(on_ranks, ranks=ranks)):
        return {"alone": alone, **measure_together(ranks, folder)}


def measure_together(ranks: Ranks, folder: Path) -> dict:
    """Return what the ranks do that train together."""
    thinned, statistics = Thinned(), class_statistics(*map(ranks.share, features()), classes=3)
    network = nets.small_convnet(size=8, width=2, hidden=4, generator=stream(0, "initialisation"))
    odd = training.Settings(steps=1, batch_size=31, learning_rate=0.1)
    measured = {
        "plain": train(),
        "pairs": fit_pairs(),
        "thinned": train(thinned),
        "merged": merge_across_ranks(statistics).tensors(),
        "odd batch": refusal(lambda: train(settings=odd)),
        "normalised": refusal(lambda: train(net=network)),
    }
    own = folder / str(ranks.index) / "own.safetensors"
    measured["other folders"] = refusal(lambda: resume_apart(own))
    return {**measured, "masks": torch.stack(thinned.masks)}


def resume_apart(path: Path) -> None:
    """Train with checkpoints in folders that the ranks do not share, then go on."""
    train(checkpoint=path)
    train(checkpoint=path)


def main(what: str, folder: Path) -> None:
    """Do it and write what comes of it into a file for each rank."""
    with started_by_torchrun() as ranks:
        if what == "all":
            outcome = measure(ranks, folder)
        else:
            (folder / f"pid-{ranks.index}").write_text(str(os.getpid()))
            thinned = Thinned()
            with wrapped(partial(on_ranks, ranks=ranks)):
                trained = train(thinned, checkpoint=folder / "run.safetensors")
            outcome = {"thinned": trained, "calls": len(thinned.masks)}
        torch.save(outcome, folder / f"{what}-{ranks.index}.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], Path(sys.argv[2]))
