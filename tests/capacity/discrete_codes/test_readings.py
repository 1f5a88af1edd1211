"""Codes side by side: the loss in two parts, sets of codes, and k-means."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory.capacity.discrete_codes import machine, measures, network, readings, trials
from runtheory.randomness import stream


def problem(*, used: int = 1) -> tuple[network.CodedNetwork, machine.Machines]:
    generator = stream(0, "readings")
    machines = machine.draw_machines(5, 3, allowed=2, machines=2, generator=generator)
    net = network.draw_network(
        machines.inputs.shape[2], hidden=8, width=3, symbols=3, replicates=2, generator=generator
    )
    book = torch.randn((2, 4, 3), generator=generator)
    return network.with_codes(net, book, used=used), machines


@pytest.mark.parametrize("used", [1, 2])
def test_the_loss_is_the_floor_and_the_divergence_from_the_best_answers(used) -> None:
    net, machines = problem(used=used)
    codes = readings.codes_of(net, machines.inputs)
    floor = torch.tensor(
        [one.floor for one in readings.read_all(codes, machines)], dtype=torch.float64
    )
    joint = machines.law[..., None] * machines.targets
    loss = trials.expected_loss(net, machines.inputs, joint)
    parts = floor + readings.divergence_from_best(net, machines)
    torch.testing.assert_close(loss, parts)


def test_sets_of_codes_are_numbered_together() -> None:
    codes = torch.tensor([[[0, 1], [0, 2], [0, 1], [1, 2]]])
    assert readings.numbered(codes).tolist() == [[0, 1, 0, 2]]


def test_a_reading_of_the_states_is_whole() -> None:
    _, machines = problem()
    for one, law in zip(
        readings.read_all(machines.states[..., None], machines), machines.law, strict=True
    ):
        assert one.purity == pytest.approx(1)
        assert one.state == pytest.approx(one.entropy)
        assert one.entropy <= measures.entropy(law)


def test_centres_are_means_of_their_rows_weighed_by_the_law() -> None:
    generator = stream(4, "centres")
    rows = torch.cat([torch.randn((6, 2), generator=generator), torch.full((4, 2), 30.0)])
    law = torch.rand(10, generator=generator).double()
    centres, place = readings.nearest_centres(
        rows, codes=2, law=law / law.sum(), generator=generator
    )
    assert len(set(place[:6].tolist())) == len(set(place[6:].tolist())) == 1
    mean = (law[:6, None] * rows[:6]).sum(0) / law[:6].sum()
    torch.testing.assert_close(centres[place[0]].double(), mean)


def test_k_means_of_features_that_are_the_states_finds_them() -> None:
    _, machines = problem()
    even = replace(machines, law=torch.full((2, 10), 0.1, dtype=torch.float64))
    places = 10.0 * torch.nn.functional.one_hot(even.states, 5).float()
    codes = min(len(one.unique()) for one in even.states)
    _, found = readings.k_means(places, even, codes=codes, generator=stream(5, "means"))
    assert max(one.purity for one in readings.read_all(found, even)) == pytest.approx(1)


def test_wrong_arguments_are_named() -> None:
    net, machines = problem()
    codes = readings.codes_of(net, machines.inputs)
    rows, law = torch.randn(6, 2), torch.ones(6)
    draw = stream(0, "wrong")
    for call, text in [
        (lambda: readings.codes_of(net, machines.inputs / 0), "finite"),
        (lambda: readings.read_all(codes[:1], machines), "lengths"),
        (lambda: readings.nearest_centres(rows, codes=7, law=law, generator=draw), "codes"),
        (lambda: readings.nearest_centres(rows, codes=2, law=law[:3], generator=draw), "input"),
        (lambda: readings.nearest_centres(rows / 0, codes=2, law=law, generator=draw), "finite"),
        (lambda: readings.nearest_centres(rows, codes=2, law=-law, generator=draw), "negative"),
        (
            lambda: readings.nearest_centres(rows, codes=2, law=law, generator=draw, restarts=0),
            "restarts",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
