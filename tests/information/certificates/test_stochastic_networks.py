from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from runtheory.information.certificates import stochastic_networks
from runtheory.information.certificates.linear_classifiers import (
    linear_gibbs_risks,
)
from runtheory.information.certificates.pac_bayes import (
    kl_bound,
)
from runtheory.information.certificates.stochastic_networks import (
    Confidence,
    SplitPlan,
    network_certificate,
    split_certificate,
    stochastic_risk,
)
from runtheory.information.measures.divergences import kl_inverse
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_perceptrons,
)
from runtheory.randomness import stream
from tests.information.shared import gaussian_classes, unchecked
from tests.peak import peak_megabytes


def linear_network(weights):
    """A network without hidden layer that answers class 1 where weights . x > 0."""
    weight = torch.stack([torch.zeros_like(weights), weights], 1)[None]
    return Perceptrons((weight,), (torch.zeros(1, 1, 2, dtype=weights.dtype),))


def test_stochastic_risk_of_a_linear_network_is_exact_in_the_mean():
    generator = np.random.default_rng(3)
    inputs, signs = gaussian_classes(generator, 50, dimension=4)
    weights = np.array([0.8, 0.2, -0.1, 0.0])
    labels = torch.tensor((signs > 0).astype(np.int64))
    draws, deviation = 4000, 0.5
    found = stochastic_risk(
        linear_network(torch.tensor(weights)),
        torch.tensor(inputs),
        labels,
        deviation=deviation,
        draws=draws,
        generator=stream(3, "risk"),
        chunk=1000,
    )
    # The score difference has deviation sqrt(2) * deviation * sqrt(1 + |x|^2): biases count too.
    scale = 1 / (math.sqrt(2) * deviation)
    extended = np.hstack([inputs, np.ones((50, 1))])
    exact = float(linear_gibbs_risks(scale * np.append(weights, 0.0), extended, signs)[0])
    assert found == pytest.approx(exact, abs=5 * 0.5 / math.sqrt(draws))
    once = stochastic_risk(
        linear_network(torch.tensor(weights)),
        torch.tensor(inputs),
        labels,
        deviation=1e-9,
        draws=3,
        generator=stream(3, "risk"),
        chunk=2,
    )
    assert once == pytest.approx(float((signs * (inputs @ weights) < 0).mean()))


def test_network_certificate_accounts_for_all_of_its_confidence():
    generator = stream(4, "certificate")
    prior = draw_perceptrons((3, 4, 2), replicates=1, generator=generator, dtype=torch.float64)
    posterior = Perceptrons(
        tuple(w + 0.01 for w in prior.weights), tuple(b + 0.03 for b in prior.biases)
    )
    inputs = torch.randn(400, 3, generator=generator, dtype=torch.float64)
    labels = (inputs[:, 0] > 0).long()
    confidence = Confidence(deviations=(0.05, 0.2), draws=30, delta=0.05, monte_carlo_delta=0.02)
    found = network_certificate(
        posterior, inputs, labels, prior=prior, confidence=confidence, generator=generator
    )
    distance = (3 * 4 + 4 * 2) * 1e-4 + (4 + 2) * 9e-4  # weights and biases
    assert found.divergence == pytest.approx(distance / (2 * found.scale**2))
    raised = float(kl_inverse(found.train_error, math.log(2 / 0.02) / 30))
    assert found.train_error_bound == pytest.approx(raised)
    expected = kl_bound(raised, found.divergence, samples=400, delta=0.03 / 2)
    assert found.bound == pytest.approx(float(expected))
    assert found.delta == 0.05
    assert found.train_error < found.train_error_bound < found.bound


def test_split_certificate_is_not_vacuous_and_covers_the_test_risk():
    generator = stream(5, "split")
    inputs = torch.randn(2000, 5, generator=generator)
    labels = (inputs[:, 0] + inputs[:, 1] > 0).long()
    plan = SplitPlan(
        hidden=(8,),
        classes=2,
        prior=Descent(steps=150, learning_rate=0.1),
        confidence=Confidence(deviations=(0.01, 0.05), draws=60),
    )
    found = split_certificate(inputs[:1200], labels[:1200], plan, generator=generator)
    certificate = found.certificate
    assert certificate.divergence == 0
    assert certificate.samples == 600
    assert len(set(found.prior_examples.tolist())) == 600
    test = stochastic_risk(
        found.posterior,
        inputs[1200:],
        labels[1200:],
        deviation=certificate.scale,
        draws=60,
        generator=generator,
    )
    assert test < certificate.bound < 0.25
    moved = replace(plan, posterior=Descent(steps=5, learning_rate=0.01, batch_size=50))
    other = split_certificate(inputs[:1200], labels[:1200], moved, generator=generator)
    assert other.certificate.divergence > 0


