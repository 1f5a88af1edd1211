"""Networks with codes: against loops, swaps, by-passes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.capacity.discrete_codes import network
from runtheory.capacity.discrete_codes.network import ByPass
from runtheory.randomness import stream


def drawn(
    seed: int = 0, *, codes: int = 5, used: int = 1, by_pass: ByPass = ByPass.NONE
) -> tuple[network.CodedNetwork, torch.Tensor]:
    generator = stream(seed, "networks")
    net = network.draw_network(4, hidden=6, width=3, symbols=2, replicates=2, generator=generator)
    # Offsets that are not zero: no row of features is zero, which has no direction.
    layers = [part + 0.3 * torch.randn(part.shape, generator=generator) for part in net.layers]
    net = replace(net, layers=tuple(layers))
    book = torch.randn((2, codes, 3), generator=generator)
    net = network.with_codes(net, book, used=used, by_pass=by_pass)
    moved = torch.randn(net.around.shape, generator=generator)
    return replace(net, around=moved), torch.randn((2, 7, 4), generator=generator)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), used=st.integers(1, 5), by_pass=st.sampled_from(list(ByPass)))
def test_logits_are_those_of_a_loop(seed, used, by_pass) -> None:
    net, inputs = drawn(seed, used=used, by_pass=by_pass)
    found = network.logits(net, inputs)
    layers = [part.double() for part in net.layers]
    for place in range(2):
        weights = [part[place] for part in layers]
        for row, logits in zip(inputs[place].double(), found[place], strict=True):
            units = (row @ weights[0] + weights[1][0]).clamp_min(0)
            features = units @ weights[2] + weights[3][0]
            likeness = [
                float(features @ code / (features.norm() * code.norm()))
                for code in net.book[place].double()
            ]
            best = sorted(range(5), key=lambda code: -likeness[code])[:used]
            seen = sum(net.book[place, code].double() for code in best) / used
            answer = (seen @ weights[4] + weights[5][0]).clamp_min(0) @ weights[6] + weights[7][0]
            if by_pass is ByPass.INPUT:
                answer = answer + row @ net.around[place].double()
            if by_pass is ByPass.FEATURES:
                answer = answer + features @ net.around[place].double()
            torch.testing.assert_close(logits.double(), answer, rtol=1e-4, atol=1e-4)


@given(seed=st.integers(0, 10**6), used=st.integers(1, 3))
def test_swapped_codes_give_the_other_answer(seed, used) -> None:
    net, inputs = drawn(seed, used=used)
    net, inputs = net.replaced(tuple(part.double() for part in net.trained)), inputs.double()
    codes = network.choose_codes(net, network.features_of(net, inputs))
    order = torch.arange(6, -1, -1)
    swapped = network.logits(net, inputs, codes=codes[:, order])
    torch.testing.assert_close(
        swapped, network.logits(net, inputs)[:, order], rtol=1e-12, atol=1e-12
    )


def test_of_equal_codes_the_first_is_taken() -> None:
    net, inputs = drawn(2)
    every = network.features_of(net, inputs)
    chosen = network.choose_codes(net, every)
    twice = network.with_codes(net, torch.cat([net.book, net.book], 1))
    assert torch.equal(network.choose_codes(twice, every), chosen)


def test_with_a_by_pass_what_is_left_is_the_difference_of_the_by_passes() -> None:
    for by_pass in (ByPass.INPUT, ByPass.FEATURES):
        net, inputs = drawn(1, by_pass=by_pass)
        codes = network.choose_codes(net, network.features_of(net, inputs))
        order = torch.arange(6, -1, -1)
        swapped = network.logits(net, inputs, codes=codes[:, order])
        wanted = network.logits(net, inputs)[:, order]
        around = network.by_passed(net, inputs)
        torch.testing.assert_close(swapped - wanted, around - around[:, order])


def test_no_by_pass_adds_nothing_and_a_new_one_is_zero() -> None:
    net, inputs = drawn(2)
    assert not network.by_passed(net, inputs).any()
    opened = network.with_codes(net, net.book, by_pass=ByPass.INPUT)
    assert not network.by_passed(opened, inputs).any()
    assert torch.equal(network.logits(opened, inputs), network.logits(net, inputs))


def test_without_codes_the_features_go_on_as_they_are() -> None:
    generator = stream(0, "plain")
    net = network.draw_network(4, hidden=6, width=3, symbols=2, replicates=2, generator=generator)
    inputs = torch.randn((2, 7, 4), generator=generator)
    features = network.features_of(net, inputs)
    units = torch.baddbmm(net.layers[5], features, net.layers[4]).relu()
    torch.testing.assert_close(
        network.logits(net, inputs), torch.baddbmm(net.layers[7], units, net.layers[6])
    )
    assert not net.coded


def test_gradients_pass_straight_through() -> None:
    net, inputs = drawn(3)
    live = tuple(part.clone().requires_grad_() for part in net.trained)
    scores, features, seen, _ = network.run(net.replaced(live), inputs)
    head = tuple(part.detach() for part in live[4:8])
    leaf = seen.detach().clone().requires_grad_()
    units = torch.baddbmm(head[1], leaf, head[0]).relu()
    torch.baddbmm(head[3], units, head[2]).square().sum().backward()
    assert leaf.grad is not None
    features.retain_grad()
    scores.square().sum().backward()
    torch.testing.assert_close(features.grad, leaf.grad, rtol=1e-3, atol=1e-4)
    assert live[-2].grad is not None
    assert bool(live[-2].grad.any())


def test_wrong_arguments_are_named() -> None:
    net, inputs = drawn()
    features = network.features_of(net, inputs)
    generator = stream(0, "wrong")
    plain = network.draw_network(4, hidden=6, width=3, symbols=2, replicates=2, generator=generator)
    none = torch.zeros((2, 7, 1), dtype=torch.int64)
    for call, text in [
        (lambda: network.logits(net, inputs[:, :, :2]), "inputs"),
        (lambda: network.logits(net, inputs / 0), "finite"),
        (lambda: network.logits(net, inputs, codes=none + 5), "codes"),
        (lambda: network.logits(plain, inputs, codes=none), "codes"),
        (lambda: network.choose_codes(plain, features), "codes"),
        (lambda: network.choose_codes(net, features[..., :2]), "features"),
        (lambda: network.with_codes(plain, net.book[:1]), "book"),
        (lambda: network.with_codes(plain, net.book, used=6), "used"),
        (
            lambda: network.draw_network(
                4, hidden=0, width=3, symbols=2, replicates=2, generator=generator
            ),
            "hidden",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
