"""The loop against a plain transcription in float64, and what it promises about rows and errors."""

from __future__ import annotations

import doctest
import math
import time
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from runtheory.data import ImageSet, batches, normalise
from runtheory.nets import perceptron, small_convnet
from runtheory.randomness import Streams, stream
from runtheory.training import Examples, Settings, classification, loop, train

SETTINGS = Settings(steps=14, batch_size=7, learning_rate=0.05, evaluate_every=5)


def make_net(seed: int = 0) -> nn.Module:
    return perceptron(inputs=64, classes=3, widths=(11,), generator=stream(seed, "initialisation"))


def reference(net, image_set, settings) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Nesterov's method as written: g += decay·w; v = m·v + g; w -= rate·(g + m·v)."""
    net = net.double()
    velocity = {name: torch.zeros_like(value) for name, value in net.named_parameters()}
    streams, losses, order = Streams(0), list[float](), list[Any]()
    for step in range(settings.steps):
        if not order:
            order = list(
                batches(48, settings.batch_size, generator=streams["batches"], drop_last=True)
            )
        index = order.pop(0)
        images = normalise(image_set.train_images[index], image_set).double()
        loss = functional.cross_entropy(net(images), image_set.train_labels[index])
        net.zero_grad()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for name, value in net.named_parameters():
                decay = settings.weight_decay if value.ndim >= 2 else 0.0
                gradient = value.grad + decay * value
                velocity[name] = settings.momentum * velocity[name] + gradient
                change = gradient + settings.momentum * velocity[name]
                value -= settings.rate(step) * change
    return losses, net.state_dict()


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, replace(SETTINGS, weight_decay=0.3), replace(SETTINGS, momentum=0.0, warmup=0.0)],
)
def test_the_loop_is_its_transcription(image_set, settings: Settings) -> None:
    net = make_net()
    rows = list(train(net, image_set, classification, settings, streams=Streams(0)))
    losses, expected = reference(make_net(), image_set, settings)
    for name, value in net.state_dict().items():
        torch.testing.assert_close(value.double(), expected[name], rtol=2e-4, atol=2e-5)
    spans = [losses[:5], losses[5:10], losses[10:]]
    for row, span in zip(rows, spans, strict=True):
        assert row.loss == pytest.approx(sum(span) / len(span), rel=1e-4)


def test_rows_come_when_due_and_after_the_last_step(image_set: ImageSet) -> None:
    rows = list(train(make_net(), image_set, classification, SETTINGS, streams=Streams(0)))
    assert [row.step for row in rows] == [5, 10, 14]
    assert [row.epoch for row in rows] == [5 / 6, 10 / 6, 14 / 6]
    assert [row.learning_rate for row in rows] == [SETTINGS.rate(step) for step in (4, 9, 13)]
    seconds = [row.seconds for row in rows]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0


def test_without_a_due_row_there_is_one_after_the_last_step(image_set: ImageSet) -> None:
    settings = replace(SETTINGS, evaluate_every=0)
    (row,) = train(make_net(), image_set, classification, settings, streams=Streams(0))
    assert row.step == 14


def test_every_row_is_measured_and_training_goes_on_in_its_mode(image_set: ImageSet) -> None:
    modes: list[bool] = []

    def evaluate(net: nn.Module) -> dict[str, float]:
        modes.append(net.training)
        net.eval()
        return {"calls": float(len(modes))}

    streams = Streams(0)
    rows = train(
        make_net(), image_set, classification, SETTINGS, streams=streams, evaluate=evaluate
    )
    assert [row.measures["calls"] for row in rows] == [1.0, 2.0, 3.0]
    assert modes == [True] * 3


def test_seconds_leave_out_evaluation_and_the_reader(image_set) -> None:
    def evaluate(net):
        time.sleep(0.2)
        return {}

    started = time.perf_counter()
    for row in train(
        make_net(), image_set, classification, SETTINGS, streams=Streams(0), evaluate=evaluate
    ):
        time.sleep(0.1)
        last = row
    assert last.seconds < time.perf_counter() - started - 0.85


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_plain_labels_may_be_any_integers_in_range(image_set, dtype) -> None:
    images = normalise(image_set.train_images, image_set)
    labels = image_set.train_labels
    expected = functional.cross_entropy(make_net()(images), labels)
    assert torch.equal(classification(make_net(), images, labels.to(dtype), Streams(0)), expected)


