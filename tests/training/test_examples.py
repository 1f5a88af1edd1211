"""Batches of images and of any tensors, what tells one set of examples from another, training."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from runtheory.data import normalise
from runtheory.randomness import Streams
from runtheory.training import Examples, Settings, classification, train
from runtheory.training.examples import NormalisedImages, as_data


def test_a_batch_holds_the_examples_of_the_index_in_its_order() -> None:
    tokens = torch.arange(12).view(4, 3)  # int64 (example, position)
    halves = torch.arange(4).to(torch.float16)
    examples = Examples((tokens, halves), torch.tensor([True, False, False, False]))
    (first, second), targets = examples.batch(torch.tensor([3, 0, 3]))
    assert torch.equal(first, torch.tensor([[9, 10, 11], [0, 1, 2], [9, 10, 11]]))
    assert torch.equal(second, torch.tensor([3, 0, 3], dtype=torch.float16))
    assert isinstance(targets, torch.Tensor)
    assert torch.equal(targets, torch.tensor([False, True, False]))
    assert (len(examples), examples.device) == (4, torch.device("cpu"))


def test_without_targets_there_are_none_and_one_tensor_in_a_tuple_stays_there() -> None:
    inputs, targets = Examples((torch.ones(2, 3),)).batch(torch.tensor([1]))
    assert isinstance(inputs, tuple)
    assert inputs[0].shape == (1, 3)
    assert targets is None


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (torch.ones(3, 2), torch.ones(4), r"got shapes \[\(3, 2\), \(4,\)\]"),
        ((torch.ones(3), torch.ones(2)), None, r"got shapes \[\(3,\), \(2,\)\]"),
        (torch.ones(()), None, r"got shapes \[\(\)\]"),
        (torch.ones(0, 5), None, r"got shapes \[\(0, 5\)\]"),
        ((), None, r"got shapes \[\]"),
        (torch.ones(3), torch.ones(3, device="meta"), r"on one device, got \['cpu', 'meta'\]"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(inputs, targets, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Examples(inputs, targets)


def test_the_identity_tells_content_shape_and_dtype() -> None:
    inputs, targets = torch.arange(6.0).view(3, 2), torch.tensor([0, 1, 1])
    others = [
        Examples(inputs, targets.flip(0)),
        Examples(inputs.view(3, 2, 1), targets),
        Examples(inputs.view(torch.int32), targets),
        Examples((inputs, targets.flip(0))),
        Examples(inputs),
    ]
    known = [Examples(inputs, targets).identity(), *(other.identity() for other in others)]
    assert [known.count(identity) for identity in known] == [1] * 6
    assert Examples(inputs.clone(), targets.clone()).identity() == known[0]


def test_images_come_normalised_and_channels_last(image_set) -> None:
    colours = replace(
        image_set,
        train_images=image_set.train_images.repeat(1, 3, 1, 1),
        test_images=image_set.test_images.repeat(1, 3, 1, 1),
        mean=(0.1, 0.2, 0.3),
        deviation=(1.0, 2.0, 3.0),
    )
    data, index = as_data(colours), torch.tensor([5, 2])
    images, labels = data.batch(index)
    assert torch.equal(images, normalise(colours.train_images[index], colours))
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(labels, colours.train_labels[index])
    assert len(data) == 48


def test_data_of_a_kind_of_their_own_stay_as_they_are(image_set) -> None:
    data = NormalisedImages(image_set)
    assert as_data(data) is data


def adam(net: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    return torch.optim.Adam(net.parameters(), lr=settings.learning_rate)


def test_data_of_every_kind_train(case) -> None:
    settings = Settings(steps=150, batch_size=10, learning_rate=0.05, evaluate_every=10)
    rows = list(
        train(case.make_net(), case.data, case.objective, settings,
              streams=Streams(0), optimiser=adam)
    )  # fmt: skip
    assert [row.step for row in rows] == list(range(10, 151, 10))
    assert rows[-1].loss < 0.75 * rows[0].loss


def test_a_batch_of_one_is_a_step_for_each_example() -> None:
    inputs = torch.tensor([[1.0], [2.0], [4.0]])
    net = nn.Linear(1, 1, bias=False)
    nn.init.ones_(net.weight)
    seen = []

    def objective(net, inputs, targets, streams):
        assert inputs.shape == targets.shape == (1, 1)
        seen.append(inputs.item())
        return (net(inputs) - targets).square().mean()

    settings = Settings(
        steps=3, batch_size=1, learning_rate=0.01, momentum=0.0, weight_decay=0.0,
        warmup=0.0, floor=1.0,
    )  # fmt: skip
    list(train(net, Examples(inputs, 3 * inputs), objective, settings, streams=Streams(0)))
    weight = 1.0
    for x in seen:
        weight -= 0.01 * 2 * x * (weight - 3) * x
    assert sorted(seen) == [1.0, 2.0, 4.0]
    assert net.weight.item() == pytest.approx(weight, rel=1e-6)


def test_one_example_is_enough() -> None:
    data = Examples(torch.ones(1, 2), torch.ones(1, dtype=torch.int64))
    settings = Settings(steps=4, batch_size=1, learning_rate=0.1)
    (row,) = train(nn.Linear(2, 3), data, classification, settings, streams=Streams(0))
    assert (row.step, row.epoch) == (4, 4.0)
