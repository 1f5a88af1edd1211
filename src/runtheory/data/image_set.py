"""An image set holds all its images on one device, with their channel statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from runtheory import checks
from runtheory.shapes import Images, RawImages

# Images counted at a time: bounds the temporary that counting makes to a few megabytes.
_CHUNK = 1024


@dataclass(frozen=True)
class ChannelStatistics:
    """Mean and standard deviation of each channel, of images scaled to [0, 1]."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Training and test images (uint8, 0 to 255) with labels (int64), whole on one device.

    ``mean`` and ``deviation`` hold, for each channel, the mean and the population standard
    deviation of the *training* images scaled to [0, 1]. ``classes[label]`` names a class.
    """

    name: str
    train_images: UInt8[Tensor, "train channel height width"]
    train_labels: Int64[Tensor, " train"]
    test_images: UInt8[Tensor, "test channel height width"]
    test_labels: Int64[Tensor, " test"]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def to(self, device: torch.device | str) -> ImageSet:
        """Return the same set on ``device``; nothing is copied that lies there already."""
        return replace(
            self,
            train_images=self.train_images.to(device),
            train_labels=self.train_labels.to(device),
            test_images=self.test_images.to(device),
            test_labels=self.test_labels.to(device),
        )


def channel_statistics(images: RawImages) -> ChannelStatistics:
    """Return mean and population standard deviation of each channel, scaled to [0, 1].

    Both follow from the histogram of the 256 values in whole numbers, so they are exact and do not
    depend on the order of summation, the device or the number of threads. Synchronises with the
    host.

    Raises
    ------
    ValueError
        If there is no pixel to average.
    """
    if images.numel() == 0:
        raise ValueError(f"statistics need at least one pixel, got shape {tuple(images.shape)}")
    pixels = images.numel() // images.shape[1]
    histograms = [_histogram(channel) for channel in images.unbind(1)]
    sums = [sum(value * count for value, count in enumerate(h)) for h in histograms]
    squares = [sum(value**2 * count for value, count in enumerate(h)) for h in histograms]
    # Python integers: n * sum(x^2) - sum(x)^2 is exact, and zero exactly for a constant channel.
    spreads = [pixels * b - a * a for a, b in zip(sums, squares, strict=True)]
    return ChannelStatistics(
        mean=tuple(a / (255 * pixels) for a in sums),
        deviation=tuple(spread**0.5 / (255 * pixels) for spread in spreads),
    )


def _histogram(channel: UInt8[Tensor, "batch height width"]) -> list[int]:
    counts = torch.zeros(256, dtype=torch.int64, device=channel.device)
    for chunk in torch.split(channel, _CHUNK):
        counts += torch.bincount(chunk.flatten(), minlength=256)
    return [int(count) for count in counts.tolist()]


def assemble(
    name: str,
    train: tuple[Tensor, Tensor],
    *,
    test: tuple[Tensor, Tensor],
    classes: tuple[str, ...],
) -> ImageSet:
    """Build an :class:`ImageSet` out of (images, labels) pairs and measure its statistics.

    Images are uint8 ``(count, channel, height, width)``, labels int64 ``(count,)``.

    Raises
    ------
    ValueError
        If images and labels differ in number, or a label names no class.
    """
    for part, (images, labels) in (("training", train), ("test", test)):
        if len(images) != len(labels):
            raise ValueError(f"{name}: {len(images)} {part} images but {len(labels)} labels")
        checks.labels_below(labels, len(classes), name=f"{name}: {part} labels")
    statistics = channel_statistics(train[0])
    return ImageSet(name, *train, *test, classes, statistics.mean, statistics.deviation)


def subset(
    image_set: ImageSet, per_class: int | Sequence[int], *, generator: torch.Generator
) -> ImageSet:
    """Return the set with ``per_class`` training images of each class, drawn without replacement.

    ``per_class`` is one number or one for each class. The images keep the order of the full set,
    the test part is untouched, and ``mean`` and ``deviation`` are measured again, so that they
    remain those of the training images. Drawn on the generator's device; synchronises with the
    host. From generators in one state, a smaller number gives some of the images of a larger one.

    Raises
    ------
    ValueError
        If a number is below 1, a class holds fewer images, or there is not one for each class.
    """
    classes = len(image_set.classes)
    counts = [per_class] * classes if isinstance(per_class, int) else list(per_class)
    if len(counts) != classes:
        raise ValueError(f"per_class must name {classes} numbers of images, got {len(counts)}")
    checks.at_least(1, per_class=counts)
    index = _drawn_from_each_class(image_set, counts, generator)
    images = image_set.train_images[index]
    statistics = channel_statistics(images)
    return replace(
        image_set,
        train_images=images,
        train_labels=image_set.train_labels[index],
        mean=statistics.mean,
        deviation=statistics.deviation,
    )


def _drawn_from_each_class(
    image_set: ImageSet, counts: Sequence[int], generator: torch.Generator
) -> Tensor:
    """Return the ascending positions of ``counts[k]`` training images of each class k."""
    labels = image_set.train_labels.to(generator.device)
    chosen = []
    for label, (title, count) in enumerate(zip(image_set.classes, counts, strict=True)):
        members = (labels == label).nonzero().squeeze(1)
        if len(members) < count:
            raise ValueError(
                f"per_class is {count}, but class {title!r} of {image_set.name} "
                f"has {len(members)} training images"
            )
        # The whole permutation, so that fewer images are the first of more.
        order = torch.randperm(len(members), generator=generator, device=generator.device)
        chosen.append(members[order[:count]])
    return torch.cat(chosen).sort().values.to(image_set.train_labels.device)


def normalise(
    images: RawImages,
    statistics: ImageSet | ChannelStatistics,
    *,
    dtype: torch.dtype = torch.float32,
) -> Images:
    """Return (x / 255 - mean) / deviation for each channel, as new tensors of ``dtype``.

    The arithmetic runs in float32 for half-precision ``dtype`` and is rounded once at the end.
    Stays on the images' device and causes no host synchronisation.

    Raises
    ------
    ValueError
        If ``dtype`` is not a floating type, the number of channels differs from that of the
        statistics, or a channel is constant (deviation 0).
    """
    if not dtype.is_floating_point:
        raise ValueError(f"dtype must be a floating type, got {dtype}")
    if images.shape[1] != len(statistics.mean):
        raise ValueError(
            f"statistics of {len(statistics.mean)} channels cannot normalise "
            f"images of {images.shape[1]} channels"
        )
    if min(statistics.deviation) <= 0:
        raise ValueError(f"every channel needs a positive deviation, got {statistics.deviation}")
    working = torch.float64 if dtype == torch.float64 else torch.float32
    mean = _per_channel(statistics.mean, images.device, working)
    deviation = _per_channel(statistics.deviation, images.device, working)
    return ((images.to(working) - 255 * mean) / (255 * deviation)).to(dtype)


def normalise_pixels(pixels: Images, statistics: ImageSet | ChannelStatistics) -> Images:
    """Return (x - mean) / deviation for each channel of pixels that are floats in [0, 1] already.

    What acts on pixels, say an attack, and not on bytes needs this form; its last bits are not
    those of :func:`normalise`. Keeps the dtype and the device of ``pixels``.
    """
    mean = _per_channel(statistics.mean, pixels.device, pixels.dtype)
    deviation = _per_channel(statistics.deviation, pixels.device, pixels.dtype)
    return (pixels - mean) / deviation  # (batch, channel, height, width)


def _per_channel(values: tuple[float, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    # Filled on the device: a tensor made from a Python list would be copied over and wait for it.
    filled = [torch.full((1, 1, 1), value, device=device, dtype=dtype) for value in values]
    return torch.cat(filled)
