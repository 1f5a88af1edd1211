"""Variances of gradients, against enumeration and their own spread."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from runtheory.dropout import laws
from runtheory.dropout.gradients import masked_gradients
from runtheory.dropout.masks import draw_masks
from runtheory.dropout.objectives import MultiSampleObjective, mean_of_losses
from runtheory.dropout.oracle import all_masks
from runtheory.dropout.variance import (
    gradient_variance,
    minibatch_variance,
)
from runtheory.modes import evaluating
from runtheory.nets import Classifier
from runtheory.randomness import Streams, stream


def _all_gradients(net, images, labels, masks, rate=0.5):
    return torch.cat(list(masked_gradients(net, images, labels, masks=masks, rate=rate)))


def _exact_parts(net, images, labels, rate=0.5):
    """V_a, V_b, V_c of the pool of examples, by enumeration of all masks."""
    masks, weights = all_masks(6, rate=rate)
    gradients = _all_gradients(
        net, images, labels, masks[:, None].expand(-1, len(images), -1), rate
    )
    by_example = torch.einsum("m,bmp->bp", weights, gradients)
    by_mask = gradients.mean(0)
    grand = by_example.mean(0)
    rest = gradients - by_example[:, None] - by_mask + grand
    return (
        float((by_example - grand).square().sum(1).mean()),
        float(weights @ (by_mask - grand).square().sum(1)),
        float((rest.square().sum(2) @ weights).mean()),
    )


@pytest.mark.parametrize("repeats", [2, 5])
def test_estimates_and_errors_follow_their_definitions(small_net, examples, repeats) -> None:
    """Means, variances and a delete-one jackknife in a loop, from the same masks."""
    net, (images, labels) = small_net(), examples(12)
    masks = draw_masks(repeats, (12, 6), rate=0.5, generator=stream(0, "masks"))
    gradients = _all_gradients(net, images, labels, masks)

    def estimate(rows):
        mask = float(rows.var(1, correction=1).sum(1).mean())
        data = float(rows.mean(1).var(0, correction=1).sum()) - mask / repeats
        return {"data": data, "mask": mask, "ratio": mask / data}

    found = gradient_variance(
        net, images, labels, rate=0.5, repeats=repeats, generator=stream(0, "masks")
    )
    left_out = [estimate(torch.cat([gradients[:i], gradients[i + 1 :]])) for i in range(12)]
    for name, value in estimate(gradients).items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-9)
        folds = torch.tensor([fold[name] for fold in left_out], dtype=torch.float64)
        error = float((11 / 12 * (folds - folds.mean()).square().sum()).sqrt())
        assert getattr(found, f"{name}_error") == pytest.approx(error, rel=1e-9)
    assert (found.examples, found.repeats) == (12, repeats)


def test_groups_of_examples_are_left_out_across_chunks(small_net, examples) -> None:
    """70 examples with two masks come in three chunks and fall into 32 groups by their place."""
    net, (images, labels) = small_net(), examples(70)
    masks = draw_masks(2, (70, 6), rate=0.5, generator=stream(0, "masks"))
    gradients = _all_gradients(net, images, labels, masks)
    found = gradient_variance(
        net, images, labels, rate=0.5, repeats=2, generator=stream(0, "masks")
    )
    group = torch.arange(70) % 32
    folds = []
    for one in range(32):
        rows = gradients[group != one]
        mask = float(rows.var(1).sum(1).mean())
        folds.append(float(rows.mean(1).var(0).sum()) - mask / 2)
    spread = torch.tensor(folds, dtype=torch.float64).var(correction=0)
    assert found.data_error == pytest.approx(float((31 * spread).sqrt()), rel=1e-9)


def test_the_variance_of_minibatches_is_that_of_its_gradients(small_net, examples) -> None:
    """Few repetitions, so that a wrong divisor would show, and the errors leave one out each."""
    net, (images, labels) = small_net(), examples(8)
    objective, streams = MultiSampleObjective(2, 0.5), Streams(0)
    gradients = []
    with evaluating(net):
        for _ in range(5):
            rows = torch.randint(8, (3,), generator=streams["batches"])
            loss = objective(net, images[rows], labels[rows], streams)
            parts = torch.autograd.grad(loss, list(net.parameters()))
            gradients.append(torch.cat([part.flatten() for part in parts]))
    table = torch.stack(gradients)
    found = minibatch_variance(
        net, images, labels, objective, batch=3, repetitions=5, streams=Streams(0)
    )
    assert found.value == pytest.approx(float(table.var(0).sum()), rel=1e-9)
    folds = torch.stack([table[torch.arange(5) != i].var(0).sum() for i in range(5)])
    assert found.error == pytest.approx(float((4 * folds.var(correction=0)).sqrt()), rel=1e-9)


def test_parts_match_enumeration(small_net, examples) -> None:
    net, (images, labels) = small_net(), examples(128)
    data, main, interaction = _exact_parts(net, images, labels)
    found = gradient_variance(
        net, images, labels, rate=0.5, repeats=8, generator=stream(0, "masks")
    )
    assert abs(found.mask - (main + interaction)) < 5 * found.mask_error
    assert abs(found.data - data * 128 / 127) < 5 * found.data_error
    assert abs(found.ratio - (main + interaction) / data) < 5 * found.ratio_error
    assert found.mask_error < 0.2 * found.mask
    assert found.data_error < 0.3 * found.data


def test_standard_errors_tell_the_spread(small_net, examples) -> None:
    """Over fresh examples and masks; a spread from 40 runs is itself known to about 11 %."""
    net, (images, labels) = small_net(), examples(40 * 64)
    runs = [
        gradient_variance(
            net,
            images[64 * run : 64 * run + 64],
            labels[64 * run : 64 * run + 64],
            rate=0.5,
            repeats=2,
            generator=stream(run, "masks"),
        )
        for run in range(40)
    ]
    for name in ("data", "mask", "ratio"):
        values = torch.tensor([getattr(run, name) for run in runs])
        errors = torch.tensor([getattr(run, f"{name}_error") for run in runs])
        assert 0.6 < float(errors.square().mean().sqrt() / values.std()) < 1.7


@pytest.mark.parametrize("samples", [1, 4])
@pytest.mark.parametrize("shared", [False, True])
def test_minibatches_obey_the_laws(small_net, examples, samples, shared) -> None:
    net, (images, labels) = small_net(), examples(24)
    data, main, interaction = _exact_parts(net, images, labels)
    objective = MultiSampleObjective(samples, 0.5, mean_of_losses, batch_shared=shared)
    found = minibatch_variance(
        net, images, labels, objective, batch=6, repetitions=1500, streams=Streams(samples)
    )
    if shared:
        expected = laws.batch_shared_variance(
            data, main, interaction_variance=interaction, batch=6, samples=samples
        )
    else:
        expected = laws.variance(data, main + interaction, batch=6, samples=samples)
    assert abs(found.value - expected) < 5 * found.error
    assert found.error < 0.08 * found.value


def test_running_statistics_are_used_and_modes_restored(examples) -> None:
    images, labels = examples(6)
    body = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(9), nn.Linear(9, 6))
    net = Classifier(body, nn.Linear(6, 4)).double()
    net.body[0].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    gradient_variance(net, images, labels, rate=0.5, repeats=2, generator=stream(0, "m"))
    assert net.training
    assert net.body[1].training
    assert not net.body[0].training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_rate_zero_has_no_mask_variance(small_net, examples) -> None:
    net, (images, labels) = small_net(), examples(10)
    found = gradient_variance(
        net, images, labels, rate=0.0, repeats=3, generator=stream(0, "masks")
    )
    assert abs(found.mask) < 1e-12
    assert found.data > 0


def test_errors_say_what_came(small_net, examples) -> None:
    net, (images, labels) = small_net(), examples(4)
    options: dict[str, Any] = {"rate": 0.5, "generator": stream(0, "m")}
    with pytest.raises(ValueError, match="three examples and two repeats, got 4 and 1"):
        gradient_variance(net, images, labels, repeats=1, **options)
    with pytest.raises(ValueError, match="got 2 and 3"):
        gradient_variance(net, images[:2], labels[:2], repeats=3, **options)
    for bad in (-100, 4):
        wrong = labels.clone()
        wrong[1] = bad
        with pytest.raises(ValueError, match=f"labels must lie in 0 to 3, got {bad}"):
            gradient_variance(net, images, wrong, repeats=3, **options)
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        minibatch_variance(
            net,
            images,
            labels,
            MultiSampleObjective(1, 0.5),
            batch=0,
            repetitions=5,
            streams=Streams(0),
        )
    with pytest.raises(ValueError, match="repetitions must be at least 3, got 2"):
        minibatch_variance(
            net,
            images,
            labels,
            MultiSampleObjective(1, 0.5),
            batch=2,
            repetitions=2,
            streams=Streams(0),
        )
