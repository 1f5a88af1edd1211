"""Networks that repeat tokens: batches, and training against a plain loop."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from runtheory.information.supersamples.perceptrons import draw_perceptrons
from runtheory.noise.repeated_data import source, trials
from runtheory.noise.repeated_data.trials import Way
from runtheory.randomness import stream

ONE = (Way(),)


def task(sources: int = 2) -> tuple[torch.Tensor, source.Tokens]:
    rows = source.draw_sources(3, 2, sources=sources, floor=0.1, generator=stream(0, "rows"))
    return rows, source.draw_tokens(rows, 40, generator=stream(0, "path"))


def batches(passes: int = 3) -> torch.Tensor:
    return trials.repeated_batches(
        40, passes=passes, batch=10, sources=2, generator=stream(0, "batches")
    )


def test_each_pass_takes_each_token_once_in_an_order_of_its_own() -> None:
    plan = batches()
    assert plan.shape == (12, 2, 10)
    passes = plan.unflatten(0, (3, 4)).transpose(1, 2).flatten(2)
    assert torch.equal(passes.sort(2).values, torch.arange(40).expand(3, 2, -1))
    assert not torch.equal(passes[0], passes[1])
    assert not torch.equal(passes[:, 0], passes[:, 1])
    fresh = trials.fresh_batches(40, batch=10, sources=2)
    assert torch.equal(fresh[:, 1].flatten(), torch.arange(40))


@pytest.mark.parametrize("way", [Way(), Way(decay=2.0), Way(smoothing=0.3)])
def test_training_is_that_of_a_plain_loop(way) -> None:
    """Modules, Adam with decoupled decay of weights, PyTorch's label smoothing."""
    rows, tokens = task()
    plan = batches()
    found = trials.trained(
        rows, tokens, ways=[Way(dropout=0.5), way], batches=plan, until=(5, 12),
        hidden=(8,), seed=3,
    )  # fmt: skip
    assert found.shape == (2, 2, 2)
    start = draw_perceptrons((6, 8, 3), replicates=2, generator=stream(3, "start"))
    codes = source.context_codes(3, 2)
    for one in range(2):
        linear = [nn.Linear(6, 8), nn.Linear(8, 3)]
        net = nn.Sequential(linear[0], nn.ReLU(), linear[1])
        with torch.no_grad():
            for layer, weight in zip(linear, start.weights, strict=True):
                layer.weight.copy_(weight[one].T)
                layer.bias.zero_()
        weights = {"params": [x.weight for x in linear], "weight_decay": way.decay}
        biases = {"params": [x.bias for x in linear], "weight_decay": 0.0}
        adam = torch.optim.AdamW([weights, biases], lr=trials.LEARNING_RATE)
        for step in range(12):
            chosen = plan[step, one]
            scores = net(codes[tokens.contexts[one, chosen]])
            loss = nn.functional.cross_entropy(
                scores, tokens.following[one, chosen], label_smoothing=way.smoothing
            )
            adam.zero_grad()
            loss.backward()
            adam.step()
            if step + 1 in (5, 12):
                predicted = net(codes).detach().double().softmax(1)[None]
                expected = source.excess_loss(rows[one : one + 1], predicted)[0]
                got = found[(5, 12).index(step + 1), 1, one]
                assert float(got) == pytest.approx(float(expected), rel=1e-3)


def test_dropout_drops_in_training_alone_and_keeps_the_mean() -> None:
    net = draw_perceptrons((6, 400, 3), replicates=3, generator=stream(1, "net"))
    inputs = source.context_codes(3, 2).expand(3, -1, -1)
    rate = torch.tensor([0.0, 0.5, 0.8])[:, None, None]
    drawn = torch.stack(
        [trials._dropped_scores(net, inputs, rate, stream(k, "masks")) for k in range(300)]
    )
    plain = net.scores(inputs)
    torch.testing.assert_close(drawn[:, 0], plain[:1].expand(300, -1, -1))
    error = drawn.std(0) / 300**0.5
    assert bool(((drawn.mean(0) - plain).abs()[1:] < 4.5 * error[1:]).all())
    assert bool((drawn.std(0)[2] > 1.5 * drawn.std(0)[1]).float().mean() > 0.5)


def test_ways_do_not_touch_each_other() -> None:
    rows, tokens = task()
    alone, beside = (
        trials.trained(rows, tokens, ways=ways, batches=batches(), until=(12,), hidden=(8, 8))
        for ways in ([Way(decay=1.0)], [Way(), Way(decay=1.0)])
    )
    torch.testing.assert_close(beside[:, 1], alone[:, 0], rtol=1e-4, atol=1e-6)
    assert not torch.equal(beside[:, 0], beside[:, 1])


def test_wrong_arguments_are_named() -> None:
    rows, tokens = task()
    generator = stream(0, "wrong")

    def train(ways=ONE, until=(3,), plan=None, rows=rows):
        plan = batches() if plan is None else plan
        return trials.trained(rows, tokens, ways=ways, batches=plan, until=until)

    for call, text in [
        (lambda: Way(dropout=1.0), "dropout"),
        (lambda: Way(decay=-1.0), "decay"),
        (lambda: Way(smoothing=1.5), "smoothing"),
        (lambda: train(ways=()), "ways"),
        (lambda: train(until=()), "until"),
        (lambda: train(until=(2, 2)), "until"),
        (lambda: train(until=(13,)), "until"),
        (lambda: train(rows=rows[:1]), "source = 1"),
        (lambda: train(rows=rows[:1], plan=batches()[:, :1]), "tokens"),
        (lambda: train(plan=batches() + 1), "batches"),
        (lambda: trials.fresh_batches(40, batch=12, sources=1), "divide"),
        (
            lambda: trials.repeated_batches(40, passes=0, batch=10, sources=1, generator=generator),
            "passes",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
