"""The head that stands in a network: names, streams, copies, what PyTorch does around it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from runtheory.dropout.drop_in import MultiSampleDropout
from runtheory.dropout.masks import draw_masks
from runtheory.dropout.objectives import mean_of_losses
from runtheory.modes import evaluating
from runtheory.randomness import stream

RATE, SAMPLES = 0.5, 3


def plain(seed: int = 0) -> nn.Sequential:
    net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.4, generator=stream(seed, str(tuple(parameter.shape))))
    return net


def with_head(net: nn.Sequential, **options) -> Any:
    net[2] = MultiSampleDropout(net[2], **{"samples": SAMPLES, "rate": RATE, "seed": 0, **options})
    return net


def data() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(7, 6, generator=stream(0, "inputs")), torch.arange(7) % 4


def test_training_folds_the_samples_into_the_batch_and_evaluation_is_plain() -> None:
    net, (inputs, labels) = with_head(plain()), data()
    rows = net(inputs)
    masks = draw_masks(SAMPLES, (7, 5), rate=RATE, generator=stream(0, "masks"))
    features = net[:2](inputs)
    for m in range(SAMPLES):
        expected = net[2].head(features * masks[m] / (1 - RATE))
        torch.testing.assert_close(rows.unflatten(0, (SAMPLES, 7))[m], expected)
    loss = functional.cross_entropy(rows, labels.repeat(SAMPLES))
    torch.testing.assert_close(mean_of_losses(rows, labels), loss)
    net.eval()
    assert torch.equal(net(inputs), plain()(inputs))
    torch.testing.assert_close(
        mean_of_losses(net(inputs), labels), functional.cross_entropy(plain()(inputs), labels)
    )


def test_parameters_keep_their_names_both_ways() -> None:
    net, pretrained = with_head(plain()), plain(1)
    assert [name for name, _ in net.named_parameters()] == [
        name for name, _ in pretrained.named_parameters()
    ]
    net.load_state_dict(pretrained.state_dict())  # strict
    inputs, _ = data()
    assert torch.equal(net.eval()(inputs), pretrained(inputs))
    back = plain()
    with pytest.raises(RuntimeError, match=r"Unexpected key.*2._extra_state"):
        back.load_state_dict(net.state_dict())
    net[2] = net[2].head
    back.load_state_dict(net.state_dict())  # strict
    assert torch.equal(back(inputs), pretrained(inputs))


def test_a_new_weight_and_a_dtype_reach_the_head() -> None:
    net, (inputs, _) = with_head(plain()), data()
    assert net.double()[2].head.weight.dtype == torch.float64
    net.float()[2].weight = nn.Parameter(torch.zeros(4, 5))
    assert torch.equal(net.eval()(inputs), net[2].bias.expand(7, 4))
    zeros = {name: torch.zeros_like(value) for name, value in net.named_parameters()}
    assert not torch.func.functional_call(net, zeros, (inputs,)).any()


def test_every_step_has_masks_of_its_own_and_a_resumed_run_goes_on() -> None:
    net, (inputs, _) = with_head(plain()), data()
    first, second = net(inputs), net(inputs)
    assert not torch.equal(first, second)
    state = copy.deepcopy(net.state_dict())
    third = net(inputs)
    resumed = with_head(plain())
    resumed.load_state_dict(state)
    assert torch.equal(resumed.state_dict()["2._extra_state"], state["2._extra_state"])
    assert torch.equal(resumed(inputs), third)
    assert not torch.equal(resumed(inputs), third)
    fresh = with_head(plain())
    fresh.load_state_dict(with_head(plain()).state_dict())  # saved before any draw
    assert torch.equal(fresh(inputs), first)


def test_a_plain_state_leaves_the_stream_as_it_is() -> None:
    net, other, (inputs, _) = with_head(plain()), with_head(plain()), data()
    net(inputs), other(inputs)
    net.load_state_dict(plain().state_dict())
    assert torch.equal(net(inputs), other(inputs))


def test_copies_and_pickles_go_on_by_themselves() -> None:
    net, (inputs, _) = with_head(plain()), data()
    net(inputs)
    copies = [copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    expected = net(inputs)
    for one in copies:
        assert one[2].head.weight is one[2].weight
        assert one[2].weight is not net[2].weight
        assert torch.equal(one(inputs), expected)


def test_seeds_and_purposes_tell_heads_apart() -> None:
    inputs, _ = data()
    outputs = [
        with_head(plain(), **options)(inputs)
        for options in ({}, {"seed": 1}, {"purpose": "second head"}, {"batch_shared": True})
    ]
    for i, one in enumerate(outputs):
        assert not any(torch.equal(one, other) for other in outputs[:i])


def test_the_global_random_state_is_untouched() -> None:
    net, (inputs, _) = with_head(plain()), data()
    before = torch.get_rng_state()
    net(inputs)
    assert torch.equal(before, torch.get_rng_state())


def test_a_head_with_a_mode_of_its_own_follows() -> None:
    class Noisy(nn.Linear):
        def forward(self, rows):
            return super().forward(rows) + float(self.training)

    net: Any = nn.Sequential(nn.Flatten(), Noisy(6, 4))
    net[1] = MultiSampleDropout(net[1], samples=1, rate=0.0, seed=0)
    inputs, _ = data()
    training = net(inputs)
    with evaluating(net):
        torch.testing.assert_close(training - net(inputs), torch.ones(7, 4))
    torch.testing.assert_close(net(inputs), training)


def test_accumulated_gradients_are_those_of_one_batch() -> None:
    """With the masks of the whole batch handed in: the head has no other memory of a step."""
    net, (inputs, labels) = with_head(plain()), data()
    inputs, labels = inputs[:6], labels[:6]
    masks = net[2].draw_masks(net[:2](inputs))
    mean_of_losses(net[2](net[:2](inputs), masks), labels).backward()
    whole = [parameter.grad for parameter in net.parameters()]
    net.zero_grad()
    for part in (slice(0, 3), slice(3, 6)):
        rows = net[2](net[:2](inputs[part]), masks[:, part])
        (mean_of_losses(rows, labels[part]) / 2).backward()
    for parameter, expected in zip(net.parameters(), whole, strict=True):
        torch.testing.assert_close(parameter.grad, expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast(dtype) -> None:
    net, (inputs, labels) = with_head(plain()), data()
    exact = mean_of_losses(copy.deepcopy(net)(inputs), labels)
    with torch.autocast("cpu", dtype=dtype):
        rows = net(inputs)
        loss = mean_of_losses(rows, labels)
    assert rows.dtype == dtype
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, exact, rtol=0.03, atol=0.03)
    loss.backward()
    assert all(parameter.grad.dtype == torch.float32 for parameter in net.parameters())


def test_activation_checkpointing_needs_masks() -> None:
    net, (inputs, labels) = with_head(plain()), data()
    loss = mean_of_losses(checkpoint(net, inputs, use_reentrant=False), labels)
    with pytest.raises(RuntimeError, match="drawn anew while a gradient is computed"):
        loss.backward()
    masks = net[2].draw_masks(net[:2](inputs))
    rows = checkpoint(net[2], net[:2](inputs), masks, use_reentrant=False)
    mean_of_losses(rows, labels).backward()


def test_errors_say_what_came() -> None:
    net, (inputs, _) = with_head(plain()), data()
    with pytest.raises(ValueError, match="masks must hold 3 samples, got 2"):
        net[2](net[:2](inputs), torch.ones(2, 7, 5, dtype=torch.bool))
    with pytest.raises(ValueError, match="state must be uint8 numbers, got list"):
        net[2].set_extra_state([1])
    cuda = torch.zeros(24, dtype=torch.uint8)
    net[2].set_extra_state(cuda)
    with pytest.raises(ValueError, match="saved on another kind of device than cpu"):
        net(inputs)
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        with_head(plain(), samples=0)
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\), got 1"):
        with_head(plain(), rate=1.0)


def test_two_ranks_draw_apart_and_average_their_gradients(tmp_path) -> None:
    """Masks by rank, equal gradients after the pass, and streams that part after a resume."""
    script = Path(__file__).with_name("ranked_heads.py")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run([*command, script, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    for name in ("masks", "resumed"):
        assert not torch.equal(first[name], second[name]), name
    assert torch.equal(first["resumed"], first["next"])
    assert not torch.equal(second["resumed"], first["next"])
    for name in ("head", "objective"):
        assert torch.equal(first[name], second[name]), name
    assert not torch.equal(first["unwrapped"], second["unwrapped"])
    assert "ObjectiveModule" in first["refused"]
    single = draw_masks(SAMPLES, (7, 5), rate=RATE, generator=stream(0, "masks"))
    assert torch.equal(first["masks"], single)
