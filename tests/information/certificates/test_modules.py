from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from runtheory.information.certificates import modules
from runtheory.information.certificates.confidence import Confidence
from runtheory.information.certificates.drawn_networks import bounded_cross_entropy
from runtheory.information.certificates.linear_classifiers import linear_gibbs_risks
from runtheory.information.certificates.modules import (
    ModulePlan,
    module_certificate,
    split_module_certificate,
)
from runtheory.information.certificates.pac_bayes import kl_bound
from runtheory.information.measures.divergences import kl_inverse
from runtheory.randomness import stream
from tests.information.shared import gaussian_classes, unchecked


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(48, 3),
    )


def images(count: int = 30) -> tuple[torch.Tensor, torch.Tensor]:
    draw = stream(0, "images")
    return torch.randn(count, 1, 4, 4, generator=draw), torch.randint(3, (count,), generator=draw)


def test_the_certificate_of_a_convolutional_net_against_a_loop_over_draws() -> None:
    torch.manual_seed(0)
    prior, (inputs, labels) = convolutional(), images()
    posterior = copy.deepcopy(prior)
    with torch.no_grad():
        for weight in posterior.parameters():
            weight.add_(0.01)
    plan = ModulePlan(Confidence((0.2,), draws=5, delta=0.05), chunk=3, rows=7)
    found = module_certificate(
        posterior, inputs, labels, prior=prior, generator=stream(1, "draws"), plan=plan
    )
    noise, wrong = stream(1, "draws"), 0
    still = copy.deepcopy(posterior).eval()
    for count in (3, 2):
        near = {
            name: weight + 0.2 * torch.randn(count, *weight.shape, generator=noise)
            for name, weight in posterior.named_parameters()
        }
        for one in range(count):
            scores = functional_call(still, {k: v[one] for k, v in near.items()}, (inputs,))
            wrong += int((scores.argmax(1) != labels).sum())
    assert found.train_error == pytest.approx(wrong / 150, abs=1e-12)
    weights = sum(weight.numel() for weight in posterior.parameters())
    assert found.divergence == pytest.approx(weights * 1e-4 / (2 * 0.2**2), rel=1e-4)
    raised = float(kl_inverse(found.train_error, math.log(1 / 0.01) / 5))
    assert found.train_error_bound == pytest.approx(raised)
    assert found.bound == float(kl_bound(raised, found.divergence, samples=30, delta=0.04))
    assert posterior.training  # each module keeps its own mode


def test_a_linear_module_has_the_exact_risk_of_its_posterior() -> None:
    inputs, signs = gaussian_classes(np.random.default_rng(3), 50, dimension=4)
    weights, deviation, draws = torch.tensor([0.8, 0.2, -0.1, 0.0]).double(), 0.5, 4000
    net = nn.Linear(4, 2, bias=False).double()
    with torch.no_grad():
        net.weight.copy_(torch.stack([torch.zeros(4).double(), weights]))
    plan = ModulePlan(Confidence((deviation,), draws=draws), chunk=500)
    labels = torch.tensor((signs > 0).astype(np.uint8))
    found = unchecked(module_certificate)(
        net, inputs, labels, prior=net, generator=stream(3, "risk"), plan=plan
    )
    exact = float(
        linear_gibbs_risks(weights.numpy() / (math.sqrt(2) * deviation), inputs, signs)[0]
    )
    assert found.train_error == pytest.approx(exact, abs=5 * 0.5 / math.sqrt(draws))
    assert found.divergence == 0


def test_a_prior_trained_on_one_half_gives_a_certificate_that_covers_the_rest() -> None:
    draw = stream(5, "split")
    inputs = torch.randn(1000, 5, generator=draw)
    labels = (inputs[:, 0] + inputs[:, 1] > 0).long()
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))
    before = copy.deepcopy(net.state_dict())
    seen = []

    def fit(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
        seen.append(x)
        optimiser = torch.optim.Adam(module.parameters(), lr=0.05)
        for _ in range(60):
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(x), y).backward()
            optimiser.step()

    plan = ModulePlan(Confidence((0.01, 0.05), draws=60))
    asked: dict[str, Any] = {"fit": fit, "plan": plan}
    found = split_module_certificate(
        net, inputs[:800], labels[:800], generator=stream(6, "halves"), **asked
    )
    assert found.certificate.samples == 400
    assert found.certificate.divergence == 0
    assert torch.equal(seen[0], inputs[found.prior_examples])
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    error = float((found.posterior(inputs[800:]).argmax(1) != labels[800:]).double().mean())
    assert error < found.certificate.bound < 0.25
    again = split_module_certificate(
        net,
        inputs[:800],
        labels[:800],
        generator=stream(6, "halves"),
        refine=lambda *part: fit(*part),
        **asked,
    )
    assert again.certificate.divergence > 0
    assert torch.equal(again.prior_examples, found.prior_examples)
    assert not set(map(tuple, seen[1].tolist())) & set(map(tuple, seen[2].tolist()))


