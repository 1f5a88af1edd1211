"""Views of latents, and what a linear readout recovers."""

from __future__ import annotations

import pytest
import torch

from runtheory.capacity.contrastive_bounds import views
from runtheory.randomness import stream


def world(noise: float = 0.5) -> views.World:
    return views.draw_world(
        6, amplitudes=(2.0, 0.5), noise=noise, replicates=3, generator=stream(0, "world")
    )


def test_views_have_the_covariance_of_the_model() -> None:
    made = world()
    latents, (first, second) = views.draw_views(made, examples=20_000, generator=stream(1, "v"))
    maps = made.maps[:, 1]
    for view, own in ((first, maps[0]), (second, maps[1])):
        expected = own.T @ own + 0.25 * torch.eye(6)
        torch.testing.assert_close(torch.cov(view[1].T), expected, rtol=0.1, atol=0.05)
    across = first[1].T @ second[1] / 20_000
    torch.testing.assert_close(across, maps[0].T @ maps[1], rtol=0.1, atol=0.05)
    torch.testing.assert_close(torch.cov(latents[1].T), torch.eye(2), rtol=0, atol=0.05)


def test_amplitudes_are_the_sizes_of_the_directions() -> None:
    many = views.draw_world(
        400, amplitudes=(3.0, 0.25), noise=0.0, replicates=4, generator=stream(2, "many")
    )
    sizes = many.maps.square().sum(-1).sqrt().mean((0, 1))
    torch.testing.assert_close(sizes, torch.tensor([3.0, 0.25]), rtol=0.06, atol=0)


def test_without_noise_everything_is_recovered() -> None:
    latents, (first, _) = views.draw_views(world(0.0), examples=60, generator=stream(3, "v"))
    found = views.recovery(first, latents)
    torch.testing.assert_close(found, torch.ones(3, 2).double(), rtol=0, atol=1e-5)


def test_recovery_by_least_squares_on_the_first_half() -> None:
    latents, (first, _) = views.draw_views(world(), examples=40, generator=stream(4, "v"))
    found = views.recovery(first, latents)
    rows = torch.cat([torch.ones(40, 1), first[2]], 1).double()
    truth = latents[2, :, 1:].double()
    readout = torch.linalg.lstsq(rows[:20], truth[:20]).solution
    left = (truth[20:] - rows[20:] @ readout).square().sum()
    total = (truth[20:] - truth[20:].mean()).square().sum()
    assert float(found[2, 1]) == pytest.approx(float(1 - left / total))
    # A coordinate twice changes nothing.
    doubled = torch.cat([first, first[..., :1]], 2)
    torch.testing.assert_close(views.recovery(doubled, latents), found, rtol=1e-6, atol=1e-6)


def test_wrong_arguments_are_named() -> None:
    latents, (first, _) = views.draw_views(world(), examples=40, generator=stream(5, "v"))

    def draw(**changes):
        given = {"amplitudes": (1.0,), "noise": 0.1, "replicates": 1} | changes
        return views.draw_world(3, **given, generator=stream(0, "w"))

    for call, text in [
        (lambda: draw(amplitudes=()), "latents"),
        (lambda: draw(amplitudes=(0.0,)), "amplitudes"),
        (lambda: draw(noise=-1.0), "noise"),
        (lambda: draw(replicates=0), "replicates"),
        (lambda: views.draw_views(world(), examples=0, generator=stream(0, "w")), "examples"),
        (lambda: views.recovery(first[:, :30], latents), "latents"),
        (lambda: views.recovery(first[:, :14], latents[:, :14]), "half"),
        (lambda: views.recovery(torch.nan * first, latents), "finite"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
