import math
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from runtheory.information.supersamples.noisy_training import (
    NoisyRun,
    NoisySteps,
    dispersion_bound,
    dispersion_information,
    norm_bound,
    train_noisily,
    train_on_draws,
)
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_perceptrons,
    train,
)
from runtheory.randomness import stream


def drawn(widths=(3, 4, 2), replicates=2, samples=5):
    draw = stream(0, "noisy training")
    net = draw_perceptrons(widths, replicates=replicates, generator=draw, dtype=torch.float64)
    inputs = torch.randn(replicates, samples, widths[0], generator=draw, dtype=torch.float64)
    labels = torch.randint(widths[-1], (replicates, samples), generator=draw)
    return net, inputs, labels


def single_gradients(net: Perceptrons, inputs, labels):
    """The gradient of every example by itself, flattened: (replicate, sample, weights)."""
    rows = []
    for replicate in range(net.replicates):
        one = net.select(slice(replicate, replicate + 1))
        live = Perceptrons(
            tuple(weight.clone().requires_grad_() for weight in one.weights),
            tuple(bias.clone().requires_grad_() for bias in one.biases),
        )
        for x, y in zip(inputs[replicate], labels[replicate], strict=True):
            loss = cross_entropy(live.scores(x[None, None])[0], y[None])
            parts = torch.autograd.grad(loss, live.parameters)
            rows.append(torch.cat([part.flatten() for part in parts]))
    return torch.stack(rows).unflatten(0, inputs.shape[:2])


@pytest.mark.parametrize("widths", [(3, 4, 2), (2, 3, 3, 4), (3, 2)])
def test_dispersions_are_those_of_single_gradients(widths) -> None:
    net, inputs, labels = drawn(widths)
    settings = NoisySteps(steps=2, learning_rate=0.3, noise=0.1)
    generator = stream(1, "noise")
    run = train_noisily(net, inputs, labels, settings=settings, generator=generator)
    gradients = single_gradients(net, inputs, labels)
    assert torch.allclose(run.dispersions[0], gradients.var(1).sum(1), rtol=1e-10)
    assert torch.allclose(run.squares[0], gradients.square().sum(2).mean(1), rtol=1e-10)
    others = (gradients.sum(1, keepdim=True) - gradients) / (inputs.shape[1] - 1)
    # What the theorem asks for: each gradient less the mean of the others.
    count = inputs.shape[1]
    apart = (gradients - others).square().sum(2).mean(1)
    assert torch.allclose(run.dispersions[0] * count / (count - 1), apart, rtol=1e-10)


def test_without_noise_it_is_plain_descent() -> None:
    net, inputs, labels = drawn()
    settings = NoisySteps(steps=6, learning_rate=0.2, noise=0.0)
    run = train_noisily(net, inputs, labels, settings=settings, generator=stream(0, "noise"))
    plain = Descent(steps=6, learning_rate=0.2, momentum=0.0)
    expected = train(net, inputs, labels, settings=plain)
    for found, other in zip(run.net.parameters, expected.parameters, strict=True):
        assert torch.allclose(found, other, rtol=1e-12, atol=1e-12)
    assert dispersion_bound(run, settings=settings, samples=5) == math.inf


def test_noise_has_its_size_and_its_directions() -> None:
    net, inputs, labels = drawn((40, 50, 2))
    ends = [
        train_noisily(
            net,
            inputs,
            labels,
            settings=NoisySteps(steps=1, learning_rate=0.2, noise=noise),
            generator=stream(0, "noise"),
        ).net.weights[0]
        for noise in (0.0, 0.3, 0.6)
    ]
    one, two = ends[1] - ends[0], ends[2] - ends[0]
    assert torch.allclose(two, 2 * one, atol=1e-6)
    assert one.std() == pytest.approx(0.3, abs=4 * 0.3 / math.sqrt(2 * one.numel()))


def test_samples_come_from_the_population_and_errors_are_exact() -> None:
    net, inputs, labels = drawn(samples=7)
    settings = NoisySteps(steps=3, learning_rate=0.5, noise=0.1)
    found = train_on_draws(
        net,
        inputs[0],
        labels[0],
        samples=4,
        settings=settings,
        draws=stream(0, "draws"),
        noise=stream(0, "noise"),
    )
    chosen = torch.randint(7, (2, 4), generator=stream(0, "draws"))
    again = train_noisily(
        net, inputs[0][chosen], labels[0][chosen], settings=settings, generator=stream(0, "noise")
    )
    assert torch.equal(found.run.dispersions, again.dispersions)
    for replicate in range(2):
        one = again.net.select(slice(replicate, replicate + 1))
        wrong = one.scores(inputs[:1])[0].argmax(1) != labels[0]
        assert found.test_errors[replicate] == wrong.double().mean()
        assert found.train_errors[replicate] == wrong[chosen[replicate]].double().mean()
    assert torch.equal(found.gaps, found.test_errors - found.train_errors)


