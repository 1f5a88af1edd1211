"""Experts and their router: a loop over inputs, the dense case, and routers' closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.noise.random_experts import mixture, subsets
from runtheory.randomness import stream


def layer(seed: int = 0, *, gated: bool = False) -> tuple[mixture.Experts, torch.Tensor]:
    """Two replicates of four experts of three units, and five inputs for each."""
    generator = stream(seed, "mixture")
    net = mixture.draw_experts(
        6, experts=4, width=3, classes=2, replicates=2, generator=generator, gated=gated
    )
    parts = [part + 0.1 * torch.randn(part.shape, generator=generator) for part in net.trained]
    return net.replaced(parts), torch.randn((2, 5, 6), generator=generator)


def by_loop(net: mixture.Experts, inputs: torch.Tensor, used: int) -> torch.Tensor:
    """The equation, one input and one expert at a time, in float64."""
    rows = []
    for r, n in torch.cartesian_prod(*map(torch.arange, inputs.shape[:2])).tolist():
        x = inputs[r, n].double()
        scores = [float(net.router[r, :, e].double() @ x) for e in range(net.experts)]
        best = sorted(range(net.experts), key=lambda e: -scores[e])[:used]
        total = net.out_biases[r, 0].double()
        sizes = [math.exp(scores[e]) for e in best]
        for e, size in zip(best, sizes, strict=True):
            units = slice(3 * e, 3 * e + 3)
            hidden = x @ net.weights[r, :, units].double() + net.biases[r, 0, units].double()
            output = hidden.clamp(min=0) @ net.out_weights[r, units].double()
            total = total + output * (size / sum(sizes) if net.gated else 1 / used)
        rows.append(total)
    return torch.stack(rows).reshape(2, 5, 2).float()


@given(seed=st.integers(0, 100), used=st.integers(1, 4), gated=st.booleans())
def test_logits_are_those_of_a_loop(seed, used, gated) -> None:
    net, inputs = layer(seed, gated=gated)
    found = mixture.logits(net, inputs, used=used)
    torch.testing.assert_close(found, by_loop(net, inputs, used), rtol=1e-4, atol=1e-4)


def test_logits_are_the_mean_output_of_the_chosen() -> None:
    net, inputs = layer()
    outputs = mixture.expert_outputs(net, inputs)
    sets = mixture.chosen(net.router, inputs, used=3)
    assert bool((sets.sum(2) == 3).all())
    mean = (outputs * sets[..., None]).sum(2) / 3 + net.out_biases
    torch.testing.assert_close(mixture.logits(net, inputs, used=3), mean)


def test_with_all_experts_the_router_does_not_matter() -> None:
    net, inputs = layer()
    router = mixture.draw_router(6, experts=4, replicates=2, generator=stream(1, "other"))
    other = replace(net, router=router)
    first, second = (mixture.logits(one, inputs, used=4) for one in (net, other))
    torch.testing.assert_close(first, second)
    assert not torch.allclose(
        mixture.logits(net, inputs, used=2), mixture.logits(other, inputs, used=2)
    )


def test_rows_of_a_router_are_unit_vectors() -> None:
    router = mixture.draw_router(6, experts=4, replicates=3, generator=stream(2, "router"))
    torch.testing.assert_close(router.norm(dim=1), torch.ones(3, 4))


def test_over_routers_a_set_is_uniform_and_its_mean_has_the_variance_of_the_theorem() -> None:
    net, inputs = layer(3)
    outputs = mixture.expert_outputs(net, inputs)[0, :1].double()
    draws = 6000
    router = mixture.draw_router(6, experts=4, replicates=draws, generator=stream(3, "many"))
    sets = mixture.chosen(router, inputs[:1, :1].expand(draws, -1, -1), used=2)[:, 0].double()
    assert sets.mean(0).tolist() == pytest.approx([0.5] * 4, abs=4.5 * 0.5 / draws**0.5)
    apart = (sets @ outputs[0] / 2 - outputs[0].mean(0)).square().sum(1)
    error = float(apart.std()) / draws**0.5
    expected = float(subsets.subset_variance(outputs[0], used=2))
    assert abs(float(apart.mean()) - expected) < 4.5 * error
    assert abs(float(apart.mean()) - 1.5 * expected) > 4.5 * error  # with repetition


@pytest.mark.parametrize("angle", [0.4, 1.2, 2.5])
def test_two_inputs_share_one_of_two_experts_by_their_angle(angle) -> None:
    inputs = torch.zeros(1, 2, 5)
    inputs[0, 0, 0] = 1
    inputs[0, 1, :2] = 3 * torch.tensor([math.cos(angle), math.sin(angle)])
    draws, expected = 10_000, 1 - angle / math.pi
    router = mixture.draw_router(5, experts=2, replicates=draws, generator=stream(4, "two"))
    first = mixture.chosen(router, inputs.expand(draws, -1, -1), used=1)[..., 0]
    share = float((first[:, 0] == first[:, 1]).double().mean())
    assert abs(share - expected) < 4.5 * (expected * (1 - expected) / draws) ** 0.5


def test_wrong_arguments_are_named() -> None:
    net, inputs = layer()
    for call, text in [
        (lambda: mixture.logits(net, inputs, used=5), "used"),
        (lambda: mixture.logits(net, inputs[:, :, :5], used=2), "inputs"),
        (lambda: mixture.expert_outputs(net, inputs[:1]), "inputs"),
        (lambda: mixture.chosen(net.router, torch.nan * inputs, used=2), "finite"),
        (
            lambda: mixture.draw_router(0, experts=1, replicates=1, generator=stream(0, "x")),
            "features",
        ),
        (
            lambda: mixture.draw_experts(
                2, experts=1, width=0, classes=2, replicates=1, generator=stream(0, "x")
            ),
            "width",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
