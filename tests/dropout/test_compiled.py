"""Without the shape checks of the tests: what compiles whole, and what the package says itself."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: the shape checks of the test session are no part of what is compiled.
COMPILED = """
import torch
from runtheory.dropout import objectives
from runtheory.dropout.head import MultiSampleHead
from runtheory.randomness import stream
head = MultiSampleHead(torch.nn.Linear(7, 4), samples=3, rate=0.5)
features, labels = torch.randn(5, 7), torch.tensor([0, 1, 2, 3, 0])
for name in ("mean_of_losses", "loss_of_mean_logits", "loss_of_mean_probabilities"):
    def loss(rows, keep, targets, combine=getattr(objectives, name)):
        return combine(head(rows, keep), targets)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    for seed in range(2):
        masks = head.draw_masks(features, generator=stream(seed, "m"))
        for targets in (labels, torch.eye(4)[labels]):
            torch.testing.assert_close(
                compiled(features, masks, targets), loss(features, masks, targets)
            )
"""


MISFITS = """
import torch
from runtheory.dropout import objectives
from runtheory.dropout.masks import apply_masks
def refused(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"{call.__name__} went through")
said = refused(apply_masks, torch.ones(2, 4), torch.ones(2, 3, 4, dtype=torch.bool), rate=0.5)
assert said == "masks must have batch = 2 as features has, got shape (2, 3, 4)", said
logits = torch.zeros(2, 3, 4)
for name in ("mean_of_losses", "loss_of_mean_logits", "loss_of_mean_probabilities"):
    combine = getattr(objectives, name)
    said = refused(combine, logits, torch.zeros(6, dtype=torch.int64))
    assert said == (
        "outputs of shape (2, 3, 4) do not fit torch.int64 targets (6,), classes being the last "
        "axis: expected (sample, 6, 4) or (sample x 6, 4)"
    ), said
    assert "torch.float32 targets (3, 5)" in refused(combine, logits, torch.zeros(3, 5))
"""


def _run(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_pure_part_compiles_whole() -> None:
    _run(COMPILED)


def test_misfits_are_refused_in_words() -> None:
    _run(MISFITS)


DROP_IN = """
import copy
import torch
from torch import nn
from runtheory.dropout.drop_in import MultiSampleDropout
from runtheory.dropout.objectives import MultiSampleObjective, mean_of_losses
from runtheory.nets import Classifier
from runtheory.randomness import Streams
runs = []
def counting(graph, inputs):
    def run(*values):
        runs.append(graph)
        return graph.forward(*values)
    return run
net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4))
net[2] = MultiSampleDropout(net[2], samples=3, rate=0.5, seed=0)
inputs, labels = torch.randn(7, 6), torch.arange(7) % 4
eager, compiled = copy.deepcopy(net), torch.compile(net, backend=counting)
for step in range(2):
    torch.testing.assert_close(compiled(inputs), eager(inputs))
assert len(runs) >= 2 and any("linear" in graph.code for graph in runs), runs
torch._dynamo.reset()
try:
    torch.compile(net, backend=counting, fullgraph=True)(inputs)
except Exception as error:
    assert type(error).__module__.startswith("torch._dynamo"), error
else:
    raise AssertionError("a generator was compiled")
masks = net[2].draw_masks(torch.zeros(7, 5))
whole = torch.compile(
    lambda rows, masks, labels: mean_of_losses(net[2](rows, masks), labels, label_smoothing=0.1),
    backend="aot_eager", fullgraph=True,
)
rows = net[:2](inputs)
expected = mean_of_losses(net[2](rows, masks), labels, label_smoothing=0.1)
torch.testing.assert_close(whole(rows, masks, labels), expected)
net.eval()
torch.testing.assert_close(
    torch.compile(net, backend="aot_eager", fullgraph=True)(inputs), net(inputs)
)

objective, streams = MultiSampleObjective(3, 0.5), Streams(0)
for one in (
    torch.compile(Classifier(net[:2], nn.Linear(5, 4)), backend=counting),
    Classifier(net[:2], nn.Linear(5, 4)),
):
    one.compile(backend=counting) if isinstance(one, Classifier) else None
    try:
        objective(one, inputs, labels, streams)
    except ValueError as error:
        assert "net.body = torch.compile(net.body)" in str(error), error
    else:
        raise AssertionError("a compiled net went through")
runs.clear()
parts = Classifier(torch.compile(net[:2], backend=counting), nn.Linear(5, 4))
objective(parts, inputs, labels, streams).backward()
assert len(runs) == 1
"""


def test_a_drop_in_head_compiles_around_its_draw_and_a_compiled_net_is_refused() -> None:
    _run(DROP_IN)
