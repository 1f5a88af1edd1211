"""The two networks that a page of CutMix runs: trained, stored, and exported to ONNX.

``python -m tools.network`` (``make network``) trains them, which takes about two minutes
of one core, and writes into ``book/networks/cutmix`` their weights (``weights.safetensors``), both
as one ONNX file (``networks.onnx``) and what the figure shows before it runs them
(``figure.json``). ``--export`` keeps the weights that are there and writes the last two. Exporting
needs ``onnx`` and ``onnxscript``, which nothing else of the book needs.
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from runtheory import data, nets
from runtheory.evaluation import accuracy
from runtheory.mixing import Boxes, CutmixPlan
from runtheory.recipes.cutmix import mixing_family
from runtheory.recipes.shared import Experiment, chosen_images, convnet, train_and_measure
from tools.notebooks import ROOT

FOLDER = ROOT / "book" / "networks" / "cutmix"
# Two runs of the record ``cutmix/mixing_family``: one seed, the long schedule of 4,000 steps.
ARMS = {"none": mixing_family.NONE, "cutmix": mixing_family.CUTMIX}
CELL = replace(mixing_family.SMALL, seed=0)
# What the figure shows at first: a bag, and in the box a T-shirt; the first test image of each
# class is stored. Height and width of an image are those of Fashion-MNIST.
START = {"around": 8, "inside": 0, "top": 14, "left": 14, "side": 14}
SIDE = 28
# What the browser's runtime reads: of the format at most version 9, of the operators at most 20.
FORMAT = 9
OPERATORS = 18


class Evidence(nn.Module):
    """Both networks behind one door: pixels in [0, 1] in, a row of probabilities of each out."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, networks: Sequence[nn.Module], statistics: data.ImageSet) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.register_buffer("mean", torch.tensor(statistics.mean).view(1, -1, 1, 1))
        self.register_buffer("deviation", torch.tensor(statistics.deviation).view(1, -1, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return probabilities, of shape (batch, network, class)."""
        inputs = (pixels - self.mean) / self.deviation
        return torch.stack([network(inputs).softmax(1) for network in self.networks], dim=1)


def trained(arm: str) -> nets.Classifier:
    """Return the network of one arm after its training; both begin alike and see equal batches."""
    cell = replace(CELL, mixing=ARMS[arm])
    images = chosen_images(cell, "cpu")
    net = convnet(images, seed=cell.seed, width=cell.width, pooled=True)
    objective = cell.mixing.objective(cell, classes=len(images.classes))
    list(train_and_measure(cell, Experiment(net, images, objective)))
    return net


def stored(folder: Path = FOLDER) -> Evidence:
    """Return the networks whose weights are stored, ready to be asked."""
    weights, images, networks = load_file(folder / "weights.safetensors"), _images(), []
    for arm in ARMS:
        net = convnet(images, seed=CELL.seed, width=CELL.width, pooled=True)
        own = {name.removeprefix(f"{arm}."): value for name, value in weights.items()
               if name.startswith(f"{arm}.")}  # fmt: skip
        net.load_state_dict(own)
        networks.append(net)
    return Evidence(networks, images).eval().requires_grad_(False)


def shown_images() -> Tensor:
    """Return the first test image of each class, as bytes."""
    images = _images()
    first = [int((images.test_labels == label).nonzero()[0]) for label in range(10)]
    return images.test_images[first]


def mixed(around: int, inside: int, *, top: int, left: int, side: int) -> Tensor:
    """Return one image of pixels in [0, 1] with a box of another; ``top``, ``left`` its centre."""
    half = side // 2
    edges = torch.tensor([[top - half, top + half, left - half, left + half]] * 2)
    plan = CutmixPlan(torch.tensor([1, 0]), Boxes(edges, SIDE, SIDE))
    return plan.mix_images(shown_images()[[around, inside]].float() / 255)[:1]


def figure(evidence: Evidence, seconds: float) -> dict[str, Any]:
    """Return what the page needs to know before it runs a network."""
    images = _images()
    answers = evidence(images.test_images.float() / 255)
    return {
        "classes": list(images.classes),
        "images": [_encoded(image) for image in shown_images()],
        "start": START,
        "evidence": [[round(p, 6) for p in row] for row in evidence(mixed(**START))[0].tolist()],
        "accuracy": [
            round(accuracy(answers[:, at].log(), images.test_labels).item(), 4)
            for at in range(len(ARMS))
        ],
        "steps": CELL.steps,
        "seed": CELL.seed,
        "processor_seconds": seconds,
    }


def export(evidence: Evidence, path: Path) -> None:
    """Write the networks as ONNX, weights inside, for one image at a time."""
    program = torch.onnx.export(
        evidence,
        (torch.zeros(1, 1, SIDE, SIDE),),
        input_names=["pixels"],
        output_names=["evidence"],
        opset_version=OPERATORS,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    program.model.ir_version = FORMAT
    for node in program.model.graph:
        node.metadata_props.clear()  # lines of code and folders of the machine that exported
    program.save(str(path), external_data=False)


def _images() -> data.ImageSet:
    return data.load(CELL.images)


def _encoded(image: Tensor) -> str:
    return base64.b64encode(image.numpy().tobytes()).decode("ascii")


def _named(arm: str, net: nn.Module) -> dict[str, Tensor]:
    return {f"{arm}.{name}": value.contiguous() for name, value in net.state_dict().items()}


def _train(folder: Path) -> float:
    """Train the networks, store their weights and return the processor seconds that it took."""
    before = time.process_time()
    weights: dict[str, Tensor] = {}
    for arm in ARMS:
        weights |= _named(arm, trained(arm))
    save_file(weights, folder / "weights.safetensors")
    return time.process_time() - before


def main() -> None:
    """Train and export, or export alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--export", action="store_true", help="keep the weights that are stored")
    told = FOLDER / "figure.json"
    if parser.parse_args().export:
        seconds = json.loads(told.read_text(encoding="utf-8"))["processor_seconds"]
    else:
        FOLDER.mkdir(parents=True, exist_ok=True)
        seconds = round(_train(FOLDER), 1)
    evidence = stored()
    export(evidence, FOLDER / "networks.onnx")
    text = json.dumps(figure(evidence, seconds), ensure_ascii=False, indent=1)
    told.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
