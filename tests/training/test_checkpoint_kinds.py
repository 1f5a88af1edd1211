"""Checkpoints of other optimisers and of other data than images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from runtheory.dropout import MultiSampleDropout, mean_of_losses
from runtheory.nets import perceptron
from runtheory.randomness import stream
from runtheory.training import CheckpointMismatch
from tests.training.interruption import (
    OPTIMISERS,
    SETTINGS,
    Killed,
    assert_same,
    cut,
    objective,
    run,
)


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("at", [6, 14])
def test_every_optimiser_goes_on_with_the_same_bits(image_set, tmp_path, name, at: int) -> None:
    path, settings = tmp_path / "run.safetensors", replace(SETTINGS, learning_rate=0.01)
    more: dict[str, Any] = {"optimiser": OPTIMISERS[name]}
    whole = run(image_set, None, settings, **more)
    with pytest.raises(Killed):
        run(image_set, path, settings, objective=cut(objective, at), **more)
    assert_same(run(image_set, path, settings, **more), whole)


@pytest.mark.parametrize("at", [3, 11])
def test_data_of_every_kind_go_on_with_the_same_bits(case, tmp_path, at: int) -> None:
    path, more = tmp_path / "run.safetensors", {"optimiser": OPTIMISERS["Adam"]}

    def part(path, objective=case.objective):
        return run(case.data, path, net=case.make_net(), objective=objective, **more)

    whole = part(None)
    with pytest.raises(Killed):
        part(path, cut(case.objective, at))
    assert_same(part(path), whole)


def test_a_head_that_draws_its_own_masks_goes_on_with_the_same_bits(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"

    def many(net, images, labels, streams):
        return mean_of_losses(net(images), labels)

    def part(path, *, objective=many, drawing: bool = True):
        torch.manual_seed(0)
        head: nn.Module = nn.Linear(64, 3)
        if drawing:
            head = MultiSampleDropout(head, samples=2, rate=0.5, seed=0)
        return run(image_set, path, net=nn.Sequential(nn.Flatten(), head), objective=objective)

    whole = part(None)
    with pytest.raises(Killed):
        part(path, objective=cut(many, 11))
    assert_same(part(path), whole)
    with pytest.raises(CheckpointMismatch, match="network was"):
        part(path, drawing=False)


class Counted(torch.optim.SGD):
    """Plain descent whose rate falls with a count that it keeps as a Python number."""

    def step(self, closure):
        loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for value in group["params"]:
                    count = self.state[value].get("count", 0) + 1
                    self.state[value] = {"count": count, "share": 1 / count, "label": "falling"}
                    value -= group["lr"] / count * value.grad
        return loss


def test_numbers_and_texts_of_the_optimiser_are_kept(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    more: dict[str, Any] = {
        "optimiser": lambda net, s: Counted(net.parameters(), lr=s.learning_rate)
    }
    with pytest.raises(Killed):
        run(image_set, path, objective=cut(objective, 11), **more)
    assert_same(run(image_set, path, **more), run(image_set, None, **more))


def test_what_no_file_can_hold_is_named(image_set, tmp_path) -> None:
    def many_points(net, settings):
        return torch.optim.LBFGS(net.parameters(), lr=settings.learning_rate, max_iter=1)

    def part(path):
        net = perceptron(inputs=64, classes=3, generator=stream(0, "initialisation"))
        return run(image_set, path, replace(SETTINGS, steps=2), net=net, optimiser=many_points)

    message = r"the optimiser keeps '\w+' as list: train without a checkpoint"
    with pytest.raises(ValueError, match=message):
        part(tmp_path / "run.safetensors")
    assert len(part(None)[0]) == 1


def test_a_checkpoint_of_another_optimiser_is_refused(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    run(image_set, path)
    with pytest.raises(CheckpointMismatch, match=r"optimiser was \['SGD'.*asked is \['Adam'"):
        run(image_set, path, optimiser=OPTIMISERS["Adam"])


def test_a_checkpoint_of_other_examples_is_refused(case, tmp_path) -> None:
    path, more = tmp_path / "run.safetensors", {"net": case.make_net(), "objective": case.objective}
    run(case.data, path, **more)
    inputs = case.data.inputs
    first = inputs[0] if isinstance(inputs, tuple) else inputs
    first[0, 0] += 1
    with pytest.raises(CheckpointMismatch, match=r"examples was .*sha256.*asked is .*sha256"):
        run(case.data, path, **more)