class Difference(nn.Module):
    """A network of pairs."""

    def forward(self, pair: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return pair[0] - pair[1]


def test_inputs_may_be_several_tensors() -> None:
    first, second, labels = torch.rand(4, 3), torch.rand(4, 3), torch.tensor([0, 1, 2, 0])
    found = classification(Difference(), (first, second), labels, Streams(0))
    assert torch.equal(found, functional.cross_entropy(first - second, labels))
    with pytest.raises(TypeError, match=r"inputs must be a tensor with the axes \(batch, ...\)"):
        classification(Difference(), "pair", labels, Streams(0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"inputs must have the axes \(batch, ...\), got shape"):
        classification(Difference(), torch.tensor(1.0), labels, Streams(0))


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda labels: torch.where(labels == 1, -100, labels), ValueError, "got -100"),
        (lambda labels: torch.where(labels == 1, 3, labels), ValueError, "in 0 to 2, got 3"),
        (lambda labels: labels[:-1], ValueError, r"must have batch = 48 .*got shape \(47,\)"),
        (lambda labels: labels[:, None], ValueError, "labels"),
        (lambda labels: labels.float(), TypeError, "float32|f32"),
        (lambda labels: labels > 0, TypeError, "bool"),
    ],
)
def test_plain_labels_that_are_none_are_refused(image_set, change, kind, message) -> None:
    images = normalise(image_set.train_images, image_set)
    with pytest.raises((kind, TypeError), match=f"{message}|Type-check error"):
        classification(make_net(), images, change(image_set.train_labels), Streams(0))


def test_labels_are_named_in_a_run_too_the_first_batch_and_a_later_one(image_set) -> None:
    inputs, labels = torch.ones(40, 4), torch.arange(40) % 3
    settings = Settings(steps=4, batch_size=10, learning_rate=0.1)
    run = partial(train, objective=classification, settings=settings, streams=Streams(0))
    with pytest.raises((TypeError, RuntimeError), match=r"float32|Type-check error"):
        list(run(nn.Linear(4, 3), Examples(inputs, labels.float())))
    late = stream(0, "batches")
    last = torch.cat(list(batches(40, 10, generator=late, drop_last=True)))[-1]
    labels[last] = 7
    with pytest.raises(ValueError, match="labels must lie in 0 to 2, got 7"):
        list(run(nn.Linear(4, 3), Examples(inputs, labels)))


def test_every_epoch_visits_each_example_at_most_once(image_set) -> None:
    counts = []

    def objective(net, images, labels, streams):
        counts.append(images.double().sum(dim=(1, 2, 3)))
        return classification(net, images, labels, streams)

    settings = replace(SETTINGS, steps=12, batch_size=8)
    list(train(make_net(), image_set, objective, settings, streams=Streams(3)))
    whole = normalise(image_set.train_images, image_set).double().sum(dim=(1, 2, 3))
    first, second = torch.cat(counts[:6]), torch.cat(counts[6:])
    assert torch.equal(first.sort().values, whole.sort().values)
    assert torch.equal(second.sort().values, whole.sort().values)
    assert not torch.equal(first, second)


def test_a_new_stream_does_not_shift_the_batches(image_set) -> None:
    def drawing(net, images, labels, streams):
        torch.rand(3, generator=streams["masks"])
        return classification(net, images, labels, streams)

    first, second = make_net(), make_net()
    list(train(first, image_set, classification, SETTINGS, streams=Streams(0)))
    list(train(second, image_set, drawing, SETTINGS, streams=Streams(0)))
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])


def test_the_global_random_state_is_untouched(image_set) -> None:
    before = torch.get_rng_state()
    list(train(make_net(), image_set, classification, SETTINGS, streams=Streams(0)))
    assert torch.equal(before, torch.get_rng_state())


