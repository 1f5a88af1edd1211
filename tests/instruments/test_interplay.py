"""One network under the instruments of dropout, mixing and collapse."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from runtheory import evaluation
from runtheory.instruments import interplay
from runtheory.instruments.interplay import Inspection
from runtheory.mixing.draw import draw_cutmix, draw_mixup


@pytest.fixture
def network(small_classifier) -> Inspection:
    net, image_set = small_classifier
    return Inspection(net, image_set, seed=0)


def test_pairs_are_counted_by_which_copy_is_wrong(network) -> None:
    images, labels = network.image_set.train_images, network.image_set.train_labels
    shifted = (labels + 1) % 4
    right = evaluation.predict(network.net, images, network.image_set).argmax(1)
    counts = interplay.pair_counts(network, images, shifted)
    table = torch.stack((right != shifted, right != labels)).long()  # (copy, pair)
    assert counts["pairs"] == 80
    assert counts["gained"] == int((table[0] & (1 - table[1])).sum())
    assert counts["lost"] == int((table[1] & (1 - table[0])).sum())
    assert counts["both_wrong"] == int((table[0] & table[1]).sum())


def test_logit_gaps_are_the_loop(network) -> None:
    gaps = interplay.logit_gaps(network)
    logits, labels = network.test.logits.double(), network.image_set.test_labels
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        others = [value for k, value in enumerate(row) if k != label]
        total += row[label] - sum(others) / len(others)
    assert gaps["test_logit_gap"] == pytest.approx(total / len(labels), rel=1e-5)


def test_no_dropout_leaves_everything_as_it_is(network) -> None:
    row = interplay.dropout_measures(network, rate=0.0, masks=3)
    assert row["divergence_kept"] == pytest.approx(1.0)
    accuracy = evaluation.accuracy(network.test.logits, network.image_set.test_labels).item()
    assert row["dropped_accuracy"] == accuracy
    assert interplay.dropout_measures(network, rate=0.8, masks=3)["divergence_kept"] < 1


def test_mixtures_are_of_the_partners_given() -> None:
    images = torch.stack((torch.zeros(6, 1, 4, 4), torch.ones(6, 1, 4, 4)))
    labels = torch.tensor([[0, 0, 0, 0, 0, 0], [1, 1, 1, 2, 2, 2]])
    drawn = torch.Generator().manual_seed(0)
    mixed, targets = interplay.mixtures(draw_mixup, images, labels, classes=3, generator=drawn)
    share = mixed.mean((1, 2, 3))  # of the partner, whose pixels are ones
    torch.testing.assert_close(targets[:, 0], 1 - share)
    torch.testing.assert_close(targets[torch.arange(6), labels[1]], share)


def test_the_path_has_a_point_for_each_share(network) -> None:
    draws = {"cutmix": draw_cutmix}
    row = interplay.mixture_measures(network, draws=draws, pairs=10, shares=(0.0, 0.5, 1.0))
    assert {"cutmix_plane", "path0_along", "path2_probability"} <= row.keys()
    assert "path3_along" not in row
    assert 0 <= row["cutmix_plane"] <= 1


def test_what_an_objective_does_not_draw_has_no_variance(network) -> None:
    measure = partial(interplay.gradient_sources, network, rate=0.5, examples=12, repeats=2)
    plain = measure(draw=None, smoothing=0.0, samples=0)
    assert plain["variance_mixing"] == plain["variance_mask"] == 0.0
    assert plain["variance_data"] > 0
    masked = measure(draw=None, smoothing=0.0, samples=8)
    assert (masked["variance_mixing"], masked["variance_mask"] > 0) == (0.0, True)
    assert measure(draw=draw_cutmix, smoothing=0.0, samples=0)["variance_mixing"] != 0.0
    smooth = measure(draw=None, smoothing=0.5, samples=0)
    assert smooth["variance_data"] != plain["variance_data"]


def test_shown_points_are_one_array_and_the_same_as_text(network) -> None:
    row = interplay.shown_points(network, classes=(0, 1, 3), count=4)
    assert len(row["places_train"]) == len(row["places_test"]) == 12
    for part in ("train", "test"):
        text = [tuple(map(float, one.split())) for one in row[f"points_{part}"].split(";")]
        assert text == [tuple(place) for place in row[f"places_{part}"]]


def test_the_parts_of_mixtures_sum_to_one_and_the_first_is_the_share_in_the_plane(network) -> None:
    draw = partial(draw_mixup, alpha=1.0)
    parts = interplay.mixture_parts(network, draw=draw, pairs=40)
    assert sum(parts.values()) == pytest.approx(1)
    assert list(parts) == ["plane", "others", "blind"]
    assert parts == interplay.mixture_parts(network, draw=draw, pairs=40)
