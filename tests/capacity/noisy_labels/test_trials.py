"""Training with wrong labels: a step by hand, who selects for whom, what is kept and chosen."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from runtheory.capacity.noisy_labels import flips, trials
from runtheory.capacity.noisy_labels.ways import Way
from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons
from runtheory.randomness import stream

WAYS = (Way(), Way(rate=0.4), Way(width=3.0), Way(forget=0.5, gradual=0))


def problem(*, steps: int = 6, deals: int = 2) -> tuple[Perceptrons, trials.Task]:
    """Two shifted clouds, a third of their labels flipped."""
    generator = stream(0, "problem")
    labels = torch.arange(24).expand(deals, -1) % 2
    inputs = torch.randn((deals, 24, 4), generator=generator) + 2.0 * labels[..., None]
    given = flips.flip_labels(labels, rate=0.3, classes=2, generator=generator)
    batches = torch.rand((steps, deals, 24), generator=generator).argsort(2)[..., :6]
    start = draw_perceptrons((4, 7, 5, 2), replicates=2 * deals, generator=generator)
    known = inputs, labels
    return start, trials.Task((inputs, given), (inputs, given), known, labels, batches)


def test_scores_are_those_of_the_networks_and_masks_act_before_the_last_layer() -> None:
    start, task = problem()
    inputs = task.training[0].repeat(2, 1, 1)
    torch.testing.assert_close(trials.scores(start, inputs), start.scores(inputs))
    mask = torch.tensor([1.0, 0, 1, 0, 0])
    pruned = Perceptrons((*start.weights[:2], start.weights[2] * mask[:, None]), start.biases)
    torch.testing.assert_close(trials.scores(start, inputs, mask=mask), pruned.scores(inputs))


def test_small_losses_by_a_loop() -> None:
    values = torch.randn((2, 6, 3), generator=stream(1, "scores"))
    labels = torch.arange(12).reshape(2, 6) % 3
    found = trials.small_losses(values, labels, kept=4)
    for replicate in range(2):
        losses = [
            float(values[replicate, i].logsumexp(0) - values[replicate, i, labels[replicate, i]])
            for i in range(6)
        ]
        assert found[replicate].tolist() == sorted(range(6), key=losses.__getitem__)[:4]


@pytest.mark.parametrize("exchanged", [True, False])
def test_the_first_step_learns_from_what_is_selected(exchanged) -> None:
    """The first step of Adam goes by the sign of the gradient on the examples selected."""
    start, task = problem()
    way = Way(forget=0.5, gradual=0, exchanged=exchanged)
    (moved,) = trials.trained(start, task, way, learning_rate=0.01, until=[1])
    inputs, labels = (part.repeat(2, *[1] * (part.ndim - 1)) for part in task.training)
    rows, batch = torch.arange(4)[:, None], task.batches[0].repeat(2, 1)
    chosen = trials.small_losses(start.scores(inputs[rows, batch]), labels[rows, batch], kept=3)
    if exchanged:
        chosen = chosen[[2, 3, 0, 1]]
    batch = batch.gather(1, chosen)
    live = [part.clone().requires_grad_() for part in start.parameters]
    net = Perceptrons(tuple(live[:3]), tuple(live[3:]))
    loss = torch.nn.functional.cross_entropy(
        net.scores(inputs[rows, batch]).flatten(0, 1), labels[rows, batch].flatten()
    )
    for before, after, slope in zip(
        start.parameters, moved.parameters, torch.autograd.grad(loss, live), strict=True
    ):
        clear = slope.abs() > 1e-5
        expected = (before - 0.01 * slope.sign())[clear]
        torch.testing.assert_close(after[clear], expected, rtol=0, atol=1e-4)


def test_ordered_masks_leave_late_features_unread() -> None:
    """With a tiny width only the first feature is ever kept: the others' weights stay."""
    start, task = problem()
    (moved,) = trials.trained(start, task, Way(width=1e-3), learning_rate=0.01, until=[3])
    assert torch.equal(moved.weights[2][:, 1:], start.weights[2][:, 1:])
    assert not torch.equal(moved.weights[2][:, :1], start.weights[2][:, :1])


