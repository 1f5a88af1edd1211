"""Training on counts, codes that are put to use again, and swaps of codes."""

from __future__ import annotations

import math

import pytest
import torch

from runtheory.capacity.discrete_codes import machine, network, trials
from runtheory.randomness import stream


def problem(*, codes: int = 6) -> tuple[network.CodedNetwork, machine.Machines]:
    generator = stream(0, "trials")
    machines = machine.draw_machines(4, 3, allowed=2, machines=2, generator=generator)
    net = network.draw_network(
        machines.inputs.shape[2], hidden=12, width=4, symbols=3, replicates=2, generator=generator
    )
    if codes:
        net = network.with_codes(net, torch.randn((2, codes, 4), generator=generator))
    return net, machines


def task(machines: machine.Machines) -> trials.Task:
    return trials.Task(machines.inputs, joint(machines), joint(machines))


def joint(machines: machine.Machines) -> torch.Tensor:
    return machines.law[..., None] * machines.targets


def test_the_loss_is_that_of_a_loop() -> None:
    net, machines = problem()
    found = trials.expected_loss(net, machines.inputs, joint(machines))
    scores = network.logits(net, machines.inputs).double()
    for place in range(2):
        total = 0.0
        for law, target, row in zip(
            machines.law[place], machines.targets[place], scores[place], strict=True
        ):
            normal = math.log(sum(math.exp(one) for one in row))
            total -= float(law) * sum(
                float(p) * (float(one) - normal) for p, one in zip(target, row, strict=True)
            )
        assert float(found[place]) == pytest.approx(total)


@pytest.mark.parametrize("codes", [0, 6])
def test_training_lowers_the_loss_towards_the_entropy_and_leaves_the_start_alone(codes) -> None:
    net, machines = problem(codes=codes)
    wanted = joint(machines)
    before = [part.clone() for part in net.trained]
    moved = trials.trained(
        net, task(machines), steps=150, rate=0.02, generator=stream(1, "restart")
    )
    first, last = (trials.expected_loss(one, machines.inputs, wanted) for one in (net, moved))
    least = -torch.xlogy(wanted, machines.targets).sum((1, 2))
    assert bool((last < first - 0.1).all())
    assert bool((last >= least - 1e-9).all())
    assert all(torch.equal(a, b) for a, b in zip(before, net.trained, strict=True))


def test_the_features_are_pulled_towards_their_codes() -> None:
    net, machines = problem()

    def distance(pull: float) -> float:
        moved = trials.trained(
            net,
            task(machines),
            steps=40,
            rate=0.01,
            pull=pull,
            generator=stream(1, "restart"),
        )
        _, features, seen, _ = network.run(moved, machines.inputs)
        return float((seen - features).square().mean())

    assert distance(1.0) < distance(0.0)


def test_idle_codes_are_put_on_features() -> None:
    net, machines = problem()
    far = torch.cat([net.book[:, :1], -net.book[:, :1].expand(-1, 5, -1)], 1)
    lonely = network.with_codes(net, far)

    def used(pause: int) -> int:
        moved = trials.trained(
            lonely,
            task(machines),
            steps=10,
            rate=1e-4,
            pause=pause,
            generator=stream(2, "restart"),
        )
        codes = network.choose_codes(moved, network.features_of(moved, machines.inputs))
        return sum(len(one.unique()) for one in codes)

    assert used(5) > used(11)


def test_tuning_keeps_the_rate_of_the_least_loss() -> None:
    net, machines = problem()
    wanted = joint(machines)
    found, rate = trials.tuned(
        net,
        task(machines),
        steps=20,
        rates=(1e-5, 0.02),
        generator=stream(3, "restart"),
    )
    assert rate == 0.02
    assert float(trials.expected_loss(found, machines.inputs, wanted).mean()) < float(
        trials.expected_loss(net, machines.inputs, wanted).mean()
    )


def test_steering_is_whole_without_a_by_pass_and_by_hand_with_one() -> None:
    net, machines = problem()
    codes = network.choose_codes(net, network.features_of(net, machines.inputs))
    pairs = torch.tensor([[[0, 5], [3, 1], [6, 2]]]).expand(2, -1, -1)
    found = trials.steer(net, machines.inputs, codes, pairs=pairs)
    torch.testing.assert_close(found.share, torch.ones(2, dtype=torch.float64))
    opened = network.with_codes(net, net.book, by_pass=network.ByPass.INPUT)
    moved = opened.replaced((*opened.trained[:-1], torch.ones_like(opened.around).cumsum(2)))
    same = trials.steer(moved, machines.inputs, codes, pairs=pairs)
    # Every input has three ones: this by-pass adds the same to all, and hides nothing.
    torch.testing.assert_close(same.share, torch.ones(2, dtype=torch.float64))


def test_a_by_pass_that_decides_alone_cannot_be_steered() -> None:
    net, machines = problem()
    opened = network.with_codes(net, 0 * net.book + 1, by_pass=network.ByPass.INPUT)
    around = torch.randn(opened.around.shape, generator=stream(4, "around"))
    moved = opened.replaced((*opened.trained[:-1], around))
    codes = network.choose_codes(moved, network.features_of(moved, machines.inputs))
    pairs = torch.tensor([[[0, 5], [3, 1]]]).expand(2, -1, -1)
    found = trials.steer(moved, machines.inputs, codes, pairs=pairs)
    assert bool((found.before > 0).all())
    torch.testing.assert_close(found.share, torch.zeros(2, dtype=torch.float64))


def test_wrong_arguments_are_named() -> None:
    net, machines = problem()
    wanted = joint(machines)

    def train(
        shares: torch.Tensor = wanted, *, steps: int = 1, rate: float = 0.1, pull: float = 0.0
    ) -> object:
        given = trials.Task(machines.inputs, shares, shares)
        draw = stream(0, "wrong")
        return trials.trained(net, given, steps=steps, rate=rate, pull=pull, generator=draw)

    codes = network.choose_codes(net, network.features_of(net, machines.inputs))
    for call, text in [
        (lambda: train(wanted[..., :2]), "shares"),
        (lambda: train(-wanted), "shares"),
        (lambda: train(steps=0), "steps"),
        (lambda: train(rate=0.0), "rate"),
        (lambda: train(pull=-1.0), "pull"),
        (
            lambda: trials.tuned(
                net,
                task(machines),
                steps=1,
                rates=(),
                generator=stream(0, "wrong"),
            ),
            "rates",
        ),
        (
            lambda: trials.steer(net, machines.inputs, codes, pairs=torch.full((2, 1, 2), 99)),
            "pairs",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
