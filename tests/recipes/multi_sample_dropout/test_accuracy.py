"""Networks under multi-sample dropout: what a seed shares, and what a step costs."""

from __future__ import annotations

from dataclasses import replace

import torch

from runtheory import runs
from runtheory.recipes.multi_sample_dropout import accuracy
from runtheory.recipes.shared import chosen_images, convnet


def test_runs_of_one_seed_share_weights_images_and_batches() -> None:
    rows = runs.live(accuracy.grid, "tiny", seeds=[0, 1])
    first = [row for row in rows if row["step"] == 1]
    # After one step of a warm-up from nearly zero the nets of one seed differ in their masks only.
    gap = {
        seed: abs(first[i]["test_loss"] - first[i + 1]["test_loss"]) for i, seed in ((0, 0), (2, 1))
    }
    assert max(gap.values()) < abs(first[0]["test_loss"] - first[2]["test_loss"])


def test_steps_of_equal_cost_cost_the_same() -> None:
    cells = accuracy.equal_cost.cells("full", [0])
    costs = [cell.batch_size * (accuracy.BODY_COST + cell.samples) for cell in cells]
    assert max(costs) / min(costs) < 1.02


def test_one_network_has_one_dropout_loss_whatever_it_was_trained_with() -> None:
    cell = accuracy.QUICK
    image_set = chosen_images(cell, "cpu")
    net = convnet(image_set, seed=0, width=cell.width, hidden=cell.hidden)
    one, eight = (
        accuracy.DropoutProbe(image_set, replace(cell, samples=samples))(net) for samples in (1, 8)
    )
    assert one == eight
    plain = accuracy.DropoutProbe(image_set, replace(cell, rate=0.0))(net)
    assert torch.isclose(torch.tensor(plain["dropout_loss"]), torch.tensor(plain["train_loss"]))
    assert one["dropout_loss"] != plain["dropout_loss"]
