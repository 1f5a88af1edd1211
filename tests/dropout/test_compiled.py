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
assert said == "masks must be (sample, batch, ...) for features (2, 4), got (2, 3, 4)", said
logits = torch.zeros(2, 3, 4)
for name in ("mean_of_losses", "loss_of_mean_logits", "loss_of_mean_probabilities"):
    combine = getattr(objectives, name)
    said = refused(combine, logits, torch.zeros(6, dtype=torch.int64))
    assert said.endswith("integer targets (3,) or float targets (3, 4), got torch.int64 (6,)"), said
    assert refused(combine, logits, torch.zeros(3, 5)).endswith("got torch.float32 (3, 5)")
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
