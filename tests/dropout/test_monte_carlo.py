"""Whole networks with dropout at prediction: against enumeration, and what stays as it was."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from runtheory.dropout.drop_in import MultiSampleDropout
from runtheory.dropout.monte_carlo import DROPPING, monte_carlo
from runtheory.dropout.oracle import all_masks
from runtheory.randomness import stream


def draw_parameters(net: nn.Module) -> nn.Module:
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.normal_(0, 0.5, generator=stream(0, name))
    return net


def inputs(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=stream(0, "inputs"))


def predicted(net: nn.Module, given: torch.Tensor, *, samples: int = 5, seed: int = 0, **options):
    return monte_carlo(net, given, samples=samples, generator=stream(seed, "passes"), **options)


def entropy(probabilities: torch.Tensor) -> torch.Tensor:
    return -(probabilities * probabilities.log()).sum(-1)


@pytest.mark.parametrize("drop_in", [False, True])
def test_the_limit_is_the_enumeration_of_all_masks(drop_in) -> None:
    """Means over 4,000 passes lie within five standard errors of the exact expectation."""
    head = draw_parameters(nn.Linear(4, 3))
    net = nn.Sequential(nn.Dropout(0.3), head)
    if drop_in:
        net = nn.Sequential(MultiSampleDropout(head, samples=6, rate=0.3, seed=0))
    given = inputs(3, 4)
    masks, weights = all_masks(4, rate=0.3)
    with torch.no_grad():
        each = head(given * masks[:, None] / 0.7).double().softmax(-1)  # (mask, example, class)
    mean = torch.einsum("m,mbk->bk", weights, each)
    error = (torch.einsum("m,mbk->bk", weights, (each - mean).square()) / 4000).sqrt()
    found = predicted(net, given, samples=4000)
    assert ((found.probabilities - mean).abs() < 5 * error).all()
    exact = entropy(mean) - torch.einsum("m,mb->b", weights, entropy(each))
    torch.testing.assert_close(found.mutual_information, exact, rtol=0.1, atol=1e-3)
    torch.testing.assert_close(found.entropy, entropy(found.probabilities))
    torch.testing.assert_close(
        found.entropy - found.expected_entropy, found.mutual_information, atol=1e-12, rtol=0
    )


def test_one_pass_has_no_information_about_its_mask() -> None:
    found = predicted(nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 3)), inputs(3, 4), samples=1)
    assert found.mutual_information.tolist() == [0, 0, 0]
    assert found.samples == 1


def test_batch_normalisation_modes_and_streams_stay_as_they_were() -> None:
    head = MultiSampleDropout(nn.Linear(8, 3), samples=4, rate=0.5, seed=0)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), head)
    net[1].eval()
    head(torch.ones(2, 8))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    state = torch.get_rng_state()
    found = predicted(net, inputs(6, 4))
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in net.modules()] == modes
    assert head.samples == 4
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert torch.equal(found.probabilities, predicted(net, inputs(6, 4)).probabilities)
    assert not torch.equal(found.probabilities, predicted(net, inputs(6, 4), seed=1).probabilities)
    assert not found.probabilities.requires_grad


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True)

    def forward(self, rows):
        return self.attention(rows, rows, rows, need_weights=False)[0].mean(1)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.LSTM(4, 5, num_layers=2, dropout=0.5, batch_first=True)

    def forward(self, rows):
        return self.layers(rows)[0][:, -1]


class Averaged(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2)

    def forward(self, rows):
        return self.layers(rows).mean(1)


class Paths(nn.Module):
    """Drops whole examples, by a number that nothing here knows."""

    def forward(self, rows):
        return rows * (torch.rand(len(rows), 1) < 0.5) if self.training else rows


class Functional(nn.Module):
    """Drops by a function, of which no layer tells."""

    def forward(self, rows):
        return nn.functional.dropout(rows, 0.5, self.training)


@pytest.mark.parametrize("make", [Attending, Recurrent, Averaged])
def test_dropout_inside_the_layers_of_pytorch_is_active(make) -> None:
    found = predicted(draw_parameters(make()), inputs(3, 6, 4))
    assert (found.mutual_information > 0).all()


@pytest.mark.parametrize("kind", [Paths, Functional])
def test_layers_of_ones_own_are_named(kind) -> None:
    net = nn.Sequential(kind(), nn.Linear(4, 3))
    with pytest.raises(ValueError, match=r"no layer of the network drops anything: .*also="):
        predicted(net, inputs(3, 4))
    found = predicted(net, inputs(20, 4), also=(kind,))
    assert (found.mutual_information > 0).any()


def test_layers_that_drop_nothing_do_not_count() -> None:
    assert len(DROPPING) == 4
    with pytest.raises(ValueError, match="drops anything"):
        predicted(nn.Sequential(nn.Dropout(0.0), nn.Linear(4, 3)), inputs(3, 4))


def test_parts_of_the_inputs_pass_one_after_another() -> None:
    net, seen = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 3)), []
    net.register_forward_hook(lambda module, given, logits: seen.append(len(logits)))
    found = predicted(net, inputs(7, 4), samples=2, batch_size=3)
    assert seen == [3, 3, 3, 3, 1, 1]
    assert found.probabilities.shape == (7, 3)


def test_errors_say_what_came() -> None:
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 3))
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        predicted(net, inputs(3, 4), samples=0)
    with pytest.raises(ValueError, match="inputs must be at least 1, got 0"):
        predicted(net, inputs(0, 4))
    with pytest.raises(ValueError, match="logits must be finite"):
        predicted(net, inputs(3, 4) * math.nan)
    with pytest.raises(ValueError, match=r"must return logits \(3, class\), got \(3, 2, 3\)"):
        predicted(net, inputs(3, 2, 4))
