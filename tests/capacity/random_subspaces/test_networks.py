"""Networks in a random subspace: against a loop, against full training, at the ends."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch.nn.functional import cross_entropy

from runtheory.capacity.random_subspaces import networks
from runtheory.capacity.random_subspaces.quadratic import draw_directions
from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons
from runtheory.randomness import stream

SETTINGS = networks.Adam(0.05, 6)


def setting(replicates: int = 2) -> tuple[Perceptrons, torch.Tensor, tuple]:
    generator = stream(0, "setting")
    start = draw_perceptrons(
        (3, 4, 2), replicates=replicates, generator=generator, dtype=torch.float64
    )
    directions = draw_directions(
        start.dimension, directions=5, replicates=replicates, generator=generator
    )
    inputs = torch.randn((replicates, 8, 3), generator=generator, dtype=torch.float64)
    return start, directions, (inputs, (inputs.sum(2) > 0).long())


def scores(theta: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
    """Return the scores of one network 3-4-2 from its parameters, weights before biases."""
    first, second = theta[:12].view(3, 4), theta[12:20].view(4, 2)
    return (inputs @ first + theta[20:24]).relu() @ second + theta[24:26]


def one_by_one(theta: torch.Tensor, directions: torch.Tensor, examples: tuple) -> torch.Tensor:
    """Return z after Adam on one network, from the equations."""
    z = torch.zeros(directions.shape[1], dtype=torch.float64)
    mean, square = torch.zeros_like(z), torch.zeros_like(z)
    for step in range(1, SETTINGS.steps + 1):
        live = z.clone().requires_grad_()
        loss = cross_entropy(scores(theta + directions @ live, examples[0]), examples[1])
        (gradient,) = torch.autograd.grad(loss, live)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        denominator = (square / (1 - 0.999**step)).sqrt() + 1e-8
        z = z - SETTINGS.rate * mean / (1 - 0.9**step) / denominator
    return z


def test_every_run_by_a_loop() -> None:
    start, directions, examples = setting()
    found = networks.trained(
        start, directions, examples=examples, dimensions=(2, 5), settings=SETTINGS
    )
    nets = networks.moved(start, directions, coordinates=found)
    for replicate in range(2):
        theta = torch.cat([part[replicate].flatten() for part in start.parameters])
        inputs, labels = (part[replicate] for part in examples)
        for run, dimension in enumerate((2, 5)):
            kept = directions[replicate, :, :dimension]
            z = one_by_one(theta, kept, (inputs, labels))
            torch.testing.assert_close(found[replicate, :dimension, run], z)
            assert (found[replicate, dimension:, run] == 0).all()
            expected = scores(theta + kept @ z, inputs)
            net = nets.select(slice(2 * replicate + run, 2 * replicate + run + 1))
            torch.testing.assert_close(net.scores(inputs[None])[0], expected)
            right = (expected.argmax(1) == labels).double().mean()
            assert float(networks.accuracy(nets, *examples)[replicate, run]) == float(right)


def test_all_axes_are_full_training() -> None:
    start, _, examples = setting(1)
    axes = torch.eye(start.dimension, dtype=torch.float64)[None]
    z = networks.trained(
        start, axes, examples=examples, dimensions=(start.dimension,), settings=SETTINGS
    )
    whole = networks.trained_fully(start, examples=examples, settings=SETTINGS)
    found = networks.moved(start, axes, coordinates=z)
    for one, other in zip(found.parameters, whole.parameters, strict=True):
        torch.testing.assert_close(one, other)


def test_batches_name_examples_and_the_start_stays() -> None:
    start, directions, examples = setting()
    before = [part.clone() for part in start.parameters]
    settings = networks.Adam(0.05, 6, batch_size=8)
    order = torch.arange(8).flip(0).expand(6, 8)
    train = partial(networks.trained, start, directions, examples=examples, dimensions=(3,))
    found = train(settings=settings, batches=order)
    expected = train(settings=SETTINGS)
    torch.testing.assert_close(found, expected)
    for part, kept in zip(start.parameters, before, strict=True):
        assert torch.equal(part, kept)


def test_threshold_between_on_and_beyond() -> None:
    threshold = networks.threshold_dimension
    assert threshold([10, 20, 40], [0.1, 0.5, 0.4], target=0.5) == pytest.approx(20)
    assert threshold([10, 40], [0.0, 1.0], target=0.25) == pytest.approx(10 * math.sqrt(2))
    assert threshold([10, 40], [0.9, 0.2], target=0.8) == 10
    assert threshold([10, 40], [0.1, 0.2], target=0.8) == math.inf
    for dimensions, values in (([], []), ([0, 1], [0.1, 0.2]), ([4, 4], [0.1, 0.2]), ([4], [])):
        with pytest.raises(ValueError, match="dimensions must rise"):
            threshold(dimensions, values, target=0.5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dimensions": (6,)}, "dimensions must lie in"),
        ({"dimensions": (0,)}, "dimensions must lie in"),
        ({"batches": torch.zeros(6, 2, dtype=torch.int64)}, "batches must have the shape None"),
        ({"settings": networks.Adam(0.1, 6, 2)}, "batches must have the shape"),
    ],
)
def test_what_is_refused(change, told) -> None:
    start, directions, examples = setting()
    given = {"examples": examples, "dimensions": (2,), "settings": SETTINGS} | change
    with pytest.raises(ValueError, match=told):
        networks.trained(start, directions, **given)


def test_what_does_not_fit() -> None:
    start, directions, (inputs, labels) = setting()
    with pytest.raises(ValueError, match="directions must begin with"):
        networks.moved(start, directions[:, :-1], coordinates=torch.zeros(2, 5, 1))
    with pytest.raises(ValueError, match="coordinates must have direction = 5"):
        networks.moved(start, directions, coordinates=torch.zeros(2, 4, 1))
    with pytest.raises(ValueError, match="labels must lie in 0 to 1"):
        networks.accuracy(start, inputs, labels + 1)
    with pytest.raises(ValueError, match="labels must have"):
        networks.accuracy(start, inputs, labels[:, :-1])
    with pytest.raises(ValueError, match="do not share"):
        networks.accuracy(setting(3)[0], inputs, labels)
    with pytest.raises(ValueError, match="inputs must be of 1 replicates"):
        networks.trained_fully(
            start.select(slice(0, 1)), examples=(inputs, labels), settings=SETTINGS
        )
