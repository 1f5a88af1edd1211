from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from runtheory.information.certificates.drawn_networks import (
    blocks,
    bounded_cross_entropy,
    mean_drawn_loss,
    progress,
    zero_one_loss,
)

SCORES = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LABELS = torch.tensor([0, 3, 1, 2, 0])


def test_losses_against_loops() -> None:
    least = 0.2
    for draw in range(3):
        for row, label in enumerate(LABELS.tolist()):
            scores = SCORES[draw, row]
            wrong = float(scores.argmax() != label)
            assert float(zero_one_loss(SCORES, LABELS)[draw, row]) == wrong
            plain = float(cross_entropy(scores[None], LABELS[row : row + 1]))
            expected = min(plain, -math.log(least)) / -math.log(least)
            found = bounded_cross_entropy(SCORES, LABELS, least=least)[draw, row]
            assert float(found) == pytest.approx(expected, abs=1e-12)
    assert bounded_cross_entropy(SCORES[0], LABELS).shape == (5,)
    for least in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="least must"):
            bounded_cross_entropy(SCORES, LABELS, least=least)


def test_the_mean_does_not_depend_on_how_examples_are_taken() -> None:
    found = {
        mean_drawn_loss(
            lambda count: lambda part: SCORES[:count, part],
            LABELS,
            counts=[3],
            rows=rows,
            loss=zero_one_loss,
        )
        for rows in (1, 2, 5, 100)
    }
    assert found == {float(zero_one_loss(SCORES, LABELS).mean(1).sum() / 3)}
    assert blocks(7, 3) == [3, 3, 1]
    assert blocks(6, 3) == [3, 3]


def test_scores_that_are_no_numbers_are_no_predictions() -> None:
    broken = SCORES.clone()
    broken[2, 4, 1] = math.nan
    assert zero_one_loss(broken, LABELS).isnan().nonzero().tolist() == [[2, 4]]
    for loss in (zero_one_loss, bounded_cross_entropy):
        with pytest.raises(ValueError, match="loss must lie in"):
            mean_drawn_loss(
                lambda count: lambda part: broken[:count, part],
                LABELS,
                counts=[3],
                rows=2,
                loss=loss,
            )
        with pytest.raises(ValueError, match="labels must lie in 0 to 3, got 4"):
            loss(SCORES, LABELS + 1)


def test_the_bar_counts_networks_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(6) as bar:  # the captured stream is no terminal
        mean_drawn_loss(
            lambda count: lambda part: SCORES[:count, part],
            LABELS,
            counts=[3, 3],
            rows=2,
            loss=zero_one_loss,
            bar=bar,
        )
    assert capsys.readouterr().err == ""
    assert progress(6, shown=False).disable


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        # Means over the examples: divided by their number again they would be next to nothing.
        (lambda scores, labels: zero_one_loss(scores, labels).mean(1, keepdim=True), r"\(3, 1\)"),
        (lambda scores, labels: zero_one_loss(scores, labels).mean(1), r"\(3,\)"),
        (lambda scores, labels: 0.5, "float"),
    ],
)
def test_a_loss_that_is_not_one_for_each_example_is_refused(loss, told: str) -> None:
    with pytest.raises(ValueError, match=rf"each draw and example, \(3, 5\), got {told}"):
        mean_drawn_loss(lambda count: lambda part: SCORES, LABELS, counts=[3], rows=5, loss=loss)