def test_the_prior_owes_nothing_to_the_examples_of_the_bound() -> None:
    draw = stream(7, "points")
    inputs = torch.randn(60, 3, generator=draw)
    labels = (inputs[:, 0] > 0).long()
    plan = SplitPlan(hidden=(4,), classes=2, prior=Descent(steps=20, batch_size=10))
    found = split_certificate(inputs, labels, plan, generator=stream(8, "split"))
    bound = torch.ones(60, dtype=torch.bool)
    bound[found.prior_examples] = False
    changed = (
        torch.where(bound[:, None], -3 * inputs, inputs),
        torch.where(bound, 1 - labels, labels),
    )
    again = split_certificate(*changed, plan, generator=stream(8, "split"))
    # Without further steps the posterior is the prior.
    for before, after in zip(found.posterior.parameters, again.posterior.parameters, strict=True):
        assert torch.equal(before, after)
    assert again.certificate.train_error != found.certificate.train_error
    assert again.certificate.samples == int(bound.sum()) == 30


def test_coverage_of_network_certificates():
    """The true risk of a linear stochastic network on eight points is exact by weighting."""
    generator = stream(6, "coverage")
    points = torch.randn(8, 2, generator=generator, dtype=torch.float64)
    flips = torch.linspace(0.05, 0.45, 8, dtype=torch.float64)
    prior = linear_network(torch.zeros(2, dtype=torch.float64))
    confidence = Confidence(deviations=(0.3,), draws=20, delta=0.3, monte_carlo_delta=0.1)
    violated, rounds = 0, 60
    for _ in range(rounds):
        rows = torch.randint(8, (40,), generator=generator)
        clean = points[rows, 0] > 0
        noise = torch.rand(40, generator=generator, dtype=torch.float64) < flips[rows]
        labels = (clean ^ noise).long()
        signs = 2.0 * labels - 1
        weights = (signs[:, None] * points[rows]).mean(0)
        posterior = linear_network(weights)
        found = network_certificate(
            posterior, points[rows], labels, prior=prior, confidence=confidence, generator=generator
        )
        extended = np.hstack([points.numpy(), np.ones((8, 1))])
        mean = np.append(weights.numpy(), 0.0) / (math.sqrt(2) * 0.3)
        sides = np.where(points[:, 0].numpy() > 0, 1.0, -1.0)
        errors = [
            float(linear_gibbs_risks(mean, extended[i : i + 1], sides[i : i + 1])[0])
            for i in range(8)
        ]
        chance = flips.numpy()
        truth = float(np.mean((1 - chance) * errors + chance * (1 - np.array(errors))))
        violated += found.bound < truth
    assert violated / rounds <= 0.3


