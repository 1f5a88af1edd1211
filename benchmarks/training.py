"""The training loop beside one written by hand: small batches, where a step's own work is short.

Both take the same steps of the same small network with the same optimiser and schedule.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.timing import Comparison, Way
from runtheory.randomness import Streams, stream
from runtheory.training import Examples, Settings, classification, nesterov, train

STEPS, EXAMPLES, FEATURES, CLASSES = 200, 4096, 64, 10


def network(device: torch.device) -> nn.Module:
    net = nn.Sequential(nn.Linear(FEATURES, 128), nn.ReLU(), nn.Linear(128, CLASSES))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.1, generator=stream(0, str(tuple(parameter.shape))))
    return net.to(device)


def by_hand(net: nn.Module, inputs: Tensor, labels: Tensor, settings: Settings) -> list[float]:
    """Return the losses of the loop that a reader would write."""
    optimiser, size = nesterov(net, settings), settings.batch_size
    generator = stream(0, "batches")
    net.train()
    losses: list[Tensor] = []
    per_epoch = len(inputs) // size
    for step in range(settings.steps):
        if step % per_epoch == 0:
            order = torch.randperm(len(inputs), generator=generator).to(inputs.device)
        chosen = order[step % per_epoch * size :][:size]
        for group in optimiser.param_groups:
            group["lr"] = settings.rate(step)
        loss = cross_entropy(net(inputs[chosen]), labels[chosen])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    values: list[float] = torch.stack(losses).tolist()
    return values


def compare(batch: int, device: torch.device) -> Comparison:
    """Return the comparison for one size of the batch."""
    inputs = torch.randn(EXAMPLES, FEATURES, generator=stream(0, "inputs")).to(device)
    labels = torch.randint(CLASSES, (EXAMPLES,), generator=stream(0, "labels")).to(device)
    settings = Settings(steps=STEPS, batch_size=batch, learning_rate=0.05)
    examples = Examples(inputs, labels)

    def ours() -> object:
        streams = Streams(0)
        return list(train(network(device), examples, classification, settings, streams=streams))

    return Comparison(
        f"loop-{batch}",
        f"{STEPS} training steps of a small perceptron, batches of {batch}",
        Way("the book's loop", ours),
        (
            Way(
                "written by hand",
                lambda: by_hand(network(device), inputs, labels, settings),
                note="the same steps, without rows, checkpoints or a look at what came",
            ),
        ),
        rounds=9,
    )


def comparisons(device: torch.device) -> list[Comparison]:
    """Return the comparisons for two sizes of the batch."""
    return [compare(64, device), compare(8, device)]
