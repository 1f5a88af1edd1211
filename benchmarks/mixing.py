"""CutMix beside other implementations of it: small and large images, floats and bytes.

Integer labels, 100 classes. Where freed memory goes back to the system at every call, page faults
weigh more than the arithmetic; so each batch is measured with the memory kept and with it left to
the system. timm and torchvision are measured where they can be had and named as absent where not;
neither is a dependency of the book. "Roll and slice" is our own transcription of the operation
that torchvision's transform performs: a roll, a slice assignment on a clone, one-hot labels and
their blend. "Slices on a clone" is the loop that one would write by hand for one box per image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from benchmarks import peers
from benchmarks.scaling import Question, Size
from benchmarks.timing import Comparison, Step, Way
from runtheory.mixing import CLIPPED, EVEN_SIDES, CutmixPlan, apply, apply_, draw_cutmix
from runtheory.mixing.targets import mixed_labels

CLASSES = 100
SMALL, LARGE = (256, 3, 32, 32), (64, 3, 224, 224)
WHOLE = "one box for the whole batch"
# Times the size of SMALL: fewer images below, more pixels above.
GROWING = {
    1 / 16: (16, 3, 32, 32),
    1 / 4: (64, 3, 32, 32),
    1.0: SMALL,
    4.0: (256, 3, 64, 64),
    16.0: (256, 3, 128, 128),
}


@dataclass(frozen=True)
class Batch:
    """Images with labels; ``large`` images need fewer rounds, and one call a round."""

    name: str
    images: Tensor
    labels: Tensor

    @property
    def large(self) -> bool:
        return self.images.numel() > 4 * math.prod(SMALL)

    @property
    def size(self) -> str:
        return " × ".join(map(str, self.images.shape))


def batch(shape: tuple[int, ...], device: torch.device, *, kind: str = "float32") -> Batch:
    """Return a batch of random images: float32, bytes, or float32 channels-last."""
    images = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)
    if kind == "bytes":
        images = images.mul(64).add(128).clamp(0, 255).byte()
    elif kind == "channels-last":
        images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.randint(CLASSES, shape[:1], generator=torch.Generator().manual_seed(1))
    return Batch(kind, images, labels.to(device))


def drawing(one: Batch, *, per_image: bool = True) -> Callable[[], CutmixPlan]:
    """Return what draws a plan for the batch, one box per image or per batch."""
    generator = torch.Generator(one.images.device).manual_seed(0)
    placement = CLIPPED if per_image else EVEN_SIDES
    shape = one.images.shape
    return lambda: draw_cutmix(shape, per_image=per_image, generator=generator, placement=placement)


def ours(one: Batch, *, per_image: bool = True) -> Step:
    """Draw and apply, one box per image or per batch."""
    draw = drawing(one, per_image=per_image)
    return lambda: apply(draw(), one.images, one.labels, classes=CLASSES)


def into_buffer(one: Batch) -> Step:
    """Draw and apply into a buffer that is there."""
    draw, buffer = drawing(one), torch.empty_like(one.images)
    return lambda: apply(draw(), one.images, one.labels, classes=CLASSES, out=buffer)


def in_place(one: Batch) -> Step:
    """Draw and apply in the memory of the images, which are mixed further at every call."""
    draw, images = drawing(one), one.images.clone()
    return lambda: apply_(draw(), images, one.labels, classes=CLASSES)


def without_images(one: Batch) -> Step:
    """Draw the boxes and mix the labels alone: what they take of the time of a small batch."""
    draw = drawing(one)

    def step() -> object:
        plan = draw()
        return mixed_labels(one.labels, plan.partner, plan.share, CLASSES)

    return step


def slices_on_a_clone(one: Batch) -> Step:
    """Clone the images and copy each box in a loop; the labels as ours."""
    draw, images = drawing(one), one.images

    def step() -> object:
        plan = draw()
        mixed = images.clone()
        pairs = zip(plan.partner.tolist(), plan.boxes.edges.tolist(), strict=True)
        for receiver, (donor, (top, bottom, left, right)) in enumerate(pairs):
            mixed[receiver, :, top:bottom, left:right] = images[donor, :, top:bottom, left:right]
        rows = one_hot(one.labels, num_classes=CLASSES).float()
        share = plan.share.float()[:, None]
        return mixed, rows * (1 - share) + rows[plan.partner] * share

    return step


def roll_and_slice(one: Batch) -> Step:
    """Roll, paste one slice into a clone, blend the rolled one-hot labels."""
    beta = torch.distributions.Beta(torch.tensor([1.0]), torch.tensor([1.0]))
    images, labels = one.images, one.labels
    height, width = images.shape[2:]

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


def timm_step(one: Batch, mode: str) -> Step | None:
    """Return timm's CutMix in ``mode``, or None where timm is absent."""
    module = peers.timm_mixup()
    if module is None:
        return None
    mix = module.Mixup(
        mixup_alpha=0.0, cutmix_alpha=1.0, mode=mode, label_smoothing=0.0, num_classes=CLASSES
    )
    # It writes into its input; a fresh clone keeps the comparison one of equal results.
    return lambda: mix(one.images.clone(), one.labels)


