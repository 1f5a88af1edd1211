import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from runtheory.information.supersamples.perceptrons import (
    Descent,
    draw_batches,
    draw_perceptrons,
    train,
)
from runtheory.information.supersamples.supersample import (
    draw_super_samples,
    run_replicates,
    super_sample_outcomes,
)
from runtheory.randomness import stream


def toy_pool(count=200, inputs=6, dtype=torch.float64):
    generator = stream(0, "pool")
    points = torch.randn(count, inputs, generator=generator, dtype=dtype)
    noise = 0.5 * torch.randn(count, generator=generator, dtype=dtype)
    return points, (points[:, 0] + noise > 0).long()


def test_plan_draws_distinct_examples_and_fair_masks():
    plan = draw_super_samples(50, pairs=20, groups=30, masks=10, generator=stream(1, "plan"))
    assert plan.replicates == 300
    for table in plan.indices:
        assert len(set(table.flatten().tolist())) == 40
    assert plan.groups.tolist() == [group for group in range(30) for _ in range(10)]
    share = float(plan.masks.double().mean())
    assert abs(share - 0.5) <= 5 * 0.5 / math.sqrt(plan.masks.numel())
    chosen = plan.training_indices
    for replicate, pair in [(0, 0), (17, 3), (299, 19)]:
        group, column = plan.groups[replicate], plan.masks[replicate, pair]
        assert chosen[replicate, pair] == plan.indices[group, pair, column]


def by_module(start, inputs, labels, settings, batches, replicate):
    """One network trained as anyone would: modules, SGD, cross-entropy."""
    widths = [start.weights[0].shape[1], *(w.shape[2] for w in start.weights)]
    layers = []
    for level, (width, after) in enumerate(pairwise(widths)):
        linear = nn.Linear(width, after, dtype=inputs.dtype)
        with torch.no_grad():
            linear.weight.copy_(start.weights[level][replicate].T)
            linear.bias.copy_(start.biases[level][replicate, 0])
        layers += [linear, nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    optimiser = torch.optim.SGD(
        net.parameters(), lr=settings.learning_rate, momentum=settings.momentum
    )
    for step in range(settings.steps):
        rows = batches[step, replicate] if batches is not None else slice(None)
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(net(inputs[rows]), labels[rows])
        loss.backward()
        optimiser.step()
    return net


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("hidden", [(5,), (8, 4)])
def test_training_all_at_once_is_training_one_by_one(batch_size, hidden):
    points, labels = toy_pool()
    plan = draw_super_samples(200, pairs=15, groups=2, masks=2, generator=stream(2, "plan"))
    settings = Descent(steps=40, learning_rate=0.1, momentum=0.8, batch_size=batch_size)
    start = draw_perceptrons(
        (6, *hidden, 2), replicates=4, generator=stream(2, "nets"), dtype=torch.float64
    )
    before = [parameter.clone() for parameter in start.parameters]
    batches = draw_batches(15, settings, replicates=4, generator=stream(2, "batches"))
    chosen = plan.training_indices
    found = train(start, points[chosen], labels[chosen], settings, batches=batches)
    for kept, parameter in zip(before, start.parameters, strict=True):
        assert torch.equal(kept, parameter)
        assert not parameter.requires_grad
    for replicate in range(4):
        rows = slice(replicate, replicate + 1)
        alone = train(
            start.select(rows),
            points[chosen[rows]],
            labels[chosen[rows]],
            settings,
            batches=None if batches is None else batches[:, rows],
        )
        for one, many in zip(alone.parameters, found.select(rows).parameters, strict=True):
            torch.testing.assert_close(one, many, rtol=1e-10, atol=1e-12)
        data = points[chosen[replicate]], labels[chosen[replicate]]
        net = by_module(start, *data, settings, batches, replicate)
        for level, linear in enumerate(m for m in net if isinstance(m, nn.Linear)):
            torch.testing.assert_close(linear.weight.T, found.weights[level][replicate])
            torch.testing.assert_close(linear.bias, found.biases[level][replicate, 0])
        expected = net(points[:9])
        scores = found.scores(points[:9].expand(4, -1, -1))[replicate]
        torch.testing.assert_close(scores, expected.detach())


def test_outcomes_are_those_of_the_trained_networks():
    points, labels = toy_pool()
    plan = draw_super_samples(200, pairs=12, groups=3, masks=2, generator=stream(3, "plan"))
    settings = Descent(steps=60, learning_rate=0.1)
    start = draw_perceptrons(
        (6, 16, 2), replicates=6, generator=stream(3, "nets"), dtype=torch.float64
    )
    outcomes = run_replicates(points, labels, plan, settings, start=start)
    chosen = plan.training_indices
    nets = train(start, points[chosen], labels[chosen], settings)
    training, test = [], []
    for replicate in range(6):
        for pair in range(12):
            for column in range(2):
                example = plan.indices[plan.groups[replicate], pair, column]
                inputs = points[example].expand(6, 1, -1)
                answer = int(nets.scores(inputs)[replicate, 0].argmax())
                wrong = float(answer != labels[example])
                assert outcomes.predictions[replicate, pair, column] == answer
                assert outcomes.losses[replicate, pair, column] == wrong
                seen = plan.masks[replicate, pair] == column
                (training if seen else test).append(wrong)
    assert outcomes.training_error == pytest.approx(sum(training) / len(training))
    assert outcomes.test_error == pytest.approx(sum(test) / len(test))
    assert outcomes.gap == pytest.approx(outcomes.test_error - outcomes.training_error)
    assert outcomes.training_error < outcomes.test_error


def test_the_whole_run_repeats_and_uses_its_generator_only():
    points, labels = toy_pool(dtype=torch.float32)
    plan = draw_super_samples(200, pairs=10, groups=4, masks=1, generator=stream(4, "plan"))
    settings = Descent(steps=10, batch_size=5)

    def run(seed):
        generator = stream(seed, "run")
        return super_sample_outcomes(
            points, labels, plan, settings, hidden=(8,), classes=2, generator=generator
        )

    state = torch.random.get_rng_state()
    first, again, other = run(5), run(5), run(6)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first.losses, again.losses)
    assert not torch.equal(first.losses, other.losses)


