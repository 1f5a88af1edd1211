"""The one deterministic step that carries out a drawn plan."""

from __future__ import annotations

import torch
from jaxtyping import Float32
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.mixing.pasting import is_followed, is_transformed
from runtheory.mixing.plans import CutmixPlan, Examples, MixupPlan, Plan
from runtheory.mixing.targets import Targets, mixed_labels, soft_targets

Mixed = tuple[Examples, Float32[Tensor, "batch class"]]


@checked
def apply(
    plan: Plan,
    images: Examples,
    targets: Targets,
    *,
    classes: int | None = None,
    out: Tensor | None = None,
) -> Mixed:
    """Return the mixed images, in the dtype and memory format that came, and float32 targets.

    x~_i = (1 - M_i) x_i + M_i x_partner(i) and y~_i = (1 - s_i) y_i + s_i y_partner(i), with the
    mask M and the share s of ``plan``. Images have shape (batch, channel, height, width); mixup
    takes any (batch, ...). ``targets`` are labels of any integer type, for which ``classes`` must
    be given, or soft rows, which are taken as they are. Pure: no argument changes but ``out``,
    nothing random happens, all shapes are static (``torch.compile(fullgraph=True)`` takes it whole)
    and no device is waited for. Derivatives pass in either direction, and ``torch.func`` may map
    over the images. The mixed images are written to ``out`` where it is given, a buffer like the
    images that shares no memory with them: then no batch is allocated, and no derivative passes.

    Raises
    ------
    TypeError
        If images or targets are no tensors.
    ValueError
        If the plan was drawn for another batch or image size or lies on another device, images
        and targets differ in length, targets are neither integer labels nor rows of floating-point
        weights, labels are out of range, or mixup meets integer images. With ``out``: if it has
        another shape, type or device, overlaps the images or itself, or a derivative is asked for.

    Examples
    --------
    >>> import torch
    >>> from runtheory.mixing import apply, draw_cutmix
    >>> from runtheory.randomness import Streams
    >>> images, labels = torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 2, 1])
    >>> plan = draw_cutmix(images.shape, generator=Streams(0)["mixing"])
    >>> mixed, targets = apply(plan, images, labels, classes=3)
    >>> mixed.shape, targets.sum(1)
    (torch.Size([4, 3, 8, 8]), tensor([1., 1., 1., 1.]))
    """
    check_batch(images, targets)
    plan.check(images)
    if out is None:
        mixed = plan.mix_images(images)
        # A mapped tensor does not know its memory format.
        if not is_transformed(images) and _is_channels_last(images):
            mixed = mixed.contiguous(memory_format=torch.channels_last)
        return mixed, _mix_targets(plan, targets, classes)
    _check_buffer(out, images)
    rows = _mix_targets(plan, targets, classes)  # before out changes
    return plan.mix_images(images, out), rows


@checked
def apply_(plan: Plan, images: Examples, targets: Targets, *, classes: int | None = None) -> Mixed:
    """Do as :func:`apply` does, in the memory of ``images``: the one function that changes one.

    Returns the very tensor ``images``, and new targets. CutMix on a CPU changes the images along
    the cycles of its permutation and puts one box aside for each, so that only the pixels that
    change are touched. The values are those of :func:`apply`, bit by bit.

    Raises
    ------
    TypeError, ValueError
        As :func:`apply`; and ``ValueError`` if the images overlap themselves, as expanded tensors
        do, or a derivative is asked for.

    Examples
    --------
    >>> import torch
    >>> from runtheory.mixing import apply, apply_, draw_cutmix
    >>> images, labels = torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 2, 1])
    >>> plan = draw_cutmix(images.shape, generator=torch.Generator().manual_seed(0))
    >>> expected, _ = apply(plan, images, labels, classes=3)
    >>> mixed, targets = apply_(plan, images, labels, classes=3)
    >>> mixed is images, torch.equal(images, expected)
    (True, True)
    """
    check_batch(images, targets)
    plan.check(images)
    _check_written("images", images)
    rows = _mix_targets(plan, targets, classes)
    return plan.mix_images(images, images), rows


@checked
def check_batch(images: object, targets: object) -> None:
    """Raise what :func:`apply` says of images and targets that do not belong together."""
    for name, value in (("images", images), ("targets", targets)):
        if not isinstance(value, Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(value).__name__}")
    assert isinstance(images, Tensor)
    assert isinstance(targets, Tensor)
    if images.ndim == 0 or targets.ndim == 0:
        raise ValueError("images and targets must have shape (batch, ...), got a single number")
    if len(images) != len(targets):
        raise ValueError(
            f"images and targets must have one length, got {len(images)} and {len(targets)}"
        )


def _check_buffer(out: object, images: Tensor) -> None:
    """Raise what :func:`apply` says of an ``out`` that cannot hold the mixed images."""
    if not isinstance(out, Tensor):
        raise TypeError(f"out must be a tensor, got {type(out).__name__}")
    came, asked = _kind(out), _kind(images)
    if came != asked:
        raise ValueError(f"out must be like the images, {asked}, got {came}")
    shared = torch._C._is_alias_of(out, images)  # type: ignore[attr-defined]
    if shared and _overlap(out, images):
        raise ValueError("out must share no memory with the images: apply_ works in place")
    _check_written("out", out)
    if is_followed(images) or is_transformed(images):
        raise ValueError("no derivative passes through out, and it is not compiled: leave it out")


def _is_channels_last(images: Tensor) -> bool:
    """Return whether the channels of an image batch lie next to each other."""
    return images.ndim == 4 and images.is_contiguous(memory_format=torch.channels_last)


def _mix_targets(plan: Plan, targets: Tensor, classes: int | None) -> Tensor:
    """Return the mixed targets, of labels on the CPU without mixing whole rows."""
    # The very types: a plan derived from them may credit the partner otherwise.
    if type(plan) in (CutmixPlan, MixupPlan) and targets.ndim == 1:
        assert isinstance(plan, CutmixPlan | MixupPlan)
        if tensor_checks.readable(targets) and tensor_checks.readable(plan.partner):
            return mixed_labels(targets, plan.partner, plan.share, classes)
    return plan.mix_targets(soft_targets(targets, classes))


def _check_written(name: str, tensor: Tensor) -> None:
    """Raise ``ValueError`` for a tensor that must not be written to."""
    if is_followed(tensor) or is_transformed(tensor):
        raise ValueError(f"{name} must not be followed by a derivative, a transform or a compiler")
    reach = 0
    strides = sorted(
        (stride, size) for stride, size in zip(tensor.stride(), tensor.shape, strict=True)
    )
    for stride, size in strides:
        if size > 1 and stride <= reach:
            raise ValueError(f"{name} must not overlap itself, got strides {tensor.stride()}")
        reach += stride * (size - 1)


def _kind(tensor: Tensor) -> tuple[tuple[int, ...], torch.dtype, str]:
    return tuple(tensor.shape), tensor.dtype, str(tensor.device)


def _overlap(first: Tensor, second: Tensor) -> bool:
    """Return whether the ranges that two tensors of one type span in one storage overlap."""
    starts = first.storage_offset(), second.storage_offset()
    ends = [
        start + sum(step * (size - 1) for step, size in zip(one.stride(), one.shape, strict=True))
        for start, one in zip(starts, (first, second), strict=True)
    ]
    return starts[0] <= ends[1] and starts[1] <= ends[0]
