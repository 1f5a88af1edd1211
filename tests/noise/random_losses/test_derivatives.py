"""Random derivatives: their order, the loss behind them, and what they are on average."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from runtheory.noise.random_losses import derivatives
from runtheory.randomness import stream

SEEDS = st.integers(0, 10_000)
BATCHES = st.integers(2, 40)


def drawn(seed: int, batch: int, *, spread: float = 1.5) -> tuple[torch.Tensor, torch.Tensor]:
    """Margins and the derivatives assigned to them, in float64."""
    generator = stream(seed, "derivatives")
    margins = spread * torch.randn(batch, generator=generator, dtype=torch.float64)
    plan = derivatives.draw_derivatives((), batch, generator=generator)
    return margins, derivatives.assigned(plan, margins)


@given(seed=SEEDS, batch=BATCHES)
def test_a_convex_falling_loss_has_the_drawn_derivatives(seed, batch) -> None:
    margins, slopes = drawn(seed, batch)
    margins.requires_grad_(True)
    at = margins.detach().clone().requires_grad_(True)
    (found,) = torch.autograd.grad(derivatives.loss_through(margins.detach(), slopes, at).sum(), at)
    torch.testing.assert_close(found, slopes)
    grid = torch.linspace(-6, 8, 400, dtype=torch.float64)
    loss = derivatives.loss_through(margins.detach(), slopes, grid)
    assert bool((loss.diff() < 0).all())
    assert float(loss.diff().diff().min()) > -1e-9
    beyond = derivatives.loss_through(margins.detach(), slopes, margins.detach().max()[None] + 50)
    last = derivatives.loss_through(margins.detach(), slopes, margins.detach().max()[None])
    torch.testing.assert_close(beyond, last + slopes.max())


def test_far_below_the_least_margin_the_loss_is_a_line() -> None:
    margins, slopes = torch.tensor([0.0, 1.0]), torch.tensor([-1.0, -0.5])
    at = torch.tensor([-1000.0], requires_grad=True)
    (found,) = torch.autograd.grad(derivatives.loss_through(margins, slopes, at), at)
    assert float(found) == -1.0


def test_another_order_belongs_to_no_convex_loss() -> None:
    margins, slopes = drawn(0, 8)
    grid = torch.linspace(-6, 8, 400, dtype=torch.float64)
    wrong = derivatives.loss_through(margins, slopes.flip(0), grid)
    assert float(wrong.diff().diff().min()) < -1e-4


def test_assigned_in_a_loop() -> None:
    generator = stream(1, "loop")
    margins = 2 * torch.randn(3, 7, generator=generator)
    plan = derivatives.draw_derivatives((3,), 7, generator=generator)
    found = derivatives.assigned(plan, margins)
    for row in range(3):
        order = sorted(range(7), key=lambda i: float(margins[row, i]))
        for rank, example in enumerate(order):
            size = float(plan[row, rank])
            expected = size / max(float(margins[row, example]), 1.0)
            assert float(found[row, example]) == pytest.approx(expected)


def test_drawn_derivatives_are_cut_exponentials() -> None:
    plan = -derivatives.draw_derivatives((4000,), 3, generator=stream(2, "law"))
    assert bool((plan.diff(dim=-1) <= 0).all())
    assert float(plan.max()) == 1.0
    below = plan[plan < 1].double().numpy()
    law = stats.lognorm(s=1)
    assert stats.kstest(below, lambda x: law.cdf(x) / 0.5).pvalue > 0.01
    share = float((plan == 1).double().mean())
    assert abs(share - 0.5) < 4 * math.sqrt(0.25 / plan.numel())


def test_the_gradient_is_the_derivatives() -> None:
    margins = torch.tensor([0.3, -2.0, 4.0], requires_grad=True)
    derivatives.random_loss(margins, generator=stream(3, "g")).sum().backward()
    plan = derivatives.draw_derivatives((), 3, generator=stream(3, "g"))
    torch.testing.assert_close(margins.grad, derivatives.assigned(plan, margins.detach()))
    margins.grad = None
    derivatives.rank_loss(margins).sum().backward()
    weights = torch.as_tensor(derivatives.rank_weights(3)).float()
    torch.testing.assert_close(margins.grad, -weights[[1, 0, 2]] / torch.tensor([1, 1, 4.0]))


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_rank_weights_by_the_density_of_order_statistics(batch: int) -> None:
    for rank in range(1, batch + 1):
        k = batch + 1 - rank  # the k-th smallest normal variate
        ways = batch * math.comb(batch - 1, k - 1)

        def integrand(z: float, k: int = k, ways: int = ways) -> float:
            below = stats.norm.cdf(z)
            density = ways * below ** (k - 1) * (1 - below) ** (batch - k) * stats.norm.pdf(z)
            return min(math.exp(z), 1.0) * density

        expected = integrate.quad(integrand, -12, 0)[0] + integrate.quad(integrand, 0, 12)[0]
        assert derivatives.rank_weights(batch)[rank - 1] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("batch", [1, 4, 300])
def test_rank_weights_fall_and_have_the_mean_of_a_draw(batch: int) -> None:
    weights = derivatives.rank_weights(batch)
    # Of 300 the first differ from one by less than float64 can hold.
    falls = np.diff(weights) < 0 if batch < 10 else np.diff(weights) < 1e-15
    assert falls.all()
    assert 0 < weights.min() <= weights.max() < 1 + 1e-15
    assert weights.mean() == pytest.approx(derivatives.mean_size(), rel=1e-12)


def test_mean_sizes() -> None:
    for power in (0, 1, 2):
        found = integrate.quad(
            lambda z, k=power: min(math.exp(k * z), 1) * stats.norm.pdf(z), -12, 12, points=[0]
        )[0]
        assert derivatives.mean_size(power) == pytest.approx(found, rel=1e-9)


@given(seed=SEEDS, batch=BATCHES)
def test_the_expected_loss_is_a_maximum_over_orders(seed, batch) -> None:
    margins, _ = drawn(seed, batch)
    weights = torch.as_tensor(derivatives.rank_weights(batch))
    value = -(weights * margins.sort().values).mean()
    for number in range(5):
        order = torch.randperm(batch, generator=stream(number, "orders"))
        assert float(-(weights[order] * margins).mean()) <= float(value) + 1e-12
    size = derivatives.mean_size()
    assert -size * float(margins.mean()) <= float(value) + 1e-12
    assert float(value) <= -size * float(margins.min()) + 1e-12


def test_margins_of_both_labels() -> None:
    logits = torch.tensor([[0.0, 3.0], [1.0, -1.0], [1.0, -1.0]])
    assert derivatives.margins(logits, torch.tensor([1, 1, 0])).tolist() == [3.0, -2.0, 2.0]


def test_wrong_arguments_are_named() -> None:
    generator, three = stream(0, "wrong"), torch.zeros(3)
    for call, text in [
        (lambda: derivatives.margins(torch.zeros(2, 2), torch.tensor([0, 2])), "labels"),
        (lambda: derivatives.draw_derivatives((), 0, generator=generator), "batch"),
        (lambda: derivatives.assigned(torch.tensor([-0.1, -0.2, -0.3]), three), "ascend"),
        (lambda: derivatives.assigned(torch.tensor([-0.1, 0.0, 0.3]), three), "positive"),
        (lambda: derivatives.rank_weights(0), "batch"),
        (lambda: derivatives.mean_size(-1), "power"),
        (lambda: derivatives.loss_through(three, three, three), "differ"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
