"""Covering the centre of an image, or all but the centre."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from runtheory.evaluation.occlusion import occlude_boundary, occlude_centre, paste_centre


def test_centre_and_boundary_occlusion_share_the_image_between_them() -> None:
    images = torch.rand(2, 3, 8, 10) + 1
    centre, boundary = occlude_centre(images, size=0.5), occlude_boundary(images, size=0.5)
    assert (centre[0, 0] == 0).sum() == 4 * 4
    assert (centre[:, :, 2:6, 3:7] == 0).all()
    assert torch.equal(centre + boundary, images)
    assert torch.equal(occlude_centre(images, size=0.0), images)
    assert (occlude_centre(images, size=1.0, fill=5.0) == 5).all()


@pytest.mark.parametrize("occlude", [occlude_centre, occlude_boundary])
@pytest.mark.parametrize("size", [-1.0, 1.1])
def test_a_size_outside_the_range_is_refused(
    occlude: Callable[..., torch.Tensor], size: float
) -> None:
    with pytest.raises(ValueError, match="size must lie in"):
        occlude(torch.zeros(1, 1, 2, 2), size=size)


def test_a_foreign_centre_is_that_of_the_other_image() -> None:
    images, foreign = torch.rand(2, 3, 8, 10), torch.rand(2, 3, 8, 10) + 1
    pasted = paste_centre(images, foreign, size=0.5)
    assert torch.equal(pasted[:, :, 2:6, 3:7], foreign[:, :, 2:6, 3:7])
    assert torch.equal(occlude_centre(pasted, size=0.5), occlude_centre(images, size=0.5))
    assert torch.equal(paste_centre(images, foreign, size=0.0), images)
    with pytest.raises(ValueError, match="foreign must have height = 8"):
        paste_centre(images, foreign[:, :, :4], size=0.5)