def test_start_has_the_variance_it_says():
    nets = draw_perceptrons((50, 40, 2), replicates=30, generator=stream(0, "variance"))
    weight = nets.weights[0].double()
    count = weight.numel()
    assert abs(float(weight.square().mean()) - 0.04) <= 5 * 0.04 * math.sqrt(2 / count)
    assert abs(float(weight.mean())) <= 5 * 0.2 / math.sqrt(count)
    assert nets.dimension == 50 * 40 + 40 + 40 * 2 + 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_replicates_on_an_accelerator():
    points, labels = (tensor.cuda() for tensor in toy_pool(dtype=torch.float32))
    generator = stream(0, "cuda", device="cuda")
    plan = draw_super_samples(200, pairs=10, groups=4, masks=2, generator=generator)
    outcomes = super_sample_outcomes(
        points, labels, plan, Descent(steps=20), hidden=(8,), classes=2, generator=generator
    )
    assert outcomes.losses.device.type == "cuda"


def test_wrong_runs_are_named():
    points, labels = toy_pool()
    generator = stream(0, "wrong")
    plan = draw_super_samples(200, pairs=5, groups=1, masks=2, generator=generator)
    start = draw_perceptrons((6, 2), replicates=3, generator=generator, dtype=torch.float64)
    some = {"pairs": 5, "groups": 1, "masks": 1, "generator": generator}
    for call, text in [
        (lambda: draw_super_samples(9, **some), "needs 10 examples, got 9"),
        (lambda: draw_super_samples(9, **{**some, "masks": 0}), "at least 1"),
        (lambda: draw_perceptrons((4,), replicates=1, generator=generator), "widths"),
        (lambda: draw_perceptrons((4, 2), replicates=0, generator=generator), "0 replicates"),
        (lambda: Descent(steps=0), "steps"),
        (lambda: Descent(learning_rate=0.0), "learning_rate"),
        (lambda: Descent(momentum=1.0), "momentum"),
        (
            lambda: draw_batches(3, Descent(batch_size=4), replicates=1, generator=generator),
            "at most 3, got 4",
        ),
        (
            lambda: train(
                start,
                points[None, :4].expand(3, -1, -1),
                labels[None, :4].expand(3, -1),
                Descent(batch_size=2),
            ),
            "no batches",
        ),
        (lambda: run_replicates(points, labels, plan, Descent(), start=start), "one network per"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
