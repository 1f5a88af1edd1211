"""Five corruptions: they grow with severity, keep the scale, and do what their table says."""

from __future__ import annotations

import pytest
import torch

from runtheory.evaluation.corruption import CORRUPTIONS, SEVERITIES


@pytest.mark.parametrize("name", list(CORRUPTIONS))
def test_corruptions_grow_with_severity_and_keep_the_scale(name: str) -> None:
    images = torch.rand(8, 3, 14, 9, generator=torch.Generator().manual_seed(0))
    before, change = images.clone(), []
    for severity in (1, 2, 3):
        one, two = (
            CORRUPTIONS[name](images, severity, torch.Generator().manual_seed(1)) for _ in "ab"
        )
        assert torch.equal(one, two)
        assert one.shape == images.shape
        assert one.min() >= -1e-6
        assert one.max() <= 1 + 1e-6
        change.append(float((one - images).square().mean()))
    assert 0 < change[0] < change[1] < change[2]
    assert torch.equal(images, before)
    with pytest.raises(ValueError, match="severity must be"):
        CORRUPTIONS[name](images, 4, torch.Generator())


def test_smoothing_corruptions_leave_a_constant_image_alone() -> None:
    flat = torch.full((1, 2, 9, 9), 0.4)
    for name in ("blur", "contrast", "pixelate"):
        assert torch.allclose(CORRUPTIONS[name](flat, 3, torch.Generator()), flat, atol=1e-6)


# At severity 2, on pixels whose answer is known.
RAMP = torch.linspace(0.3, 0.5, 64).reshape(1, 1, 8, 8)


def at_severity_two(name: str, images: torch.Tensor) -> torch.Tensor:
    """Return the images under one corruption of severity 2."""
    return CORRUPTIONS[name](images, 2, torch.Generator().manual_seed(0))


def test_every_corruption_has_a_row_in_the_table() -> None:
    assert SEVERITIES.keys() == CORRUPTIONS.keys()


def test_brightness_adds_its_number() -> None:
    brighter = at_severity_two("brightness", RAMP)
    torch.testing.assert_close(brighter - RAMP, torch.full_like(RAMP, 0.2))


def test_contrast_shrinks_towards_the_mean() -> None:
    flatter = at_severity_two("contrast", RAMP)
    torch.testing.assert_close(flatter.std(), 0.4 * RAMP.std())
    torch.testing.assert_close(flatter.mean(), RAMP.mean())


def test_pixelate_puts_the_mean_of_each_block() -> None:
    blocks = at_severity_two("pixelate", RAMP)
    torch.testing.assert_close(blocks[..., :3, :3], RAMP[..., :3, :3].mean().expand(1, 1, 3, 3))


def test_noise_has_its_standard_deviation() -> None:
    grey = torch.full((1, 1, 100, 100), 0.5)
    noise = at_severity_two("gaussian noise", grey) - grey
    assert abs(noise.std().item() - 0.1) < 5 * 0.1 / (2 * 10_000) ** 0.5  # its standard error


def test_blur_spreads_a_spot_by_its_standard_deviation() -> None:
    spot = torch.zeros(1, 1, 9, 9)
    spot[..., 4, 4] = 1.0
    blurred = at_severity_two("blur", spot)
    ratio = blurred[0, 0, 4, 5] / blurred[0, 0, 4, 4]
    torch.testing.assert_close(ratio, torch.tensor(-0.5).exp())  # one deviation from the centre
