"""Restored noise: what the runs of the control share with those of the grid."""

from __future__ import annotations

from dataclasses import asdict

from runtheory import runs
from runtheory.recipes.multi_sample_dropout import accuracy, restored


def test_one_mask_needs_no_noise_restored() -> None:
    """With one sample nothing is added: the runs are those of the grid, number by number."""
    names = "train_loss", "dropout_loss", "test_accuracy"
    controlled, plain = (
        [
            [row[name] for name in names]
            for row in runs.live(one, "tiny", seeds=[0])
            if row["samples"] == 1
        ]
        for one in (restored.restored, accuracy.grid)
    )
    assert controlled == plain


def test_the_control_has_the_cells_of_the_grid() -> None:
    grid = [asdict(cell) for cell in accuracy.grid.cells("full", [0])]
    assert all(asdict(cell) in grid for cell in restored.restored.cells("full", [0]))
