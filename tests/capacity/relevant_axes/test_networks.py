"""Autoencoders: a loop over examples, exact derivatives, stretched codes, closed axes."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.relevant_axes import linear, networks
from runtheory.randomness import stream


def problem(seed: int = 0, hidden: int = 4) -> tuple[networks.Autoencoder, dict, torch.Tensor]:
    """Two replicates of three and of two axes in float64, with draws and a prior."""
    generator = stream(seed, "networks")
    net = networks.draw_autoencoder(5, hidden=hidden, axes=[3, 2], generator=generator)
    parts = [
        (part + 0.1 * torch.randn(part.shape, generator=generator)).double() for part in net.trained
    ]
    inputs = torch.randn((2, 6, 5), generator=generator).double()
    draws = {
        "normal": torch.randn((2, 6, 3), generator=generator).double(),
        "prior": torch.rand((2, 3), generator=generator).double() + 0.3,
    }
    return net.replaced(parts), draws, inputs


def affine(layers, row: int, vector: torch.Tensor) -> torch.Tensor:
    for index in range(0, len(layers), 2):
        vector = vector.tanh() if index else vector
        vector = vector @ layers[index][row] + layers[index + 1][row, 0]
    return vector


def loss_by_loop(net, inputs, draws, noise) -> list[float]:
    """The equation, one example and one open axis at a time."""
    losses = []
    for r in range(2):
        axes, total = int(net.open[r].sum()), 0.0
        for n in range(inputs.shape[1]):
            sides = affine(net.encoder, r, inputs[r, n])
            code = torch.zeros(3).double()
            for a in range(axes):
                mean, variance = float(sides[a]), math.exp(float(sides[3 + a]))
                spread = float(draws["prior"][r, a])
                code[a] = mean + math.sqrt(variance) * float(draws["normal"][r, n, a])
                total += (mean**2 + variance) / spread / 2 - 0.5
                total -= math.log(variance / spread) / 2
            missed = inputs[r, n] - affine(net.decoder, r, code)
            total += float(missed.square().sum()) / (2 * noise)
            total += 2.5 * math.log(2 * math.pi * noise)
        losses.append(total / inputs.shape[1])
    return losses


@given(seed=st.integers(0, 100), hidden=st.sampled_from([0, 4]))
def test_the_negative_bound_is_that_of_a_loop(seed, hidden) -> None:
    net, draws, inputs = problem(seed, hidden)
    found = networks.negative_bound(net, inputs, noise=0.3, **draws)
    assert found.tolist() == pytest.approx(loss_by_loop(net, inputs, draws, 0.3), rel=1e-9)


@given(seed=st.integers(0, 100), hidden=st.sampled_from([0, 4]))
def test_stretched_codes_change_nothing_if_the_prior_follows(seed, hidden) -> None:
    net, draws, inputs = problem(seed, hidden)
    factors = torch.tensor([[0.5, 2.0, 3.0], [1.5, 0.7, 1.0]]).double()
    before = networks.negative_bound(net, inputs, noise=0.3, **draws)
    after = {
        power: networks.negative_bound(
            networks.scaled(net, factors),
            inputs,
            noise=0.3,
            normal=draws["normal"],
            prior=draws["prior"] * factors**power,
        )
        for power in (1, 2)
    }
    torch.testing.assert_close(after[2], before)
    assert not torch.allclose(after[1], before)


def test_sensitivities_are_those_of_exact_derivatives() -> None:
    net, draws, _ = problem(3)
    codes = draws["normal"]
    jacobian = torch.autograd.functional.jacobian
    expected = []
    for r in range(2):
        each = [
            jacobian(lambda code, r=r: affine(net.decoder, r, code * net.open[r]), code)
            for code in codes[r]
        ]
        expected.append(torch.stack(each).abs().mean(0).square().sum(0))
    found = networks.sensitivities(net, codes)
    torch.testing.assert_close(found, torch.stack(expected))
    assert float(found[1, 2]) == 0


def test_an_affine_decoder_is_as_sensitive_as_its_columns_are_long() -> None:
    net, draws, _ = problem(4, hidden=0)
    found = networks.sensitivities(net, draws["normal"])
    torch.testing.assert_close(found, net.decoder[0].square().sum(2) * net.open)


def test_at_the_solved_optimum_the_mean_bound_is_the_solved_one() -> None:
    covariance, prior = torch.diag(torch.tensor([3.0, 1.0, 0.2])).double(), torch.ones(2)
    given_: dict[str, Any] = {"prior": prior, "noise": 0.5}
    decoder = linear.best_decoder(covariance, **given_)
    weights, variances = linear.encoder(covariance, decoder, **given_)
    zeros = torch.zeros(3, 2).double()
    encoder = (torch.cat([weights.T, zeros], 1)[None], torch.cat([0 * variances, variances.log()]))
    layers = (encoder[0], encoder[1][None, None]), (decoder.T[None], torch.zeros(1, 1, 3).double())
    net = networks.Autoencoder(*layers, torch.ones(1, 2))
    points = torch.diag(covariance.diagonal().mul(3).sqrt())
    inputs = torch.cat([points, -points])[None].repeat(1, 4, 1)  # of exactly this covariance
    signs = torch.cartesian_prod(*2 * [torch.tensor([-1.0, 1.0])]).double()
    normal = signs.repeat_interleave(6, 0)[None]  # every sign with every point: no chance is left
    found = networks.negative_bound(net, inputs, normal=normal, prior=prior[None], noise=0.5)
    best = linear.best_bound(covariance.diagonal(), axes=2, noise=0.5)
    assert -float(found) == pytest.approx(float(best))


def test_wrong_arguments_are_named() -> None:
    net, draws, inputs = problem()
    for call, text in [
        (lambda: networks.encoded(net, inputs[:1]), "inputs"),
        (lambda: networks.decoded(net, inputs), "codes"),
        (lambda: networks.negative_bound(net, inputs, noise=0.0, **draws), "noise"),
        (lambda: networks.scaled(net, 0 * draws["prior"]), "factors"),
        (
            lambda: networks.draw_autoencoder(2, hidden=1, axes=[0], generator=stream(0, "x")),
            "axes",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
