"""CutMix beside other implementations of it, on one batch of 256 x 3 x 32 x 32 float32.

Integer labels, 100 classes. Where freed memory goes back to the system at every call, page faults
weigh more than the arithmetic, and the ratio can turn round. glibc does so in a fresh process and
stops once large arrays have been freed, as in a training loop, or when it is told to. One box per
image is measured with the memory left to the system and with it kept; alone in a process
(``--only mixing``) the two differ most. timm and torchvision are measured where they can
be imported and named as absent where not; neither is a dependency of the book. "Roll and
slice" is our own transcription of the operation that torchvision's transform performs: a roll, a
slice assignment on a clone, one-hot labels and their blend.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import one_hot

from benchmarks.timing import Comparison, Step, Way
from runtheory.mixing import CLIPPED, EVEN_SIDES, apply, draw_cutmix

SHAPE, CLASSES = (256, 3, 32, 32), 100


def ours(images: torch.Tensor, labels: torch.Tensor, *, per_image: bool) -> Step:
    """Draw and apply, one box per image or per batch."""
    generator = torch.Generator(images.device).manual_seed(0)
    placement = CLIPPED if per_image else EVEN_SIDES

    def step() -> object:
        plan = draw_cutmix(SHAPE, per_image=per_image, generator=generator, placement=placement)
        return apply(plan, images, labels, classes=CLASSES)

    return step


def roll_and_slice(images: torch.Tensor, labels: torch.Tensor) -> Step:
    """Roll, paste one slice into a clone, blend the rolled one-hot labels."""
    beta = torch.distributions.Beta(torch.tensor([1.0]), torch.tensor([1.0]))
    height, width = SHAPE[2:]

    def step() -> object:
        nominal = float(beta.sample(()))
        row, column = int(torch.randint(height, (1,))), int(torch.randint(width, (1,)))
        half = 0.5 * (1 - nominal) ** 0.5
        tall, wide = int(half * height), int(half * width)
        top, bottom = max(row - tall, 0), min(row + tall, height)
        left, right = max(column - wide, 0), min(column + wide, width)
        mixed = images.clone()
        mixed[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
        kept = 1 - (bottom - top) * (right - left) / (height * width)
        rows = one_hot(labels, num_classes=CLASSES).float()
        return mixed, rows.roll(1, 0).mul_(1 - kept).add_(rows.mul(kept))

    return step


def timm_step(images: torch.Tensor, labels: torch.Tensor, mode: str) -> Step | None:
    """Return timm's CutMix in ``mode``, or None where timm is absent.

    Its package imports torchvision; the one module that is needed does not, and is loaded alone.
    """
    found = importlib.util.find_spec("timm")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "data" / "mixup.py"
    spec = importlib.util.spec_from_file_location("timm_mixup", path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    mix = module.Mixup(
        mixup_alpha=0.0, cutmix_alpha=1.0, mode=mode, label_smoothing=0.0, num_classes=CLASSES
    )

    # It writes into its input; a fresh clone keeps the comparison one of equal results.
    return lambda: mix(images.clone(), labels)


def torchvision_step(images: torch.Tensor, labels: torch.Tensor) -> Step | None:
    """Return torchvision's CutMix, or None where it cannot be imported."""
    try:
        from torchvision.transforms import v2
    except ImportError:
        return None
    mix = v2.CutMix(num_classes=CLASSES)
    return lambda: mix(images, labels)


def comparisons(device: torch.device) -> list[Comparison]:
    """Return one box per image beside all others, and one box per batch beside its like."""
    np.random.seed(0)  # noqa: NPY002 - timm draws from NumPy's global state
    images = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0)).to(device)
    labels = torch.randint(CLASSES, SHAPE[:1], generator=torch.Generator().manual_seed(1))
    labels = labels.to(device)
    whole = "one box for the whole batch"
    batch = (
        Way("torchvision, per batch", torchvision_step(images, labels), note=whole),
        Way(
            "roll and slice, per batch",
            roll_and_slice(images, labels),
            note="torchvision's operation, transcribed; one box for the whole batch",
        ),
        Way("timm, per batch", timm_step(images, labels, "batch"), note=whole),
    )
    element = Way("timm, per element", timm_step(images, labels, "elem"), note="a loop over images")
    size = "256 × 3 × 32 × 32"
    by_image = Comparison(
        "cutmix-image",
        f"CutMix, one box per image, {size}",
        Way("ours", ours(images, labels, per_image=True)),
        (element, *batch),
        rounds=41,
        repeats=3,
    )
    returned = f"{by_image.what}, memory left to the system"
    return [
        replace(by_image, key="cutmix-image-returned", what=returned, keeps_memory=False),
        by_image,
        Comparison(
            "cutmix-batch",
            f"CutMix, one box per batch, {size}",
            Way("ours", ours(images, labels, per_image=False)),
            batch,
            rounds=41,
            repeats=3,
        ),
    ]