def test_dropped_features_are_rescaled() -> None:
    """One step of plain gradient: the mean over masks of the scores is that without masks."""
    mask = trials._mask(
        Way(rate=0.75), (400, 100, 5), like=torch.ones(1), generator=stream(0, "masks")
    )
    assert mask is not None
    assert set(mask.unique().tolist()) == {0.0, 4.0}
    assert abs(float(mask.mean()) - 1) < 5 * math.sqrt(3 / mask.numel())


@pytest.mark.parametrize("way", WAYS)
def test_the_start_stays_and_training_can_stop_anywhere(way) -> None:
    start, task = problem()
    before = [part.clone() for part in start.parameters]
    both = trials.trained(start, task, way, learning_rate=0.05, until=[2, 5])
    (alone,) = trials.trained(start, task, way, learning_rate=0.05, until=[2])
    assert all(torch.equal(a, b) for a, b in zip(before, start.parameters, strict=True))
    for first, second in zip(both[0].parameters, alone.parameters, strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(both[0].weights[0], both[1].weights[0])


def test_judged_counts_the_first_features_only() -> None:
    start, task = problem()
    found = trials.judged(start, task, Way(width=2.0), learning_rate=0.1, steps=0, kept=2)
    mask = (torch.arange(5) < 2).float()

    def answers(inputs: torch.Tensor) -> torch.Tensor:
        return trials.scores(start, inputs.repeat(2, 1, 1), mask=mask).argmax(2)

    right = (answers(task.test[0]) == task.test[1].repeat(2, 1)).double().mean(1)
    torch.testing.assert_close(found.accuracy, (right[:2] + right[2:]) / 2)
    wrong = task.training[1] != task.truth
    for deal in range(2):
        shares = [
            float(
                (answers(task.training[0])[net] == task.training[1][deal])[wrong[deal]]
                .double()
                .mean()
            )
            for net in (deal, deal + 2)
        ]
        assert float(found.memorised[deal]) == pytest.approx(sum(shares) / 2)


def test_tried_keeps_the_cut_that_validates_best() -> None:
    start, task = problem()
    found = trials.tried(
        start, task, WAYS[:3:2], learning_rates=(0.01, 0.1), until=(2, 6), cuts=(1, 3, 5)
    )
    assert [(t.learning_rate, t.steps) for t in found] == [
        (0.01, 2),
        (0.01, 6),
        (0.1, 2),
        (0.1, 6),
    ] * 2
    assert [t.kept for t in found[:4]] == [5] * 4
    (net,) = trials.trained(start, task, WAYS[2], learning_rate=0.1, until=[6])
    each = [
        trials.judged(net, task, WAYS[2], learning_rate=0.1, steps=6, kept=kept)
        for kept in (1, 3, 5)
    ]
    assert found[-1].validated == max(one.validated for one in each)
    assert trials.best(found).validated == max(one.validated for one in found)


def test_wrong_arguments_are_named() -> None:
    start, task = problem()
    with pytest.raises(ValueError, match="start must hold 4 networks"):
        trials.trained(start.select(slice(3)), task, Way(), learning_rate=0.1, until=[1])
    with pytest.raises(ValueError, match="until must ascend"):
        trials.trained(start, task, Way(), learning_rate=0.1, until=[3, 2])
    wrong = replace(task, batches=task.batches + 24)
    with pytest.raises(ValueError, match="batches must lie in"):
        trials.trained(start, wrong, Way(), learning_rate=0.1, until=[1])
    with pytest.raises(ValueError, match="kept must lie in"):
        trials.judged(start, task, Way(), learning_rate=0.1, steps=0, kept=6)
    with pytest.raises(ValueError, match="trials must be at least 1"):
        trials.best([])
    with pytest.raises(ValueError, match="layers must be at least 2"):
        trials.scores(
            Perceptrons(start.weights[:1], start.biases[:1]), task.training[0].repeat(2, 1, 1)
        )
    with pytest.raises(ValueError, match="inputs must be of 4 replicates"):
        trials.scores(start, task.training[0])