def test_it_learns(image_set) -> None:
    net = small_convnet(size=8, width=4, hidden=8, classes=3, generator=stream(0, "initialisation"))
    settings = Settings(steps=60, batch_size=16, learning_rate=0.1, evaluate_every=20)
    rows = list(train(net, image_set, classification, settings, streams=Streams(0)))
    assert rows[-1].loss < 0.1 * rows[0].loss


@pytest.mark.parametrize("bad", range(14))
def test_the_first_bad_step_is_named(image_set, bad: int) -> None:
    calls = []

    def objective(net, images, labels, streams):
        calls.append(None)
        loss = classification(net, images, labels, streams)
        return loss * math.nan if len(calls) == bad + 1 else loss

    rows: list[Any] = []
    with pytest.raises(
        FloatingPointError, match=f"the loss is nan at step {bad + 1} of 14"
    ) as error:
        rows += train(make_net(), image_set, objective, SETTINGS, streams=Streams(0))
    cause = "input values" if bad == 0 else "learning rate that is too high"
    assert cause in str(error.value)


def test_a_high_learning_rate_is_diagnosed(image_set) -> None:
    settings = replace(SETTINGS, learning_rate=1e30, warmup=0.0)
    with pytest.raises(FloatingPointError, match=r"at step \d+ of 14 \(learning rate .*too high"):
        list(train(make_net(), image_set, classification, settings, streams=Streams(0)))


def test_parameters_are_looked_at_when_a_row_is_due(image_set) -> None:
    settings = replace(SETTINGS, steps=1, learning_rate=1e38, warmup=0.0, weight_decay=1e10)
    with pytest.raises(FloatingPointError, match="parameters are not finite after step 1 of 1"):
        list(train(make_net(), image_set, classification, settings, streams=Streams(0)))


def test_what_does_not_fit_is_refused_before_the_first_step(image_set) -> None:
    with pytest.raises(ValueError, match=r"batch_size must lie in \[1, 48\], got 49"):
        train(
            make_net(),
            image_set,
            classification,
            replace(SETTINGS, batch_size=49),
            streams=Streams(0),
        )
    with pytest.raises(ValueError, match=r"the data are on cpu, the parameters on .*meta"):
        train(make_net().to("meta"), image_set, classification, SETTINGS, streams=Streams(0))


def test_an_objective_returns_one_number(image_set) -> None:
    def objective(net, images, labels, streams):
        return functional.cross_entropy(net(images), labels, reduction="none")

    with pytest.raises(ValueError, match=r"an objective returns one number, got shape \(7,\)"):
        list(train(make_net(), image_set, objective, SETTINGS, streams=Streams(0)))


def test_the_example_of_the_docstring_runs() -> None:
    names = {"Examples": Examples, "Settings": Settings, "Streams": Streams, **vars(loop)}
    (example,) = doctest.DocTestFinder(recurse=False).find(loop.train, "train", globs=names)
    outcome = doctest.DocTestRunner().run(example)
    assert outcome.attempted > 5
    assert outcome.failed == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("mixed_precision", [False, True])
def test_steps_do_not_wait_for_the_device(image_set, mixed_precision: bool) -> None:
    device = torch.device("cuda")
    generator = stream(0, "initialisation", device=device)
    net = small_convnet(size=8, width=4, hidden=8, classes=3, generator=generator)
    settings = replace(SETTINGS, steps=40, evaluate_every=0, mixed_precision=mixed_precision)

    def objective(net, images, labels, streams):
        torch.cuda.set_sync_debug_mode("error")
        return classification(net, images, labels, streams)

    def evaluate(net):
        torch.cuda.set_sync_debug_mode("default")
        return {}

    streams = Streams(0, device=device)
    run = train(net, image_set.to(device), objective, settings, streams=streams, evaluate=evaluate)
    try:
        with pytest.raises(RuntimeError, match="synchroniz"):
            list(run)  # the one wait, at the end of the forty steps
    finally:
        torch.cuda.set_sync_debug_mode("default")
