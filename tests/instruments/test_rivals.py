"""The probe of rivals: classes one by one, boxes of three fills, partners of other classes."""

from __future__ import annotations

import pytest
import torch

from runtheory import data, evaluation, nets
from runtheory.instruments.rivals import RivalProbe, of_another_class

Trained = tuple[nets.Classifier, data.ImageSet]


def test_class_by_class_the_accuracies_average_to_the_whole(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    row = RivalProbe(image_set, 0, mixed_pairs=20)(net)
    logits = evaluation.predict(net, image_set.test_images, image_set)
    right = logits.argmax(1) == image_set.test_labels
    for label in range(4):
        own = right[image_set.test_labels == label].double().mean().item()
        assert row[f"class{label}_accuracy"] == pytest.approx(own)
    assert row["test_accuracy"] == pytest.approx(right.double().mean().item())


def test_a_box_of_no_size_covers_nothing(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    row = RivalProbe(image_set, 0, box_side=0.0, mixed_pairs=20)(net)
    for fill in ("mean", "black", "foreign"):
        assert row[f"centre_{fill}"] == row["test_accuracy"]


def test_a_box_of_the_whole_side_shows_the_fill_alone(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    row = RivalProbe(image_set, 0, box_side=1.0, mixed_pairs=20)(net)
    labels = image_set.test_labels
    foreign = image_set.test_images[of_another_class(labels)]
    logits = evaluation.predict(net, foreign, image_set)
    assert row["centre_foreign"] == evaluation.accuracy(logits, labels).item()
    assert row["centre_mean"] == 0.25  # one prediction for all images of four equal classes


@pytest.mark.parametrize("counts", [(3, 3), (4, 1, 2, 3), (5, 5, 10)])
def test_every_image_meets_one_of_another_class_and_none_twice(counts: tuple[int, ...]) -> None:
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]
    partner = of_another_class(labels)
    assert (labels[partner] != labels).all()
    assert torch.equal(partner.sort().values, torch.arange(len(labels)))


def test_a_class_of_more_than_half_has_no_such_partners() -> None:
    with pytest.raises(ValueError, match="more than half of the images, got 3 of 5"):
        of_another_class(torch.tensor([0, 0, 0, 1, 2]))
