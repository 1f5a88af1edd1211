"""The pure step compiles whole and waits for no device."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from runtheory.mixing import EVEN_SIDES, apply, draw_cutmix, draw_cutout, draw_mixup

# In a process of its own: the shape checks of the test session are no part of what is compiled.
SCRIPT = """
import torch
from runtheory.mixing import apply, draw_cutmix, draw_cutout, draw_mixup
source = torch.Generator().manual_seed(0)
images, labels = torch.randn(5, 3, 9, 8), torch.tensor([0, 1, 2, 3, 0])
compiled = torch.compile(apply, fullgraph=True, backend="aot_eager")
torch._dynamo.config.error_on_recompile = False
for draw, options in ((draw_cutmix, {}), (draw_mixup, {}), (draw_cutout, {"size": 3})):
    for _ in range(2):
        plan = draw(images.shape, generator=source, **options)
        for ours, theirs in zip(
            apply(plan, images, labels, classes=4),
            compiled(plan, images, labels, classes=4),
            strict=True,
        ):
            assert torch.equal(ours, theirs)
    # A new plan of the same shapes must not compile anew.
    torch._dynamo.config.error_on_recompile = True
    compiled(draw(images.shape, generator=source, **options), images, labels, classes=4)
    torch._dynamo.config.error_on_recompile = False
try:
    compiled(plan, images, labels + 1, classes=4)
except RuntimeError as error:
    assert "out of bounds" in str(error)
else:
    raise AssertionError("a label out of range went through")
"""


def test_apply_compiles_whole_and_once_per_kind_of_plan():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_draw_and_apply_never_wait_for_the_device():
    source = torch.Generator(device="cuda").manual_seed(0)
    images = torch.randn(64, 3, 32, 32, device="cuda")
    labels = torch.randint(10, (64,), device="cuda")
    draws = (
        lambda: draw_cutmix(images.shape, derangement=True, probability=0.5, generator=source),
        lambda: draw_cutmix(images.shape, per_image=False, generator=source),
        lambda: draw_cutmix(images.shape, placement=EVEN_SIDES, generator=source),
        lambda: draw_mixup(images.shape, alpha=0.2, generator=source),
        lambda: draw_cutout(images.shape, size=8, generator=source),
    )
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for draw in draws:
            mixed, targets = apply(draw(), images, labels, classes=10)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert mixed.is_cuda
    assert torch.allclose(targets.sum(1), torch.ones(64, device="cuda"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_plan_moved_to_the_device_does_there_what_it_does_on_the_cpu():
    images, labels = torch.randn(6, 3, 8, 8), torch.arange(6)
    plan = draw_cutmix(images.shape, generator=torch.Generator().manual_seed(0))
    here, _ = apply(plan, images, labels, classes=6)
    there, _ = apply(plan.to("cuda"), images.cuda(), labels.cuda(), classes=6)
    assert torch.equal(here, there.cpu())
