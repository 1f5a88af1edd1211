"""The networks of the chapter on neural collapse, and what is measured on them."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from runtheory import data, nets, records
from runtheory.collapse import fitting
from runtheory.collapse.models import FeatureModel
from runtheory.instruments.collapse import (
    CollapseProbe,
    GroupGeometry,
    activations,
    linear_map,
    square_loss,
)
from runtheory.randomness import stream
from runtheory.recipes import neural_collapse as collapse_runs
from runtheory.recipes import recipes
from runtheory.runs import Plan, run

TINY = recipes(("runtheory.recipes.neural_collapse",))


def cell(name: str, **values) -> dict:
    found = TINY[name].cells("tiny", [3])
    return next(c for c in found if values.items() <= c.items())


def test_no_cell_has_the_name_of_a_column_of_its_rows(tmp_path) -> None:
    recipe = TINY["imbalanced"]
    record = records.read(
        "neural_collapse/imbalanced_tiny",
        run(Plan(recipe, "tiny", (0,)), tmp_path).parents[1],
    )
    assert record.column("step", objective="square", ratio=10) == [8]


def test_the_square_loss_is_that_of_the_feature_models() -> None:
    generator = stream(0, "logits")
    logits = torch.randn(7, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(4, (7,), generator=generator)
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total += sum((value - (k == label)) ** 2 for k, value in enumerate(row)) / 2
    assert float(square_loss(logits, labels)) == pytest.approx(total / 7, rel=1e-12)
    targets = torch.nn.functional.one_hot(labels, 4).T.to(torch.float64)
    other = fitting.square_loss(logits.T, targets)
    assert float(other) == pytest.approx(total / 7, rel=1e-12)


def test_activations_are_the_networks_own() -> None:
    begun = collapse_runs.begin(cell("terminal_phase", objective="square"))
    images = begun.image_set.test_images[:30]
    seen = activations(begun.net, images, begun.image_set, batch_size=11)
    raw = data.normalise(images, begun.image_set)
    with torch.no_grad():
        first = begun.net.body[:3](raw)
        torch.testing.assert_close(seen.hidden[0], first)
        torch.testing.assert_close(seen.features, begun.net.features(raw))
        torch.testing.assert_close(seen.logits, begun.net(raw))
    assert len(seen.hidden) == 3
    assert torch.equal(seen.hidden[-1], seen.features)


def test_a_hidden_head_is_refused() -> None:
    net = nets.perceptron(inputs=4, classes=3, hidden=5, generator=stream(0, "weights"))
    with pytest.raises(TypeError, match="linear head"):
        linear_map(net)


def test_the_first_rows_are_those_of_the_whole_run() -> None:
    chosen = {**cell("terminal_phase", objective="cross-entropy"), "rows": 4}
    begun = collapse_runs.begin(chosen)
    early = [row.flat() for row in islice(begun.rows, 2)]
    weights = linear_map(begun.net).weight.clone()
    whole = collapse_runs.run_cell(chosen, "cpu", None)
    assert len(whole) == 4
    for row, other in zip(early, whole, strict=False):
        assert {**row, "seconds": 0} == {**other, "seconds": 0}
    probe = CollapseProbe(begun.image_set, "cross-entropy", chosen["weight_decay"])
    assert probe(begun.net)["train_loss"] == early[-1]["train_loss"]
    assert torch.equal(weights, linear_map(begun.net).weight)


def test_nc4_counts_the_bias() -> None:
    begun = collapse_runs.begin(cell("terminal_phase", objective="square"))
    before = CollapseProbe(begun.image_set, "square", 1e-3)(begun.net)
    with torch.no_grad():
        linear_map(begun.net).bias[0] += 100
    after = CollapseProbe(begun.image_set, "square", 1e-3)(begun.net)
    assert after["train_variability"] == before["train_variability"]
    assert after["train_accuracy"] == pytest.approx(0.1)
    assert after["train_centre_disagreement"] > 0.5
    parts = ("part_variability", "part_alignment", "part_deviation")
    assert after["part_deviation"] > before["part_deviation"]
    assert after[parts[0]] == before[parts[0]]


def test_the_parts_add_up_to_the_penalised_loss() -> None:
    begun = collapse_runs.begin(cell("terminal_phase", objective="square"))
    linear = linear_map(begun.net)
    found = CollapseProbe(begun.image_set, "square", 0.01)(begun.net)
    penalty = 0.005 * (linear.weight.square().sum() + linear.bias.square().sum()).item()
    total = sum(found[f"part_{name}"] for name in ("variability", "alignment", "deviation"))
    assert total == pytest.approx(found["train_loss"] + penalty, rel=1e-5)


def test_minority_classes_have_fewer_of_the_same_images() -> None:
    small, large = (
        collapse_runs.begin(cell("imbalanced", objective="square", ratio=ratio)).image_set
        for ratio in (10, 1)
    )
    minority = collapse_runs.minority_classes(3)
    counts = small.train_labels.bincount().tolist()
    assert counts == [2 if label in minority else 20 for label in range(10)]
    assert large.train_labels.bincount().tolist() == [20] * 10
    held = {image.numpy().tobytes() for image in large.train_images}
    assert all(image.numpy().tobytes() in held for image in small.train_images)
    assert minority != collapse_runs.minority_classes(4)


def test_the_stationary_margin_is_exact_where_cross_entropy_is_minimal() -> None:
    model = FeatureModel((40, 40, 10, 10, 10), (2e-3,), 1e-3, bias_penalty=0.0)
    found = fitting.fit(
        model, fitting.cross_entropy_loss, width=8, generator=stream(0, "start"), rounds=60
    )
    classifier, features = found.factors
    starts = torch.tensor([0, 40, 80, 90, 100])
    geometry = GroupGeometry(
        rows=classifier,
        means=features[:, starts].T,
        counts=model.counts(),
        probabilities=found.minimiser.probabilities.T,
    )
    assert geometry.balancing_penalty(2e-3) == pytest.approx(1e-3, rel=1e-6)
    for group in (torch.tensor([0, 1]), torch.tensor([2, 3, 4])):
        measured = geometry.group(group, 2e-3)
        assert 0.1 < measured["margin"] < 0.99
        assert measured["margin"] == pytest.approx(measured["stationary_margin"], abs=1e-6)


def test_cosines_are_averaged_over_pairs() -> None:
    rows = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [-1.0, 0.0]], dtype=torch.float64)
    geometry = GroupGeometry(rows, rows, torch.ones(4, dtype=torch.float64), torch.eye(4))
    found = geometry.cosines(torch.tensor([0, 1]), torch.tensor([2, 3]))
    half = 0.5**0.5
    assert found["majority_row_cosine"] == pytest.approx(0, abs=1e-15)
    assert found["minority_row_cosine"] == pytest.approx(-half)
    assert found["between_row_cosine"] == pytest.approx((half + half - 1 + 0) / 4)