def test_wrong_arguments_of_stochastic_networks_are_named() -> None:
    generator = stream(0, "wrong")
    two = draw_perceptrons((2, 2), replicates=2, generator=generator)
    one = two.select(slice(0, 1))
    batch, labels = torch.ones(3, 2), torch.zeros(3, dtype=torch.int64)
    asked: dict[str, Any] = {"prior": one, "confidence": Confidence(), "generator": generator}
    for call, text in [
        (lambda: Confidence(deviations=(0.1, -1.0)), "deviations"),
        (lambda: Confidence(draws=0), "draws"),
        (lambda: Confidence(delta=0.05, monte_carlo_delta=0.05), "monte_carlo_delta"),
        (lambda: network_certificate(two, batch, labels, **asked), "one network each"),
        (lambda: network_certificate(one, batch[:0], labels[:0], **asked), "at least 1 by 1"),
        (
            lambda: split_certificate(
                batch[:1], labels[:1], SplitPlan((2,), 2), generator=generator
            ),
            "at least 2 by 1",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()


def test_no_certificate_for_data_that_do_not_belong_together() -> None:
    generator = stream(0, "belong")
    net = draw_perceptrons((3, 4, 2), replicates=1, generator=generator)
    inputs, labels = torch.randn(20, 3, generator=generator), torch.arange(20) % 2
    broken = replace(net, biases=tuple(bias * math.nan for bias in net.biases))
    asked: dict[str, Any] = {
        "prior": net,
        "confidence": Confidence((0.1,), draws=2),
        "generator": generator,
    }
    certify, risk = unchecked(network_certificate), unchecked(stochastic_risk)
    for values, text in [
        ((net, inputs * math.nan, labels), "inputs must be finite"),
        ((net, inputs, labels[:1]), r"labels must have example = 20 as inputs has"),
        ((net, inputs, labels.float()), "labels must hold integers, got float32"),
        ((net, inputs, labels + 1), "labels must lie in 0 to 1, got 2"),
        ((net, inputs, -labels), "labels must lie in 0 to 1, got -1"),
        ((net, inputs[:, :2], labels), "inputs must have 3 columns, got 2"),
        ((net, inputs[0], labels[:3]), r"inputs must have the axes \(example, input\)"),
        ((broken, inputs, labels), "weights must be finite"),
    ]:
        with pytest.raises((ValueError, TypeError), match=text):
            certify(*values, **asked)
        with pytest.raises((ValueError, TypeError), match=text):
            risk(*values, deviation=0.1, draws=2, generator=generator)
    with pytest.raises(ValueError, match="prior must be finite"):
        certify(net, inputs, labels, **{**asked, "prior": broken})
    other = draw_perceptrons((3, 5, 2), replicates=1, generator=generator)
    with pytest.raises(ValueError, match="must agree in shape"):
        certify(net, inputs, labels, **{**asked, "prior": other})
    faults: list[tuple[dict[str, Any], str]] = [
        ({"draws": -1}, "draws must be at least 1, got -1"),
        ({"chunk": 0}, "chunk must be at least 1"),
        ({"deviation": math.nan}, "deviation must be a number"),
    ]
    for wrong, text in faults:
        with pytest.raises(ValueError, match=text):
            risk(
                net, inputs, labels, **{"deviation": 0.1, "draws": 2, **wrong}, generator=generator
            )


def test_labels_of_any_integer_type_and_arrays_give_the_same_certificate() -> None:
    draw = stream(1, "kinds")
    inputs = torch.randn(40, 3, generator=draw)
    labels = (inputs[:, 0] > 0).long()
    plan = SplitPlan((2,), 2, prior=Descent(steps=5), confidence=Confidence((0.1,), draws=4))
    certify = unchecked(split_certificate)
    found = {
        certify(x, y, plan, generator=stream(2, "split")).certificate
        for x, y in [
            (inputs, labels),
            (inputs, labels.to(torch.uint8)),
            (inputs.numpy(), labels.int().numpy()),
        ]
    }
    assert len(found) == 1


def test_blocks_of_examples_leave_the_risk_and_the_draws_as_they_are(monkeypatch) -> None:
    draw = stream(3, "blocks")
    net = draw_perceptrons((3, 8, 4), replicates=1, generator=draw, dtype=torch.float64)
    inputs = torch.randn(53, 3, generator=draw, dtype=torch.float64)
    labels = torch.randint(4, (53,), generator=draw)
    asked: dict[str, Any] = {"deviation": 0.5, "draws": 7, "chunk": 3}
    whole = stochastic_risk(net, inputs, labels, **asked, generator=stream(4, "risk"))
    monkeypatch.setattr(stochastic_networks, "NUMBERS", 8 * 3 * 10)  # ten examples at a time
    assert stochastic_risk(net, inputs, labels, **asked, generator=stream(4, "risk")) == whole
    # By hand: the same draws in the same order, one network and one example after the other.
    noise, wrong = stream(4, "risk"), 0.0
    for count in (3, 3, 1):
        near = [
            part + 0.5 * torch.randn((count, *part.shape[1:]), generator=noise, dtype=part.dtype)
            for part in net.parameters
        ]
        for first, second, low, high in zip(*near, strict=True):
            for x, y in zip(inputs, labels, strict=True):
                scores = torch.relu(x @ first + low[0]) @ second + high[0]
                wrong += float(scores.argmax() != y) / 53
    assert whole == pytest.approx(wrong / 7, abs=1e-12)


def test_the_memory_of_a_certificate_does_not_grow_with_the_examples() -> None:
    peak = peak_megabytes(
        """
        import torch
        from runtheory.information.certificates.stochastic_networks import stochastic_risk
        from runtheory.information.supersamples.perceptrons import draw_perceptrons
        draw = torch.Generator().manual_seed(0)
        net = draw_perceptrons((200, 100, 10), replicates=1, generator=draw)
        inputs, labels = torch.randn(20_000, 200, generator=draw), torch.zeros(20_000, dtype=int)
        start()
        stochastic_risk(net, inputs, labels, deviation=0.1, draws=10, generator=draw)
        """
    )
    assert peak < 120  # all examples at once: above 200
