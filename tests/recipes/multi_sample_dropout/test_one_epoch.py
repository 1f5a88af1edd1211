"""One epoch: every image once, and the other settings those of the grid."""

from __future__ import annotations

from dataclasses import asdict

from runtheory import data
from runtheory.recipes.multi_sample_dropout import accuracy, one_epoch


def test_the_updates_see_every_image_once() -> None:
    classes = len(data.load("fashion-mini").classes)
    for cell in one_epoch.one_epoch.cells("full", [0]):
        assert cell.steps * cell.batch_size == cell.per_class * classes


def test_nothing_but_the_length_differs_from_the_grid() -> None:
    for cell in one_epoch.one_epoch.cells("full", [0]):
        differs = {
            name
            for name, value in asdict(accuracy.SMALL).items()
            if name not in ("samples", "rate", "seed") and value != asdict(cell)[name]
        }
        assert differs == {"steps", "rows"}
