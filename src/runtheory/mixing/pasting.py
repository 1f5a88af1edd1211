"""Pixels from their donors into boxes: by slices where that can be, else by a mask.

Both forms give the same bits. Slices copy only the pixels that change, and serve a plain CPU
tensor, whose numbers may be read and written outside of PyTorch. Everything else takes the mask:
other devices, what is compiled or traced, what a derivative or ``torch.func`` follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

import numpy as np
import torch
from jaxtyping import Int64, Shaped
from torch import Tensor
from torch.autograd import forward_ad

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.mixing.boxes import Boxes, check_partners

MixedImages = Shaped[Tensor, "batch channel height width"]
Partners = Int64[Tensor, "batch"]
Edges = list[list[int]]  # of all boxes: the tops, the bottoms, the lefts and the rights

# The signed integer type that has as many bytes as one number of an image.
INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}

CACHED = 2**19  # bytes that are copied before their boxes: a fraction of a core's own cache


@checked
def paste(
    boxes: Boxes, partner: Partners, images: MixedImages, out: MixedImages | None = None
) -> MixedImages:
    """Return M x_partner + (1 - M) x, M the indicator of the box; any dtype and memory format.

    ``out`` is written to where it is given. It may be ``images`` itself and must not overlap them
    otherwise. On a plain CPU tensor the images are then changed along the cycles of the
    permutation: of each cycle one box is put aside, and no second batch is allocated.

    Raises
    ------
    ValueError
        If a partner is none of the images: on a plain CPU tensor; elsewhere PyTorch refuses it.
    """
    if not is_plain(images) or not (out is None or is_plain(out)):
        mixed = _by_mask(boxes, partner, images)
        return mixed if out is None else out.copy_(mixed)
    donors = _donors(partner)
    if out is not images:
        mixed = torch.empty_like(images) if out is None else out
        _copy_with_boxes(mixed, images, donors, _edges(boxes))
        return mixed
    if sorted(donors) != list(range(len(donors))):
        return images.copy_(paste(boxes, partner, images))
    _copy_along_cycles(images, donors, _edges(boxes))
    return images


@checked
def is_plain(images: Tensor) -> bool:
    """Return whether the images are bare numbers on the CPU, which nothing in PyTorch follows."""
    if type(images) is not Tensor or not tensor_checks.readable(images) or is_followed(images):
        return False
    if images.layout is not torch.strided or images.is_quantized:
        return False
    # Lazily conjugated or negated numbers are not what lies in memory.
    if images.is_conj() or images.is_neg():
        return False
    # A mode sees operations alone: a tracer would take what is written beside them for constants.
    return not (torch._C._len_torch_dispatch_stack() or torch._C._get_tracing_state())


@checked
def is_transformed(tensor: Tensor) -> bool:
    """Return whether ``torch.func`` follows the tensor: under ``vmap``, ``grad``, ``jvp``, ...

    Inside, a value must not be read and a memory format cannot be asked for. What is compiled is
    no transform: there the answer is no.
    """
    if torch.compiler.is_compiling():
        return False
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))


@checked
def is_followed(images: Tensor) -> bool:
    """Return whether bits would lose what is asked of the images beside their values."""
    if images.requires_grad or torch.compiler.is_compiling():
        return True
    # A tangent of forward-mode differentiation lies on the tensor and not in its bits.
    return forward_ad.unpack_dual(images).tangent is not None


def _by_mask(boxes: Boxes, partner: Partners, images: MixedImages) -> MixedImages:
    """Return the pasted images, computed in the order in which their numbers lie."""
    # A mapped tensor does not know its memory format.
    plain = is_transformed(images) or images.is_contiguous()
    if plain or not images.is_contiguous(memory_format=torch.channels_last):
        return _select(boxes, images.index_select(0, partner), images, channels=1)
    laid = images.permute(0, 2, 3, 1)
    mixed = _select(boxes, laid.index_select(0, partner), laid, channels=3)
    return mixed.permute(0, 3, 1, 2)


def _select(boxes: Boxes, donors: Tensor, images: Tensor, *, channels: int) -> Tensor:
    """Return ``donors`` inside the boxes and ``images`` outside; ``donors`` may be overwritten.

    The value is that of ``torch.where``, which is taken wherever a derivative must follow the
    pixels, where the step is compiled, and for numbers of more than eight bytes. Otherwise the
    bits are selected as image ^ ((donor ^ image) & mask), in the donors' own memory: exact for
    every dtype, and no second batch is allocated. ``channels`` is the axis of the channels.
    """
    integer = INTEGERS.get(images.element_size())
    if integer is None or is_followed(images):
        return torch.where(boxes.mask().unsqueeze(channels), donors, images)
    outside = images.view(integer)
    selected = donors.view(integer)
    selected.bitwise_xor_(outside).bitwise_and_(boxes.bits(integer).unsqueeze(channels))
    return selected.bitwise_xor_(outside).view(images.dtype)


def _copy_with_boxes(mixed: Tensor, images: Tensor, donors: list[int], edges: Edges) -> None:
    """Write ``images`` into ``mixed``, and each donor's pixels into the box of the receiver.

    Some images at a time: what a box overwrites still lies in the cache of the core.
    """
    target, source = _numbers(mixed), _numbers(images)
    size = max(1, CACHED // max(1, source[:1].nbytes))
    boxes = zip(target, donors, *edges, strict=True)
    for low in range(0, len(source), size):
        target[low : low + size] = source[low : low + size]
        # Empty boxes copy nothing, and who is its own donor copies what is there already.
        for image, donor, top, bottom, left, right in islice(boxes, size):
            image[:, top:bottom, left:right] = source[donor, :, top:bottom, left:right]
    _increment_version(mixed)


def _copy_along_cycles(images: Tensor, donors: list[int], edges: Edges) -> None:
    """Do the same in place: in the order of a cycle each donor is read before it is changed."""
    pixels, boxes = _numbers(images), list(zip(*edges, strict=True))
    for cycle in _cycles(donors):
        top, bottom, left, right = boxes[cycle[-1]]
        first = pixels[cycle[0], :, top:bottom, left:right].copy()
        for receiver, donor in pairwise(cycle):
            up, down, begin, end = boxes[receiver]
            pixels[receiver, :, up:down, begin:end] = pixels[donor, :, up:down, begin:end]
        pixels[cycle[-1], :, top:bottom, left:right] = first
    _increment_version(images)


def _increment_version(written: Tensor) -> None:
    """Let a backward pass that has kept a tensor notice that its numbers changed."""
    if not written.is_inference():
        torch.autograd.graph.increment_version(written)


def _cycles(donors: list[int]) -> Iterator[list[int]]:
    """Yield the cycles of two images or more; in each the next image is the donor of this one."""
    seen = [False] * len(donors)
    for start, donor in enumerate(donors):
        if seen[start] or donor == start:
            continue
        cycle = [start]
        while donor != start:
            cycle.append(donor)
            seen[donor] = True
            donor = donors[donor]
        yield cycle


def _donors(partner: Partners) -> list[int]:
    check_partners(partner)
    donors: list[int] = partner.tolist()
    return donors


def _edges(boxes: Boxes) -> Edges:
    """Return the edges as slices take them: a negative start would count from the other end."""
    edges: Edges = np.maximum(boxes.edges.numpy().T, 0).tolist()
    return edges


def _numbers(images: Tensor) -> np.ndarray:
    """Return the memory of the images as an array; NumPy lacks some types, but no width."""
    integer = INTEGERS.get(images.element_size())
    return (images if integer is None else images.view(integer)).numpy()
