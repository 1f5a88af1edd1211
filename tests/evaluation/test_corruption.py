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


def test_the_table_is_what_is_done() -> None:
    """At severity 2, on pixels whose answer is known."""
    ramp = torch.linspace(0.3, 0.5, 64).reshape(1, 1, 8, 8)
    assert SEVERITIES.keys() == CORRUPTIONS.keys()
    draw = torch.Generator()
    brighter = CORRUPTIONS["brightness"](ramp, 2, draw)
    torch.testing.assert_close(brighter - ramp, torch.full_like(ramp, 0.2))
    flatter = CORRUPTIONS["contrast"](ramp, 2, draw)
    torch.testing.assert_close(flatter.std(), 0.4 * ramp.std())
    torch.testing.assert_close(flatter.mean(), ramp.mean())
    blocks = CORRUPTIONS["pixelate"](ramp, 2, draw)
    torch.testing.assert_close(blocks[..., :3, :3], ramp[..., :3, :3].mean().expand(1, 1, 3, 3))
    grey = torch.full((1, 1, 100, 100), 0.5)
    noise = CORRUPTIONS["gaussian noise"](grey, 2, torch.Generator().manual_seed(0)) - grey
    assert abs(noise.std().item() - 0.1) < 5 * 0.1 / (2 * 10_000) ** 0.5  # its standard error
    spot = torch.zeros(1, 1, 9, 9)
    spot[..., 4, 4] = 1.0
    blurred = CORRUPTIONS["blur"](spot, 2, draw)
    ratio = blurred[0, 0, 4, 5] / blurred[0, 0, 4, 4]
    torch.testing.assert_close(ratio, torch.tensor(-0.5).exp())  # one deviation from the centre
