"""The gradient that a client shares: by autograd, with PyTorch's modules, and in a loop."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call

from runtheory.dropout.masks import draw_masks
from runtheory.noise.gradient_leakage import client
from runtheory.randomness import stream


def drawn(seed: int, *, replicates: int = 2, examples: int = 3, rate: float = 0.3) -> tuple:
    """Networks, images, labels, and factors of dropout on pixels and hidden units."""
    generator = stream(seed, "client")
    net = client.draw_networks(4, hidden=5, classes=3, replicates=replicates, generator=generator)
    images = torch.rand((replicates, examples, 4), generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (replicates, examples), generator=generator)
    factors = [
        draw_masks(replicates, (examples, width), rate=rate, generator=generator) / (1 - rate)
        for width in (4, 5)
    ]
    return net, images, labels, [factor.double() for factor in factors]


@given(seed=st.integers(0, 1000), examples=st.integers(1, 4), rate=st.floats(0, 0.8))
def test_autograd_finds_the_same_gradient(seed, examples, rate) -> None:
    net, images, labels, (on_inputs, on_hidden) = drawn(seed, examples=examples, rate=rate)
    sent = client.shared_gradient(net, images, labels, on_inputs=on_inputs, on_hidden=on_hidden)
    for one in range(2):
        weight, bias, out_weight, out_bias = (part[one].requires_grad_() for part in net.parts)
        active = torch.sigmoid((images[one] * on_inputs[one]) @ weight.T + bias)
        logits = (active * on_hidden[one]) @ out_weight.T + out_bias
        loss = nn.functional.cross_entropy(logits, labels[one])
        found = torch.autograd.grad(loss, (weight, bias, out_weight, out_bias))
        for own, other in zip(found, sent.parts, strict=True):
            torch.testing.assert_close(other[one].detach(), own)


def test_modules_of_pytorch_share_the_same_gradient() -> None:
    """With nn.Dropout in its place, and the mask that it drew."""
    net, images, labels, _ = drawn(0, replicates=1, examples=1)
    torch.manual_seed(3)
    mask = nn.functional.dropout(torch.ones(1, 5).double(), 0.3)
    sent = client.shared_gradient(net, images, labels, on_hidden=mask[None])
    module = nn.Sequential(nn.Linear(4, 5), nn.Sigmoid(), nn.Dropout(0.3), nn.Linear(5, 3))
    named = dict(zip(dict(module.named_parameters()), (p[0] for p in net.parts), strict=True))
    named = {name: value.clone().requires_grad_() for name, value in named.items()}
    torch.manual_seed(3)
    logits = functional_call(module.double(), named, (images[0],))
    loss = nn.functional.cross_entropy(logits, labels[0])
    for own, other in zip(torch.autograd.grad(loss, list(named.values())), sent.parts, strict=True):
        torch.testing.assert_close(other[0], own)


def test_pulls_are_factors_of_each_examples_gradient() -> None:
    net, images, labels, (on_inputs, on_hidden) = drawn(1)
    factors = {"on_inputs": on_inputs, "on_hidden": on_hidden}
    found = client.pulls(net, images, labels, **factors)
    sent = client.shared_gradient(net, images, labels, **factors)
    for one in range(2):
        total = torch.zeros(5, 4).double()
        for k in range(3):
            total += torch.outer(found.hidden[one, k], found.seen[one, k]) / 3
        torch.testing.assert_close(sent.weight[one], total)


def test_factors_of_one_change_nothing_and_repeats_stand_side_by_side() -> None:
    net, images, labels, (on_inputs, on_hidden) = drawn(2)
    plain = client.shared_gradient(net, images, labels)
    ones = client.shared_gradient(
        net, images, labels, on_inputs=1 + 0 * on_inputs, on_hidden=1 + 0 * on_hidden
    )
    twice = plain.repeated(2)
    for part, other, doubled in zip(plain.parts, ones.parts, twice.parts, strict=True):
        torch.testing.assert_close(part, other)
        assert torch.equal(doubled[0::2], part)
        assert torch.equal(doubled[1::2], part)


def test_networks_start_as_pytorchs_do() -> None:
    net = client.draw_networks(9, hidden=400, classes=4, replicates=3, generator=stream(4, "start"))
    assert float(net.weight.abs().max()) <= 1 / 3
    assert float(net.weight.std()) == pytest.approx(1 / 3 / 3**0.5, rel=0.03)
    assert float(net.out_weight.abs().max()) <= 1 / 20
    assert net.out_bias.shape == (3, 4)


def test_the_label_is_the_one_negative_entry() -> None:
    net, images, labels, (_, on_hidden) = drawn(5, examples=1)
    sent = client.shared_gradient(net, images, labels, on_hidden=on_hidden)
    assert torch.equal(sent.out_bias.argmin(1), labels[:, 0])
    assert torch.equal((sent.out_bias < 0).sum(1), torch.ones(2, dtype=torch.long))


def test_wrong_arguments_are_named() -> None:
    net, images, labels, (_, on_hidden) = drawn(6)
    for call, text in [
        (lambda: client.pulls(net, images[:, :, :3], labels), "images"),
        (lambda: client.pulls(net, images[:1], labels[:1]), "images"),
        (lambda: client.pulls(net, images, labels + 3), "labels"),
        (lambda: client.pulls(net, images, labels, on_hidden=on_hidden[..., :4]), "on_hidden"),
        (
            lambda: client.draw_networks(
                4, hidden=0, classes=2, replicates=1, generator=stream(0, "x")
            ),
            "hidden",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
