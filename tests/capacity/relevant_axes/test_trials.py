"""Training with learnt and fixed priors: one step by hand, refreshes, replicates apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory.capacity.relevant_axes import linear, networks, trials
from runtheory.randomness import stream

ARMS = [(3, 0.0), (2, 0.5)]
OPTIONS = trials.Options(hidden=4, noise=0.2, held_out=40)


def examples(count: int = 100) -> torch.Tensor:
    """Two replicates of two factors among four features."""
    variances = torch.tensor([2.0, 1.0])
    return linear.factor_data(
        variances, features=4, noise=0.1, shape=(2, count), generator=stream(0, "trials")
    )


def begun() -> tuple[networks.Autoencoder, trials.Task]:
    return trials.prepared(examples(), arms=ARMS, options=OPTIONS, generator=stream(1, "start"))


def test_arms_stand_after_one_another_with_their_axes_and_priors() -> None:
    start, task = begun()
    assert start.open.sum(1).tolist() == [3, 3, 2, 2]
    assert task.learnt.tolist() == [True, True, False, False]
    assert task.prior[:, 0].tolist() == [1, 1, 0.5, 0.5]
    assert task.training.shape == (4, 60, 4)
    torch.testing.assert_close(task.held_out[2:], task.held_out[:2])
    same, _ = trials.prepared(
        examples(), arms=[(3, 0.0), (3, 1.0)], options=OPTIONS, generator=stream(1, "start")
    )
    for part in same.trained:
        assert torch.equal(part[:2], part[2:])


def test_a_refresh_is_the_mean_square_of_the_codes_and_only_where_learnt() -> None:
    start, task = begun()
    many = replace(task, held_out=task.held_out.repeat(1, 200, 1))
    found = trials.refreshed(start, many, prior=task.prior, generator=stream(2, "refresh"))
    means, variances = networks.encoded(start, task.held_out)
    expected = (means.square() + variances).mean(1)
    torch.testing.assert_close(found[:2], expected[:2], rtol=0.1, atol=0)
    assert torch.equal(found[2:], task.prior[2:])
    alone = means.square().mean(1)
    assert not torch.allclose(found[:2], alone[:2], rtol=0.1, atol=0)


def test_the_first_step_of_adam_goes_by_the_sign_of_the_gradient() -> None:
    start, task = begun()
    moved = trials.trained(start, task, rate=0.01, at=[1], generator=stream(3, "step"))[1]
    generator = stream(3, "step")
    prior = trials.refreshed(start, task, prior=task.prior, generator=generator)
    assert torch.equal(moved.prior, prior)
    live = [part.clone().requires_grad_() for part in start.trained]
    picked = torch.randint(60, (4, trials.BATCH), generator=generator)
    inputs = task.training[torch.arange(4)[:, None], picked]
    normal = torch.randn((4, trials.BATCH, 3), generator=generator)
    loss = networks.negative_bound(
        start.replaced(live), inputs, normal=normal, prior=prior, noise=0.2
    )
    for before, after, slope in zip(
        start.trained, moved.net.trained, torch.autograd.grad(loss.sum(), live), strict=True
    ):
        clear = slope.abs() > 1e-5
        expected = (before - 0.01 * slope.sign())[clear]
        torch.testing.assert_close(after[clear], expected, rtol=0, atol=1e-4)


def test_training_raises_the_bound_and_finds_the_factors() -> None:
    whole = examples(400)
    found = trials.compared(
        (whole[:, :240], whole[:, 240:320], whole[:, 320:]),
        [(4, 0.0), (4, 1.0)],
        options=OPTIONS,
        rates=(0.02,),
        at=[1, 500],
        generator=stream(4, "compared"),
    )
    for arm in ((4, 0.0), (4, 1.0)):
        first, last = found[arm, 0.02, 1], found[arm, 0.02, 500]
        assert bool((last.loss < first.loss).all())
        assert last.active.tolist() == [2, 2]
        assert last.relevances.shape == (2, 4)


def test_the_best_setting_is_that_of_the_least_mean() -> None:
    def scored(*values: float) -> trials.Score:
        blank = torch.zeros(2, 1).double()
        row = torch.tensor(values).double()
        return trials.Score(row, blank, blank, chosen_by=row)

    one, two = (2, 0.0), (2, 1.0)
    found = {
        (one, 0.1, 5): scored(1, 4),
        (one, 0.2, 5): scored(2, 2),
        (two, 0.1, 5): scored(0, 1),
        (two, 0.1, 9): scored(-9, -9),
    }
    assert trials.best_setting(found, [one], step=5) == (one, 0.2)
    assert trials.best_setting(found, [one, two], step=5) == (two, 0.1)
    with pytest.raises(ValueError, match="nothing was measured"):
        trials.best_setting(found, [one], step=9)


def test_wrong_arguments_are_named() -> None:
    start, task = begun()
    for call, text in [
        (
            lambda: trials.trained(start, task, rate=0.0, at=[1], generator=stream(0, "x")),
            "rate",
        ),
        (lambda: trials.trained(start, task, rate=0.1, at=[], generator=stream(0, "x")), "steps"),
        (
            lambda: trials.prepared(
                examples(40), arms=ARMS, options=OPTIONS, generator=stream(0, "x")
            ),
            "held_out",
        ),
        (
            lambda: trials.prepared(
                examples(), arms=[(2, -1.0)], options=OPTIONS, generator=stream(0, "x")
            ),
            "variances",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
