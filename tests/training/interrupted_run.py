"""A run of the training loop that a test kills: ``interrupted_run.py CHECKPOINT OUTPUT``."""

import hashlib
import json
import sys
from pathlib import Path

import torch
from torch.nn import functional

from runtheory import nets, training
from runtheory.data.image_set import assemble
from runtheory.randomness import Streams, stream


def objective(net, images, labels, streams):
    """Cross-entropy of randomly thinned images: what the streams give must go on as well."""
    generator = streams["masks"]
    keep = torch.rand(images.shape, generator=generator) < 0.8
    return functional.cross_entropy(net(images * keep), labels)


def main(checkpoint: Path, output: Path) -> None:
    """Train on the threads there are; write the rows and a digest of all bits of the end."""
    generator = stream(1, "images")
    images = torch.randint(256, (100, 1, 16, 16), dtype=torch.uint8, generator=generator)
    labels = torch.arange(100) % 10
    image_set = assemble(
        "noise", (images, labels), test=(images[:9], labels[:9]), classes=tuple("abcdefghij")
    )
    net = nets.small_convnet(size=16, width=4, hidden=16, generator=stream(1, "initialisation"))
    settings = training.Settings(
        steps=150, batch_size=16, learning_rate=0.1, evaluate_every=50, checkpoint_every=1
    )
    streams = Streams(1)

    def evaluate(net):
        return {"weight": float(net.head[0].weight.detach().double().sum())}

    rows = list(
        training.train(
            net, image_set, objective, settings,
            streams=streams, evaluate=evaluate, checkpoint=checkpoint,
        )
    )  # fmt: skip
    digest = hashlib.sha256()
    for value in [*net.state_dict().values(), *streams.state_dict().values()]:
        digest.update(value.contiguous().numpy().tobytes())
    columns = [{**row.flat(), "seconds": 0} for row in rows]
    output.write_text(json.dumps({"digest": digest.hexdigest(), "rows": columns}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