def test_a_bounded_cross_entropy_is_certified_and_an_unbounded_loss_is_not() -> None:
    torch.manual_seed(0)
    net, (inputs, labels) = convolutional(), images()
    asked: dict[str, Any] = {"prior": net, "generator": stream(1, "draws")}
    confidence = Confidence((0.1,), draws=4)
    plan = ModulePlan(confidence, loss=bounded_cross_entropy)
    found = module_certificate(net, inputs, labels, plan=plan, **asked)
    assert 0 < found.train_error < found.train_error_bound < found.bound

    def unbounded(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return 2 * (scores.argmax(-1) != labels).double()

    with pytest.raises(ValueError, match="loss must lie in"):
        module_certificate(net, inputs, labels, plan=ModulePlan(confidence, unbounded), **asked)


def test_frozen_weights_and_buffers_are_no_part_of_the_divergence_and_must_agree() -> None:
    torch.manual_seed(0)
    prior, (inputs, labels) = convolutional(), images()
    prior[0].requires_grad_(False)
    posterior = copy.deepcopy(prior)
    plan = ModulePlan(Confidence((0.1,), draws=2))
    asked: dict[str, Any] = {"generator": stream(1, "draws"), "plan": plan}
    with torch.no_grad():
        posterior[5].weight += 0.1
    found = module_certificate(posterior, inputs, labels, prior=prior, **asked)
    assert found.divergence == pytest.approx(48 * 3 * 0.01 / (2 * 0.01), rel=1e-4)
    with torch.no_grad():
        posterior[0].weight += 0.1
    with pytest.raises(ValueError, match=r"0\.weight is not drawn and must be the same"):
        module_certificate(posterior, inputs, labels, prior=prior, **asked)
    moved = copy.deepcopy(prior)
    moved(inputs)  # in training mode, so that running statistics follow the examples
    with pytest.raises(ValueError, match=r"1\.running_mean is not drawn"):
        module_certificate(moved, inputs, labels, prior=prior, **asked)
    still = copy.deepcopy(prior).requires_grad_(False)
    with pytest.raises(ValueError, match="at least one"):
        module_certificate(still, inputs, labels, prior=still, **asked)


def test_no_module_certificate_for_data_that_do_not_belong_together() -> None:
    torch.manual_seed(0)
    net, (inputs, labels) = convolutional(), images()
    broken = copy.deepcopy(net)
    with torch.no_grad():
        broken[5].bias[0] = math.nan
    certify = unchecked(module_certificate)
    asked: dict[str, Any] = {
        "prior": net,
        "generator": stream(1, "draws"),
        "plan": ModulePlan(Confidence((0.1,), draws=2)),
    }
    for values, text in [
        ((net, inputs * math.nan, labels), "inputs must be finite"),
        ((net, inputs, labels[:1]), "labels must have example = 30 as inputs has"),
        ((net, inputs, labels.float()), "labels must hold integers"),
        ((net, inputs, labels + 3), "labels must lie in 0 to 2"),
        ((net, inputs[:0], labels[:0]), "at least one row"),
        ((broken, inputs, labels), "5.bias must be finite"),
        ((net[:5], inputs, labels), "same weights to draw"),
        ((nn.Flatten(0), inputs, labels), r"must return scores \(example, class\), got \(16,\)"),
    ]:
        with pytest.raises((ValueError, TypeError), match=text):
            certify(*values, **asked)
    with pytest.raises(ValueError, match="at least two examples, got 1"):
        split_module_certificate(net, inputs[:1], labels[:1], fit=print, generator=stream(0, "s"))
    with pytest.raises(ValueError, match="chunk must be at least 1"):
        ModulePlan(chunk=0)
    with pytest.raises(ValueError, match="rows must be at least 1"):
        ModulePlan(rows=-1)
    assert modules.ModulePlan().loss(torch.tensor([[0.0, 1.0]]), torch.tensor([1])) == 0


class Noisy(nn.Module):
    """Scores under dropout that evaluation mode does not turn off."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(16, 3)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.head(nn.functional.dropout(rows.flatten(1), 0.5))


def test_scores_that_depend_on_other_examples_or_on_chance_are_not_certified() -> None:
    torch.manual_seed(0)
    loose = nn.BatchNorm2d(3, track_running_stats=False)
    together = nn.Sequential(nn.Conv2d(1, 3, 3), loose, nn.Flatten(), nn.Linear(12, 3))
    for net, text in [
        (together, "must score each example by itself, got other scores among 8 examples"),
        (Noisy(), r"under torch\.func\.vmap too: vmap: called random operation"),
        (nn.Sequential(nn.Flatten(), nn.Linear(16, 3), nn.RReLU()), "vmap: we do not yet support"),
    ]:
        with pytest.raises(ValueError, match=text):
            module_certificate(net, *images(), prior=net, generator=stream(1, "draws"))
