"""The solved linear autoencoder: by loops, by hand, by ascent, and where nothing is relevant."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.relevant_axes import linear
from runtheory.randomness import stream


def problem(seed: int, features: int, axes: int) -> tuple[torch.Tensor, ...]:
    """A covariance, any decoder and any prior, float64."""
    generator = stream(seed, "linear")
    root = torch.randn((features, features), generator=generator).double()
    decoder = torch.randn((features, axes), generator=generator).double()
    prior = torch.rand(axes, generator=generator).double() + 0.2
    return root @ root.T, decoder, prior


def bound_by_loop(covariance, decoder, prior, noise) -> float:
    """The mean bound of the best diagonal encoder from its terms, one feature or axis at a time."""
    features, axes = decoder.shape
    weights, variances = linear.encoder(covariance, decoder, prior=prior, noise=noise)
    total = -0.5 * features * math.log(2 * math.pi * noise)
    rest = torch.eye(features).double() - decoder @ weights
    for i in range(features):
        total -= float(rest[i] @ covariance @ rest[i]) / (2 * noise)
    for a in range(axes):
        total -= float(decoder[:, a].square().sum() * variances[a]) / (2 * noise)
        square = float(weights[a] @ covariance @ weights[a] + variances[a])
        ratio = float(variances[a] / prior[a])
        total -= 0.5 * (square / float(prior[a]) - 1 - math.log(ratio))
    return total


@given(seed=st.integers(0, 200), features=st.integers(1, 5), axes=st.integers(1, 6))
def test_bound_is_that_of_its_terms_and_never_above_the_evidence(seed, features, axes) -> None:
    covariance, decoder, prior = problem(seed, features, axes)
    given_: dict[str, Any] = {"prior": prior, "noise": 0.7}
    found = float(linear.bound(covariance, decoder, **given_))
    assert found == pytest.approx(bound_by_loop(covariance, decoder, prior, 0.7), rel=1e-9)
    assert found <= float(linear.evidence(covariance, decoder, **given_)) + 1e-9


def test_evidence_is_the_mean_log_density() -> None:
    covariance, decoder, prior = problem(1, 3, 2)
    root = torch.linalg.cholesky(covariance) * math.sqrt(3)
    points = torch.cat([root.T, -root.T])  # six points of exactly this covariance
    model = decoder @ torch.diag(prior) @ decoder.T + 0.4 * torch.eye(3).double()
    density = torch.distributions.MultivariateNormal(torch.zeros(3).double(), model)
    expected = float(density.log_prob(points).mean())
    found = linear.evidence(covariance, decoder, prior=prior, noise=0.4)
    assert float(found) == pytest.approx(expected)


@given(seed=st.integers(0, 200), features=st.integers(1, 5), axes=st.integers(1, 7))
def test_no_decoder_is_above_the_best_bound_and_the_best_decoder_attains_it(
    seed, features, axes
) -> None:
    covariance, decoder, prior = problem(seed, features, axes)
    values = torch.linalg.eigvalsh(covariance)
    best = float(linear.best_bound(values, axes=axes, noise=0.7))
    given_: dict[str, Any] = {"prior": prior, "noise": 0.7}
    assert float(linear.evidence(covariance, decoder, **given_)) <= best + 1e-9
    own = linear.best_decoder(covariance, **given_)
    assert float(linear.bound(covariance, own, **given_)) == pytest.approx(best, rel=1e-9)
    relevance = own.square().sum(0) * prior
    torch.testing.assert_close(relevance, linear.relevances(values, axes=axes, noise=0.7))
    torch.testing.assert_close(linear.refreshed(covariance, own, **given_), prior)


@pytest.mark.parametrize("learnt", [False, True])
def test_ascent_ends_at_the_eigenvalues_less_the_noise(learnt) -> None:
    covariance = torch.diag(torch.tensor([3.0, 1.5, 0.4, 0.2])).double()
    decoder, prior = linear.ascended(
        covariance, axes=5, noise=0.5, learnt=learnt, generator=stream(2, "ascent")
    )
    found = (decoder.square().sum(0) * prior).sort(descending=True).values
    assert found.tolist() == pytest.approx([2.5, 1.0, 0, 0, 0], abs=1e-5)
    assert bool((prior == 1).all()) is not learnt


def test_the_numbers_that_the_page_works_by_hand() -> None:
    covariance, given_ = torch.diag(torch.tensor([3.0, 0.5])), {"prior": torch.ones(2)}
    decoder = linear.best_decoder(covariance, noise=1.0, **given_)
    assert decoder.square().sum(0).tolist() == pytest.approx([2, 0])
    weights, variances = linear.encoder(covariance, decoder, noise=1.0, **given_)
    assert variances.tolist() == pytest.approx([1 / 3, 1])
    assert abs(float(weights[0, 0])) == pytest.approx(math.sqrt(2) / 3)
    means = linear.refreshed(covariance, decoder, noise=1.0, means_only=True, **given_)
    assert means.tolist() == pytest.approx([2 / 3, 0])
    none = linear.best_bound(torch.tensor([0.0, 0.0]), axes=1, noise=1.0) - 0.5 * 3.5
    gain = linear.best_bound(torch.tensor([3.0, 0.5]), axes=1, noise=1.0) - none
    assert float(gain) == pytest.approx(0.5 * (2 - math.log(3)))
    half = torch.tensor([[0.0], [math.sqrt(0.5)]])
    lost = linear.bound(covariance, half, prior=torch.ones(1), noise=1.0) - none
    assert float(lost) == pytest.approx(0.5 * (0.5 - 0.5 / 1.5 - math.log(1.5)))


def test_nothing_is_relevant_below_the_noise_and_equal_eigenvalues_do_no_harm() -> None:
    assert linear.relevances(torch.tensor([0.1, 0.25]), axes=3, noise=0.25).tolist() == [0, 0, 0]
    given_: dict[str, Any] = {"prior": torch.ones(2).double(), "noise": 0.5}
    covariance = torch.eye(4).double()
    decoder = linear.best_decoder(covariance, **given_)
    best = linear.best_bound(torch.ones(4), axes=2, noise=0.5)
    assert float(linear.bound(covariance, decoder, **given_)) == pytest.approx(float(best))
    nothing = torch.zeros(3, 3)
    assert float(linear.best_decoder(nothing, **given_).abs().max()) == 0


def test_factor_data_have_their_covariance() -> None:
    variances = torch.tensor([4.0, 1.0]).double()
    drawn = linear.factor_data(
        variances, features=5, noise=0.25, shape=(2, 40_000), generator=stream(3, "data")
    )
    values = torch.linalg.eigvalsh(drawn.mT @ drawn / 40_000)
    expected = torch.tensor([0.25, 0.25, 0.25, 1.25, 4.25]).double()
    torch.testing.assert_close(values, expected.expand(2, -1), rtol=0.05, atol=0)


def test_wrong_arguments_are_named() -> None:
    covariance, decoder, prior = problem(0, 3, 2)
    given_: dict[str, Any] = {"prior": prior, "noise": 0.5}
    for call, text in [
        (lambda: linear.relevances(torch.ones(2), axes=0, noise=1.0), "axes"),
        (lambda: linear.relevances(torch.ones(2), axes=1, noise=0.0), "noise"),
        (lambda: linear.bound(covariance, decoder[:, :1], **given_), "axis|decoder"),
        (lambda: linear.best_decoder(covariance.triu(), **given_), "symmetric"),
        (lambda: linear.best_decoder(covariance, prior=0 * prior, noise=0.5), "prior"),
        (
            lambda: linear.factor_data(
                prior, features=1, noise=0.1, shape=(1, 2), generator=stream(0, "x")
            ),
            "features",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