def test_bounds_by_hand() -> None:
    values = torch.tensor([[1.0, 3.0], [2.0, 2.0]], dtype=torch.float64)  # means 2 and 2
    net, _, _ = drawn()
    run, settings = NoisyRun(net, values, 4 * values), NoisySteps(2, 0.5, 0.25)
    # half of (eta / tau) sqrt(4 / (5 * 4)), and half of (eta / tau) sqrt(16) / 5
    assert dispersion_bound(run, settings=settings, samples=5) == pytest.approx(math.sqrt(0.2))
    assert norm_bound(run, settings=settings, samples=5) == pytest.approx(0.8)
    # The information whose half has the bound for its root.
    assert dispersion_information(run, settings=settings, samples=5) == pytest.approx(0.4)


def test_dropped_features_leave_their_weights_without_a_gradient() -> None:
    net, inputs, labels = drawn((3, 6, 2), replicates=1, samples=2)
    settings = NoisySteps(steps=1, learning_rate=0.5, noise=0.0, rate=0.9)
    run = train_noisily(net, inputs, labels, settings=settings, generator=stream(4, "masks"))
    keys = torch.rand((1, 2, 6), generator=stream(4, "masks"))
    gone = (keys < 0.9).all(1)[0]  # dropped for both examples
    assert gone.any()
    moved = (run.net.weights[1] - net.weights[1]).abs().sum((0, 2)) > 0
    assert not moved[gone].any()
    # One step by hand, with the masked features.
    live = net.weights[1].clone().requires_grad_()
    hidden = torch.baddbmm(net.biases[0], inputs, net.weights[0]).relu() * (keys >= 0.9) / 0.1
    loss = cross_entropy((hidden @ live + net.biases[1])[0], labels[0])
    (gradient,) = torch.autograd.grad(loss, live)
    assert torch.allclose(run.net.weights[1], net.weights[1] - 0.5 * gradient, atol=1e-6)


def test_dropout_stays_on_where_errors_are_counted() -> None:
    net, inputs, labels = drawn((3, 4, 2), replicates=1, samples=300)
    settings = NoisySteps(steps=20, learning_rate=0.5, noise=0.0, rate=0.6)
    found = train_on_draws(
        net,
        inputs[0],
        labels[0],
        samples=200,
        settings=settings,
        draws=stream(0, "draws"),
        noise=stream(0, "noise"),
    )
    end = found.run.net
    hidden = torch.baddbmm(end.biases[0], inputs, end.weights[0]).relu()
    keys = torch.rand((100, 300, 4), generator=stream(1, "own masks"))
    scores = (hidden * (keys >= 0.6) / 0.4) @ end.weights[1] + end.biases[1]
    wrong = (scores.argmax(2) != labels).double()
    spread = wrong.mean(1).std() / math.sqrt(10)  # of a mean over ten masks of each example
    assert abs(found.test_errors[0] - wrong.mean()) < 4 * spread


def test_what_cannot_be_trained_is_refused() -> None:
    net, inputs, labels = drawn()
    settings, generator = NoisySteps(1, 0.1, 0.1), stream(0, "noise")
    for wrong, text in [
        ((inputs[:, :1], labels[:, :1]), "samples"),
        ((inputs[:, :, :2], labels), "columns"),
        ((inputs * math.nan, labels), "finite"),
        ((inputs, labels + 2), "labels"),
    ]:
        with pytest.raises(ValueError, match=text):
            train_noisily(net, *wrong, settings=settings, generator=generator)
    good: dict[str, Any] = {"steps": 1, "learning_rate": 0.1, "noise": 0.1}
    for name, value in [
        ("steps", 0),
        ("learning_rate", 0.0),
        ("noise", -1.0),
        ("noise", math.nan),
        ("rate", 1.0),
    ]:
        with pytest.raises(ValueError, match=name):
            NoisySteps(**{**good, name: value})
    run = train_noisily(net, inputs, labels, settings=settings, generator=generator)
    with pytest.raises(ValueError, match="samples"):
        dispersion_bound(run, settings=settings, samples=1)
