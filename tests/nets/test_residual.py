"""The residual network: its blocks, sizes that it refuses."""

from __future__ import annotations

import pytest
import torch

from runtheory.nets import residual_net
from runtheory.randomness import stream


def test_residual_block_adds_its_input() -> None:
    net = residual_net(width=4, generator=stream(0, "initialisation"))
    block = net.body[2]
    maps = torch.randn(2, 8, 4, 4, generator=stream(0, "maps"))
    assert torch.equal(block(maps), maps + block.inner(maps))


def test_images_without_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="channels must be at least 1"):
        residual_net(channels=0, generator=stream(0, "initialisation"))
