"""The two losses against loops and each other, their gradients, and what retrieval returns."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.contrastive_bounds import losses
from runtheory.randomness import stream
from tools.notebooks import ROOT

HAND = torch.tensor([[6.0, 2.0, 1.0], [1.0, 3.0, 3.0], [1.0, 1.0, 1.0]], dtype=torch.float64).log()


def drawn(seed: int, anchors: int, *, lead: float = 1.0) -> torch.Tensor:
    normal = torch.randn((2, anchors, anchors), generator=stream(seed, "s"), dtype=torch.float64)
    return 2 * normal + lead * torch.eye(anchors)


def unit(seed: int, *shape: int) -> torch.Tensor:
    normal = torch.randn(shape, generator=stream(seed, "unit"), dtype=torch.float64)
    return torch.nn.functional.normalize(normal, dim=-1)


@given(seed=st.integers(0, 300), anchors=st.integers(2, 7), lead=st.floats(-20, 20))
def test_info_nce_is_the_softplus_of_the_other(seed, anchors, lead) -> None:
    scores = drawn(seed, anchors, lead=lead)
    free = losses.leave_one_out(scores)
    torch.testing.assert_close(losses.info_nce(scores), torch.nn.functional.softplus(free))
    torch.testing.assert_close(losses.partner_shares(scores), (-free).sigmoid())


@pytest.mark.parametrize("anchors", [2, 5])
def test_both_losses_by_loops(anchors) -> None:
    scores = drawn(3, anchors)
    for square, kept, left_out in zip(
        scores, losses.info_nce(scores), losses.leave_one_out(scores), strict=True
    ):
        for i in range(anchors):
            each = [math.exp(float(square[i, j])) for j in range(anchors)]
            partner = each[i]
            assert float(kept[i]) == pytest.approx(math.log(sum(each) / partner))
            others = sum(each[:i] + each[i + 1 :])
            assert float(left_out[i]) == pytest.approx(math.log(others / partner))


def test_gradients_of_a_row_differ_by_one_factor() -> None:
    scores = drawn(4, 6).requires_grad_()
    kept, free = (
        torch.autograd.grad(loss(scores).sum(), scores)[0]
        for loss in (losses.info_nce, losses.leave_one_out)
    )
    left = 1 - losses.partner_shares(scores).detach()
    torch.testing.assert_close(kept, left[..., None] * free)


def test_the_rescaled_gradient_weighs_anchors_by_a_mean_of_one() -> None:
    scores = drawn(5, 6).requires_grad_()
    free, found = (
        torch.autograd.grad(loss(scores).sum(), scores)[0]
        for loss in (losses.leave_one_out, losses.rescaled_info_nce)
    )
    left = 1 - losses.partner_shares(scores).detach()
    weights = left / left.mean(-1, keepdim=True)
    torch.testing.assert_close(found, weights[..., None] * free)
    # An anchor like every other: nothing is left to tell the two apart.
    alike = torch.eye(4, dtype=torch.float64).requires_grad_()
    one, two = (
        torch.autograd.grad(loss(alike).sum(), alike)[0]
        for loss in (losses.leave_one_out, losses.rescaled_info_nce)
    )
    torch.testing.assert_close(one, two)


def test_limits_of_a_low_temperature() -> None:
    cosines = torch.tensor([[0.5, 0.2, 0.1], [0.9, 0.4, 0.0], [0.3, 0.3, 0.3]]).double()
    low = 1e-4
    torch.testing.assert_close(
        low * losses.leave_one_out(cosines / low),
        torch.tensor([-0.3, 0.5, 0.0]).double(),
        rtol=0,
        atol=2e-4,
    )
    torch.testing.assert_close(
        low * losses.info_nce(cosines / low),
        torch.tensor([0.0, 0.5, 0.0]).double(),
        rtol=0,
        atol=2e-4,
    )


def test_extreme_scores_stay_finite() -> None:
    scores = 1e4 * torch.eye(3).double()
    assert losses.info_nce(scores).tolist() == [0, 0, 0]
    free = losses.leave_one_out(scores)
    torch.testing.assert_close(free, torch.full((3,), math.log(2) - 1e4).double())
    live = scores.requires_grad_()
    assert losses.rescaled_info_nce(live).isfinite().all()


def test_the_numbers_that_the_page_works_by_hand() -> None:
    scores = HAND.clone().requires_grad_()
    kept, free = losses.info_nce(scores)[0], losses.leave_one_out(scores)[0]
    assert float(free.detach().exp()) == pytest.approx(1 / 2)
    assert float(kept.detach().exp()) == pytest.approx(3 / 2)
    slopes = torch.autograd.grad(free, scores)[0][0].tolist()
    assert slopes == pytest.approx([-1, 2 / 3, 1 / 3])
    assert torch.autograd.grad(kept, scores)[0][0].tolist() == pytest.approx([-1 / 3, 2 / 9, 1 / 9])
    page = (ROOT / "chapters" / "contrastive_bounds" / "theory.md").read_text(encoding="utf-8")
    assert r"$-1, \frac23, \frac13$ and InfoNCE $-\frac13, \frac29, \frac19$" in page


def test_retrieval_by_a_loop_and_at_both_ends() -> None:
    queries, stored = unit(1, 5, 3), unit(2, 4, 3)
    found = losses.retrieved(queries, stored, sharpness=2.5)
    for query, one in zip(queries, found, strict=True):
        weights = [math.exp(2.5 * float(query @ pattern)) for pattern in stored]
        mean = sum(w * pattern for w, pattern in zip(weights, stored, strict=True))
        torch.testing.assert_close(one, mean / mean.norm())
    blunt = losses.retrieved(queries, stored, sharpness=0.0)
    torch.testing.assert_close(blunt, (stored.mean(0) / stored.mean(0).norm()).expand(5, 3))
    sharp = losses.retrieved(queries, stored, sharpness=1e6)
    torch.testing.assert_close(sharp, stored[(queries @ stored.T).argmax(1)])
    torch.testing.assert_close(losses.retrieved(stored, stored, sharpness=1e6), stored)


def test_wrong_arguments_are_named() -> None:
    vectors = unit(0, 3, 2)
    for call, text in [
        (lambda: losses.info_nce(torch.zeros(2, 3)), "square"),
        (lambda: losses.info_nce(torch.zeros(0, 0)), "anchors"),
        (lambda: losses.leave_one_out(torch.zeros(1, 1)), "anchors"),
        (lambda: losses.rescaled_info_nce(torch.zeros(1, 1)), "anchors"),
        (lambda: losses.leave_one_out(torch.full((2, 2), torch.nan)), "finite"),
        (lambda: losses.info_nce(torch.tensor([[0.0, -torch.inf], [0.0, 0.0]])), "finite"),
        (lambda: losses.retrieved(vectors, vectors, sharpness=-1.0), "sharpness"),
        (lambda: losses.retrieved(vectors, vectors[:0], sharpness=1.0), "stored"),
        (lambda: losses.retrieved(torch.nan * vectors, vectors, sharpness=1.0), "finite"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
