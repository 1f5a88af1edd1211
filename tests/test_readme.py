"""The example of the README runs as it stands, and draws other numbers in every step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from runtheory.dropout import masks
from runtheory.mixing import Collate, CutmixPlan

README = Path(__file__).resolve().parents[1] / "README.md"
STEPS = 6  # two epochs of three batches


def examples() -> list[str]:
    """Return the Python blocks of the README."""
    return re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)


def test_the_example_draws_other_masks_and_boxes_in_every_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[Tensor] = []
    edges: list[Tensor] = []
    draw, plan = masks.draw_masks, Collate.plan

    def draw_and_keep(*arguments: object, **options: object) -> Tensor:
        drawn.append(draw(*arguments, **options))  # type: ignore[arg-type]
        return drawn[-1]

    def plan_and_keep(self: Collate, shape: torch.Size) -> object:
        found = plan(self, shape)
        assert isinstance(found, CutmixPlan)
        edges.append(found.boxes.edges)
        return found

    monkeypatch.setattr(masks, "draw_masks", draw_and_keep)
    monkeypatch.setattr(Collate, "plan", plan_and_keep)
    (code,) = examples()
    exec(compile(code, str(README), "exec"), {"__name__": "example"})
    for kept in (drawn, edges):
        assert len({tuple(tensor.flatten().tolist()) for tensor in kept}) == len(kept) == STEPS
