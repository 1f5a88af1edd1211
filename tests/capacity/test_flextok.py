"""Tokens in order: least errors by truncation, turns, masks and fillers in loops, training."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.capacity import flextok
from runtheory.randomness import stream


def images_of(seed: int, count: int = 12, pixels: int = 5) -> torch.Tensor:
    drawn = torch.randn(count, pixels, generator=stream(seed, "images"), dtype=torch.float64)
    return drawn @ torch.diag(torch.arange(1.0, pixels + 1, dtype=torch.float64)) + 3


def directions_of(images: torch.Tensor, tokens: int) -> torch.Tensor:
    return torch.linalg.svd(images - images.mean(0)).Vh[:tokens]


@settings(max_examples=15)
@given(seed=st.integers(0, 1000))
def test_least_errors_are_those_of_principal_components_and_no_coder_errs_less(seed: int) -> None:
    images = images_of(seed)
    least = flextok.least_errors(images, tokens=4)
    directions = directions_of(images, 4)
    torch.testing.assert_close(flextok.linear_errors(images, directions, directions.T), least)
    draw = stream(seed, "coder")
    encoder = torch.randn(4, 5, generator=draw, dtype=torch.float64)
    centred = images - images.mean(0)
    for length in range(1, 5):  # the best decoder of a random encoder
        decoder = torch.linalg.lstsq(centred @ encoder[:length].T, centred).solution.T
        found = flextok.linear_errors(images, encoder[:length], decoder)[-1]
        assert float(found) >= float(least[length]) - 1e-9


def test_linear_errors_in_a_loop() -> None:
    images, draw = images_of(0), stream(0, "coder")
    encoder = torch.randn(3, 5, generator=draw, dtype=torch.float64)
    decoder = torch.randn(5, 3, generator=draw, dtype=torch.float64)
    found = flextok.linear_errors(images, encoder, decoder)
    for length in range(4):
        total = 0.0
        for image in images - images.mean(0):
            built = decoder[:, :length] @ (encoder[:length] @ image)
            total += float((built - image).square().sum())
        assert float(found[length]) == pytest.approx(total / len(images))


def test_fewer_images_than_pixels_leave_no_error() -> None:
    least = flextok.least_errors(images_of(0, count=3), tokens=5)
    torch.testing.assert_close(least[2:], torch.zeros(4, dtype=torch.float64), atol=1e-9, rtol=0)


def test_turns_are_orthogonal_in_blocks() -> None:
    turned = flextok.turned_within([1, 3, 6], generator=stream(0, "turn"))
    torch.testing.assert_close(turned @ turned.T, torch.eye(6, dtype=torch.float64))
    assert float(turned[0, 1:].abs().max()) == 0
    assert float(turned[1:3, 3:].abs().max()) == 0
    assert float(turned[1:3, 1:3].abs().min()) > 0


def test_mean_of_turned_errors() -> None:
    images = images_of(1)
    directions, edges = directions_of(images, 4), [1, 4]
    draw, found = stream(0, "turns"), []
    for _ in range(1500):
        turned = flextok.turned_within(edges, generator=draw) @ directions
        found.append(flextok.linear_errors(images, turned, turned.T))
    errors = torch.stack(found)
    expected = flextok.mean_turned_errors(flextok.least_errors(images, tokens=4), edges)
    torch.testing.assert_close(errors[:, [0, 1, 4]], expected[[0, 1, 4]].expand(1500, 3))
    error = errors.std(0) / math.sqrt(1500)
    assert bool(((errors.mean(0) - expected).abs() <= 4 * error + 1e-9).all())


def test_mean_turned_errors_by_hand() -> None:
    least = torch.tensor([10.0, 6.0, 3.0, 1.0, 0.0], dtype=torch.float64)
    found = flextok.mean_turned_errors(least, [2, 4])
    torch.testing.assert_close(found, torch.tensor([10.0, 6.5, 3.0, 1.5, 0.0], dtype=torch.float64))


def test_lengths_are_drawn_equally() -> None:
    lengths = flextok.draw_lengths((1, 4), (10, 20, 50), generator=stream(0, "lengths"))
    share = float((lengths == 4).double().mean())
    assert set(lengths.unique().tolist()) == {1, 4}
    assert abs(share - 0.5) < 4 * 0.5 / math.sqrt(10_000)


def coders(tokens: int = 3) -> flextok.Coders:
    return flextok.draw_coders(2, pixels=5, hidden=6, tokens=tokens, generator=stream(0, "coders"))


def test_decoding_in_a_loop_with_fillers() -> None:
    net = coders()
    fillers = torch.tensor([[[0.5, -0.5, 1.0]]] * 2)
    net = flextok.Coders(net.encoder, net.decoder, fillers)
    images = images_of(0).float()
    codes = flextok.encoded(net, images)
    lengths = torch.arange(24).reshape(2, 12) % 4
    found = flextok.decoded(net, codes, lengths)
    first, bias, second, last = net.decoder
    for r in range(2):
        for i in range(12):
            code = codes[r, i].clone()
            code[lengths[r, i] :] = fillers[r, 0, lengths[r, i] :]
            expected = (code @ first[r] + bias[r, 0]).tanh() @ second[r] + last[r, 0]
            torch.testing.assert_close(found[r, i], expected)
    whole = flextok.length_errors(net, images)
    at_two = flextok.decoded(net, codes, torch.full((2, 12), 2)) - images
    torch.testing.assert_close(whole[:, 2], at_two.square().sum(2).mean(1))


def test_training_lowers_the_error_replicate_by_replicate() -> None:
    images = images_of(0).float() / 5
    draw = stream(0, "plan")
    batches = torch.randint(12, (80, 2, 8), generator=draw)
    lengths = flextok.draw_lengths((1, 3), (80, 2, 8), generator=draw)
    start = coders()
    before = flextok.length_errors(start, images)
    done = flextok.trained(start, images, batches=batches, lengths=lengths, rate=0.02)
    after = flextok.length_errors(done, images)
    assert bool((after[:, [1, 3]] < 0.8 * before[:, [1, 3]]).all())
    other = lengths.clone()
    other[:, 1] = 2
    again = flextok.trained(start, images, batches=batches, lengths=other, rate=0.02)
    for one, two in zip(done.parts, again.parts, strict=True):
        torch.testing.assert_close(one[0], two[0])


def test_replicates_go_where_they_are_asked() -> None:
    net, images = coders(), images_of(0).float()
    moved = net.at([1, 0, 1])
    torch.testing.assert_close(
        flextok.length_errors(moved, images), flextok.length_errors(net, images)[[1, 0, 1]]
    )


def test_cut_codes_keep_what_varies_most() -> None:
    draw = stream(0, "codes")
    codes = torch.randn(2, 30, 4, generator=draw) * torch.tensor([3.0, 0.1, 2.0, 0.1])
    cut = flextok.cut_codes(codes, codes, length=2)
    assert float((cut - codes).abs().max()) < 0.5
    torch.testing.assert_close(flextok.cut_codes(codes, codes, length=4), codes)
    mean = codes.mean(1, keepdim=True).expand_as(codes)
    torch.testing.assert_close(flextok.cut_codes(codes, codes, length=0), mean)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="edges must ascend"):
        flextok.turned_within([2, 2], generator=stream(0, "turn"))
    with pytest.raises(ValueError, match="edges must end at 4"):
        flextok.mean_turned_errors(torch.zeros(5, dtype=torch.float64), [1, 3])
    with pytest.raises(ValueError, match="tokens must lie in"):
        flextok.least_errors(torch.zeros(3, 2), tokens=3)
    with pytest.raises(ValueError, match="lengths must lie in"):
        flextok.decoded(coders(), torch.zeros(2, 1, 3), torch.full((2, 1), 4))
    plan = torch.zeros(1, 2, 1, dtype=torch.int64)
    with pytest.raises(ValueError, match="batches must lie in"):
        flextok.trained(coders(), torch.zeros(1, 5), batches=plan + 1, lengths=plan)
