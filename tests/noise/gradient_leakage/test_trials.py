"""Clients side by side at several rates, and searches at several weights of smoothness."""

from __future__ import annotations

import pytest
import torch

from runtheory.noise.gradient_leakage import client, matching, trials
from runtheory.noise.gradient_leakage.matching import Guess, Relaxed, Search
from runtheory.randomness import stream

RATES = (0.0, 0.2, 0.7)


def clients(seed: int = 0) -> trials.Clients:
    generator = stream(seed, "trials")
    images = torch.rand((2, 9), generator=generator, dtype=torch.float64)
    return trials.draw_clients(
        images,
        torch.tensor([0, 2]),
        classes=3,
        hidden=40,
        rates=RATES,
        generator=generator,
    )


def test_an_image_keeps_its_network_and_its_drops_grow_with_the_rate() -> None:
    drawn = clients()
    assert drawn.rates.tolist() == [0, 0, 0.2, 0.2, 0.7, 0.7]
    assert torch.equal(drawn.net.weight[:2], drawn.net.weight[2:4])
    assert torch.equal(drawn.images[:2], drawn.images[4:])
    assert drawn.labels.tolist() == [0, 2] * 3
    for factors in (drawn.inputs, drawn.hidden):
        assert torch.equal(factors[:2], torch.ones_like(factors[:2]))
        low, high = factors[2:4] > 0, factors[4:] > 0
        assert bool((low >= high).all())
        assert float(factors[4:].max()) == pytest.approx(1 / 0.3)
    assert float((drawn.hidden[4:] == 0).double().mean()) == pytest.approx(0.7, abs=0.2)


def test_what_is_sent_is_the_gradient_with_these_factors() -> None:
    drawn = clients()
    both = Guess(inputs=drawn.inputs, hidden=drawn.hidden)
    sent = trials.sent_by(drawn, both)
    expected = client.shared_gradient(
        drawn.net,
        drawn.images[:, None],
        drawn.labels[:, None],
        on_inputs=drawn.inputs[:, None],
        on_hidden=drawn.hidden[:, None],
    )
    assert all(torch.equal(a, b) for a, b in zip(sent.parts, expected.parts, strict=True))
    with pytest.raises(TypeError, match="Relaxed"):
        trials.sent_by(drawn, Guess(hidden=Relaxed(drawn.rates)))


@pytest.mark.parametrize("relaxed", [False, True])
def test_axes_are_smoothness_rate_and_image(relaxed) -> None:
    """Each cell is what a search of its own would report, and the best weight has the best mean."""
    drawn = clients()
    sent = trials.sent_by(drawn, Guess(hidden=drawn.hidden))
    guess = Guess(hidden=Relaxed(drawn.rates) if relaxed else drawn.hidden)
    found = trials.tried(
        drawn,
        sent,
        guess,
        smoothness=(0.0, 0.5),
        search=Search(steps=60),
        generator=stream(1, "search"),
    )
    assert found.images.shape == (2, 3, 2, 9)
    for weight in range(2):
        ratio = matching.peak_signal_to_noise(found.images[weight].flatten(0, 1), drawn.images)
        torch.testing.assert_close(found.ratio[weight].flatten(), ratio)
    means = found.ratio[:, 1:].mean((1, 2))
    assert found.best(rates=slice(1, None)) == int(means.argmax())
    assert found.distance.shape == (2, 3, 2)
    if not relaxed:
        assert float(found.distance[0].max()) < float(found.distance[1].min())


def test_wrong_arguments_are_named() -> None:
    images, labels = torch.rand(2, 9), torch.tensor([0, 2])

    def draw(images=images, labels=labels, rates=RATES):
        return trials.draw_clients(
            images, labels, classes=3, hidden=4, rates=rates, generator=stream(0, "wrong")
        )

    drawn = clients()
    for call, text in [
        (lambda: draw(rates=()), "rates"),
        (lambda: draw(rates=(1.0,)), "rate"),
        (lambda: draw(rates=(0.3, 0.3)), "differ"),
        (lambda: draw(labels=labels + 1), "labels"),
        (lambda: draw(images=images[:0], labels=labels[:0]), "images"),
        (
            lambda: trials.tried(
                drawn,
                trials.sent_by(drawn, Guess()),
                Guess(),
                smoothness=(),
                search=Search(steps=1),
                generator=stream(0, "s"),
            ),
            "smoothness",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
