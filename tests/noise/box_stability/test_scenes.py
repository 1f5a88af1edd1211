"""Scenes show their rectangle where the box says, and each change does what its name says."""

from __future__ import annotations

import pytest
import torch

from runtheory.noise.box_stability import scenes
from runtheory.randomness import stream


def drawn(count: int = 20, **options: float) -> tuple[torch.Tensor, torch.Tensor]:
    return scenes.draw_scenes(count, generator=stream(0, "scenes"), **options)


@pytest.mark.parametrize("scale", [1.0, 0.6, 0.3])
def test_the_rectangle_fills_its_box(scale) -> None:
    images, boxes = drawn(scale=scale)
    assert images.shape == (20, 1, scenes.SIDE, scenes.SIDE)
    for image, box in zip(images[:, 0], boxes, strict=True):
        top, bottom, left, right = (scenes.SIDE * box).int().tolist()
        assert 0 <= top < bottom <= scenes.SIDE
        assert 0 <= left < right <= scenes.SIDE
        bright = torch.zeros_like(image, dtype=torch.bool)
        bright[top:bottom, left:right] = True
        assert torch.equal(image > 0.5, bright)


def test_a_scale_changes_the_size_about_the_centre() -> None:
    (_, large), (_, small) = drawn(), drawn(scale=0.5)
    pixel = 1 / scenes.SIDE
    sides = [box[:, 1::2] - box[:, 0::2] for box in (large, small)]
    assert float((sides[1] - 0.5 * sides[0]).abs().max()) <= 1.5 * pixel
    centres = [box[:, 1::2] + box[:, 0::2] for box in (large, small)]
    assert float((centres[1] - centres[0]).abs().max()) <= 2 * pixel
    assert float(sides[0].min()) / pixel >= scenes.SMALLEST - 1
    assert float(sides[0].max()) / pixel <= scenes.LARGEST + 1


def changed(family: str, amount: float) -> tuple[torch.Tensor, torch.Tensor]:
    images, _ = drawn(100)
    generator = stream(1, "changes")
    return images, scenes.corrupted(images, family=family, amount=amount, generator=generator)


def test_noise_adds_its_variance() -> None:
    images, noisy = changed("noise", 0.35)
    assert float((noisy - images).std()) == pytest.approx(0.35, rel=0.02)


def test_blur_averages_neighbours() -> None:
    images, blurred = changed("blur", 1.0)
    mean = images[3, 0, 4:7, 9:12].mean()
    torch.testing.assert_close(blurred[3, 0, 5, 10], mean)
    _, twice = changed("blur", 2.0)
    torch.testing.assert_close(twice[3, 0, 5, 10], blurred[3, 0, 4:7, 9:12].mean())


def test_contrast_keeps_the_mean_and_scales_the_rest() -> None:
    images, faded = changed("contrast", 0.2)
    torch.testing.assert_close(faded.mean((1, 2, 3)), images.mean((1, 2, 3)))
    torch.testing.assert_close(faded.std((1, 2, 3)), 0.2 * images.std((1, 2, 3)))


def test_brightness_lifts_the_background_alone() -> None:
    images, lifted = changed("brightness", 0.3)
    dark = images < 0.5
    torch.testing.assert_close(lifted[dark], images[dark] + 0.3)
    assert torch.equal(lifted[~dark], images[~dark])


def test_clutter_puts_squares() -> None:
    images, cluttered = changed("clutter", 1.0)
    touched = (cluttered != images).sum((1, 2, 3))
    assert bool((touched == 16).all())
    assert bool((cluttered[cluttered != images] == 0.85).all())


def test_thirty_environments_of_the_same_scenes() -> None:
    plain, *found = scenes.environments(3, seed=2)
    assert (plain.family, len(found)) == ("plain", 30)
    assert len({(one.family, one.amount) for one in found}) == 30
    for one in found:
        assert one.amount in scenes.FAMILIES[one.family]
        assert not torch.equal(one.images, plain.images)
        assert torch.equal(one.boxes, plain.boxes) == (one.family != "scale")


def test_what_is_refused() -> None:
    images, _ = drawn(2)
    with pytest.raises(ValueError, match="family must be one of"):
        scenes.corrupted(images, family="scale", amount=0.5, generator=stream(0, "refused"))
    with pytest.raises(ValueError, match="amount"):
        scenes.corrupted(images, family="noise", amount=-0.5, generator=stream(0, "refused"))
    with pytest.raises(ValueError, match="scale"):
        drawn(scale=1.5)
