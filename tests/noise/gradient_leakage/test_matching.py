"""The search for images by their gradient: distance, its floor, and what it finds."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout.masks import draw_masks
from runtheory.noise.gradient_leakage import client, matching
from runtheory.noise.gradient_leakage.matching import Guess, Relaxed, Search
from runtheory.randomness import stream

RATE = 0.4
SMOOTH = torch.full((3,), 1e-3).double()


def clients(seed: int) -> tuple:
    """Three networks for images of nine pixels, a smooth image each, and masks of hidden units."""
    generator = stream(seed, "matching")
    net = client.draw_networks(9, hidden=30, classes=4, replicates=3, generator=generator)
    level = torch.rand((3, 1), generator=generator, dtype=torch.float64)
    images = (level + 0.05 * torch.arange(9)).clamp(0, 1)
    labels = torch.tensor([0, 3, 1])
    factors = draw_masks(3, (1, 30), rate=RATE, generator=generator).double() / (1 - RATE)
    return net, images, labels, factors


def sent_of(net, images, labels, **factors) -> client.Layers:
    return client.shared_gradient(net, images[:, None], labels[:, None], **factors)


@given(seed=st.integers(0, 1000))
def test_distance_is_that_of_the_flattened_gradients(seed) -> None:
    net, images, labels, factors = clients(seed)
    sent = sent_of(net, images, labels, on_hidden=factors)
    own = sent_of(net, images.flip(1), labels)
    found = matching.cosine_distance(
        client.pulls(net, images.flip(1)[:, None], labels[:, None]), sent
    )
    first, second = (
        torch.cat([part.flatten(1) for part in layers.parts], 1) for layers in (own, sent)
    )
    expected = 1 - torch.nn.functional.cosine_similarity(first, second)
    torch.testing.assert_close(found, expected)
    share = matching.silent_share(own, sent)
    assert bool((found >= 1 - (1 - share).sqrt() - 1e-12).all())


def test_silent_share_counts_the_squares_where_nothing_was_sent() -> None:
    net, images, labels, factors = clients(0)
    sent, own = sent_of(net, images, labels, on_hidden=factors), sent_of(net, images, labels)
    for one in range(3):
        total = silent = 0.0
        for part, other in zip(own.parts, sent.parts, strict=True):
            for value, seen in zip(part[one].flatten(), other[one].flatten(), strict=True):
                total += float(value) ** 2
                silent += float(value) ** 2 if float(seen) == 0 else 0.0
        assert float(matching.silent_share(own, sent)[one]) == pytest.approx(silent / total)
    assert float(matching.silent_share(sent, sent).max()) == 0


def test_a_perfect_match_has_distance_zero() -> None:
    net, images, labels, factors = clients(1)
    sent = sent_of(net, images, labels, on_hidden=factors)
    own = client.pulls(net, images[:, None], labels[:, None], on_hidden=factors)
    assert float(matching.cosine_distance(own, sent).abs().max()) < 1e-12


def test_on_inputs_image_and_mask_enter_as_a_product() -> None:
    """The masked image alone matches exactly: the distance does not tell what is missing."""
    net, images, labels, _ = clients(2)
    factors = draw_masks(3, (1, 9), rate=RATE, generator=stream(2, "in")).double() / (1 - RATE)
    sent = sent_of(net, images, labels, on_inputs=factors)
    own = client.pulls(net, images[:, None] * factors, labels[:, None])
    assert float(matching.cosine_distance(own, sent).abs().max()) < 1e-12


def test_known_and_searched_masks_find_the_image_and_ignored_ones_do_not() -> None:
    net, images, labels, factors = clients(3)
    sent = sent_of(net, images, labels, on_hidden=factors)
    rates = torch.full((3,), RATE).double()
    guesses = Guess(), Guess(hidden=Relaxed(rates)), Guess(hidden=factors[:, 0])
    ratio = []
    for guess in guesses:
        found = matching.matched(
            net,
            sent,
            labels,
            guess=guess,
            smoothness=0 * SMOOTH,
            search=Search(steps=300, restarts=2),
            generator=stream(3, "search"),
        )
        assert float(found.images.min()) >= 0
        assert float(found.images.max()) <= 1
        ratio.append(matching.peak_signal_to_noise(found.images, images).mean())
    assert ratio[0] + 5 < ratio[1]
    assert ratio[2] > 25


def test_replicates_do_not_interact_and_the_better_restart_counts() -> None:
    net, images, labels, factors = clients(4)
    sent = sent_of(net, images, labels, on_hidden=factors)
    search = Search(steps=5)

    def run(search, **changed):
        parts = {"net": net, "sent": sent, "labels": labels, "smoothness": SMOOTH} | changed
        return matching.matched(
            **parts, guess=Guess(), search=search, generator=stream(4, "search")
        )

    whole = run(search)
    first = run(
        search,
        net=client.Layers(*(part[:1] for part in net.parts)),
        sent=client.Layers(*(part[:1] for part in sent.parts)),
        labels=labels[:1],
        smoothness=SMOOTH[:1],
    )
    torch.testing.assert_close(whole.images[:1], first.images)
    more = run(replace(search, restarts=6), smoothness=0 * SMOOTH)
    single = run(search, smoothness=0 * SMOOTH)
    assert float(more.distance[0]) <= float(single.distance[0]) + 1e-12


def test_total_variation_by_hand() -> None:
    image = torch.tensor([[0.0, 1.0, 1.0], [0.5, 1.0, 0.0]])
    assert float(matching.total_variation(image)) == pytest.approx(
        (0.5 + 0 + 1) / 3 + (1 + 0 + 0.5 + 1) / 4
    )


def test_peak_signal_to_noise() -> None:
    images = torch.rand((2, 9), generator=stream(5, "peak"))
    assert matching.peak_signal_to_noise(images, images).tolist() == [math.inf, math.inf]
    off = matching.peak_signal_to_noise(images + 0.1, images)
    assert off.tolist() == pytest.approx([20.0, 20.0], abs=1e-4)


def test_wrong_arguments_are_named() -> None:
    net, images, labels, factors = clients(6)
    sent = sent_of(net, images, labels, on_hidden=factors)

    def run(guess=None, smoothness=SMOOTH, labels=labels):
        return matching.matched(
            net,
            sent,
            labels,
            guess=guess or Guess(),
            smoothness=smoothness,
            search=Search(steps=1),
            generator=stream(6, "search"),
        )

    two = client.pulls(net, images[:, None].expand(-1, 2, -1), labels[:, None].expand(-1, 2))
    for call, text in [
        (lambda: run(Guess(hidden=factors[:, 0, :5])), "factors of a guess"),
        (lambda: run(Guess(inputs=Relaxed(torch.full((2,), RATE)))), "rates"),
        (lambda: run(Guess(inputs=Relaxed(torch.ones(3)))), "rates"),
        (lambda: run(smoothness=-SMOOTH), "smoothness"),
        (lambda: run(labels=labels + 4), "labels"),
        (lambda: matching.cosine_distance(two, sent), "one example"),
        (lambda: matching.total_variation(torch.ones(1, 4)), "rows"),
        (lambda: Search(steps=0), "steps"),
        (lambda: Search(step_size=0.0), "step_size"),
        (lambda: Search(share_weight=-1.0), "share_weight"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()


def test_images_must_be_square() -> None:
    labels = clients(6)[2]
    narrow = client.draw_networks(
        8, hidden=3, classes=2, replicates=1, generator=stream(0, "narrow")
    )
    with pytest.raises(ValueError, match="square"):
        matching.matched(
            narrow,
            narrow,
            labels[:1],
            guess=Guess(),
            smoothness=SMOOTH[:1],
            search=Search(steps=1),
            generator=stream(0, "search"),
        )