def torchvision_step(one: Batch) -> Step | None:
    """Return torchvision's CutMix, or None where it cannot be had."""
    transforms = peers.torchvision_transforms()
    if transforms is None:
        return None
    mix = transforms.CutMix(num_classes=CLASSES)
    return lambda: mix(one.images, one.labels)


def torchvision_way(one: Batch) -> Way:
    return Way("torchvision, per batch", torchvision_step(one), note=WHOLE)


def per_batch(one: Batch) -> tuple[Way, ...]:
    """Return the peers that have one box for the whole batch."""
    transcribed = f"torchvision's operation, transcribed; {WHOLE}"
    return (
        torchvision_way(one),
        Way("roll and slice, per batch", roll_and_slice(one), note=transcribed),
        Way("timm, per batch", timm_step(one, "batch"), note=WHOLE),
    )


def per_image(key: str, one: Batch) -> list[Comparison]:
    """Return one box per image beside all others, with memory kept and left to the system."""
    loop = Way("slices on a clone", slices_on_a_clone(one), note="a loop over images, by hand")
    peers_of: tuple[Way, ...] = (torchvision_way(one), loop)
    if one.name == "float32":
        element = Way("timm, per element", timm_step(one, "elem"), note="a loop over images")
        peers_of = (element, *per_batch(one), loop)
    if not one.large:
        alone = Way("boxes and labels alone", without_images(one), note="no image is touched")
        peers_of = (*peers_of, alone)
    kept = Comparison(
        key,
        f"CutMix, one box per image, {one.size}, {one.name}",
        Way("ours", ours(one)),
        peers_of,
        rounds=15 if one.large else 41,
        repeats=1 if one.large else 3,
    )
    returned = f"{kept.what}, memory left to the system"
    return [replace(kept, key=f"{key}-returned", what=returned, keeps_memory=False), kept]


def copy_alone(one: Batch) -> Way:
    """Copy the batch into a buffer that is there: what any way takes that writes a second batch."""
    source, target = one.images.numpy(), torch.empty_like(one.images).numpy()
    return Way("a copy of the batch", lambda: np.copyto(target, source), note="nothing is mixed")


def without_a_new_batch(one: Batch) -> list[Comparison]:
    """Return our two ways that allocate no second batch, each beside torchvision's CutMix."""
    copied = (copy_alone(one),) if one.images.device.type == "cpu" else ()
    return [
        Comparison(
            f"cutmix-large-{key}",
            f"CutMix, one box per image, {one.size}, {one.name}, {told}",
            Way("ours", step),
            (torchvision_way(one), *(copied if key == "out" else ())),
            rounds=15,
        )
        for key, told, step in (
            ("out", "into a buffer", into_buffer(one)),
            ("in-place", "in place", in_place(one)),
        )
    ]


def comparisons(device: torch.device) -> list[Comparison]:
    """Return one box per image beside all others, and one box per batch beside its like."""
    np.random.seed(0)  # noqa: NPY002 - timm draws from NumPy's global state
    small, large = batch(SMALL, device), batch(LARGE, device)
    found = per_image("cutmix-image", small)
    found += per_image("cutmix-image-bytes", batch(SMALL, device, kind="bytes"))
    found += per_image("cutmix-large", large)
    found += per_image("cutmix-large-bytes", batch(LARGE, device, kind="bytes"))
    found += per_image("cutmix-large-last", batch(LARGE, device, kind="channels-last"))
    whole = Comparison(
        "cutmix-batch",
        f"CutMix, one box per batch, {small.size}, {small.name}",
        Way("ours", ours(small, per_image=False)),
        per_batch(small),
        rounds=41,
        repeats=3,
    )
    return [*found, *without_a_new_batch(large), whole]


def scaling(device: torch.device) -> list[Question]:
    """Return how the time grows with the number of images and their pixels."""

    def at(factor: float) -> Size:
        one = batch(GROWING[factor], device)
        repeats = 1 if one.large else 10
        return Size(one.size, ours(one), torchvision_step(one), rounds=9, repeats=repeats)

    what = "CutMix, one box per image, float32"
    return [Question("cutmix", what, "torchvision, per batch", at)]
