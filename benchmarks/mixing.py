"""Time CutMix against other implementations of it, interleaved, on one batch.

Run ``python -m benchmarks.mixing``. Where freed memory goes back to the system at every call,
page faults hide everything else; with glibc, ``MALLOC_TRIM_THRESHOLD_=1000000000`` and
``MALLOC_MMAP_THRESHOLD_=1000000000`` in the environment keep it, as a training loop's own
buffers do. The batch is 256 x 3 x 32 x 32 float32 with integer labels and 100 classes.
timm and torchvision are measured where they can be imported and named as absent
where not; neither is a dependency of the book. The row "one box per batch" is our own
transcription of the operation that torchvision's transform performs: a roll, a slice assignment
on a clone, one-hot labels and their blend.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import one_hot

from runtheory.mixing import EVEN_SIDES, apply, draw_cutmix

SHAPE, CLASSES = (256, 3, 32, 32), 100
Step = Callable[[], object]


def ours(images: torch.Tensor, labels: torch.Tensor, *, per_image: bool) -> Step:
    """Draw and apply, one box per image or per batch."""
    generator = torch.Generator().manual_seed(0)
    rule = {} if per_image else {"placement": EVEN_SIDES}

    def step() -> object:
        plan = draw_cutmix(SHAPE, per_image=per_image, generator=generator, **rule)
        return apply(plan, images, labels, classes=CLASSES)

    return step


def one_box_per_batch(images: torch.Tensor, labels: torch.Tensor) -> Step:
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


def interleaved(steps: dict[str, Step], rounds: int, repeats: int) -> dict[str, list[float]]:
    """Return milliseconds per call: each round times every step once, in turn."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name, step in steps.items():
            begin = time.perf_counter()
            for _ in range(repeats):
                step()
            if number:  # the first round warms up
                times[name].append((time.perf_counter() - begin) / repeats * 1e3)
    return times


def main() -> None:
    """Print the table and the two ratios that the book holds itself to."""
    parser = argparse.ArgumentParser(description="time CutMix implementations")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    np.random.seed(0)  # noqa: NPY002 - timm draws from NumPy's global state
    images = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
    labels = torch.randint(CLASSES, SHAPE[:1], generator=torch.Generator().manual_seed(1))
    candidates: dict[str, Step | None] = {
        "ours, one box per image": ours(images, labels, per_image=True),
        "ours, one box per batch": ours(images, labels, per_image=False),
        "roll and slice, one box per batch": one_box_per_batch(images, labels),
        "torchvision, one box per batch": torchvision_step(images, labels),
        "timm, per batch": timm_step(images, labels, "batch"),
        "timm, per element": timm_step(images, labels, "elem"),
    }
    steps = {name: step for name, step in candidates.items() if step is not None}
    times = interleaved(steps, options.rounds, options.repeats)
    print(f"{SHAPE} float32, {torch.get_num_threads()} threads of {os.cpu_count()}")
    for name in candidates:
        if name in times:
            spread = sorted(times[name])
            print(f"{name:36s} median {statistics.median(spread):7.2f} ms   min {spread[0]:7.2f}")
        else:
            print(f"{name:36s} cannot be imported here")
    base = times["ours, one box per image"]
    for name in list(steps)[2:]:
        ratios = [other / mine for other, mine in zip(times[name], base, strict=True)]
        print(f"time of '{name}' / ours per image: median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
