"""Draw the plan of one mixed batch: CutMix, mixup, Cutout.

Every draw consumes its generator in a fixed order (partners, sizes, positions, gate) and in full,
so that changing the probability or the placement does not move the other numbers. Nothing here
waits for a device; the plan lies on the generator's device.
"""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.boxes import Boxes
from runtheory.mixing.placement import CLIPPED, IntervalRule
from runtheory.mixing.plans import CutmixPlan, CutoutPlan, MixupPlan
from runtheory.mixing.variates import (
    batch_length,
    batch_sizes,
    beta_variates,
    draw_partners,
    gate,
)

Shape = torch.Size | tuple[int, ...]


@checked
def draw_cutmix(
    shape: Shape,
    *,
    alpha: float = 1.0,
    placement: IntervalRule = CLIPPED,
    per_image: bool = True,
    derangement: bool = False,
    probability: float = 1.0,
    generator: torch.Generator,
) -> CutmixPlan:
    """Draw partners and boxes for images of ``shape`` (batch, channel, height, width).

    lambda ~ Beta(alpha, alpha); the box has sides sqrt(1 - lambda) of the image's, its place is
    ruled by ``placement``. The share given to the partner is the share of pixels really pasted,
    not 1 - lambda. With ``per_image`` every image has its own box and its own gate of the given
    ``probability``; without, one lambda, one box and one gate serve the whole batch, as in the
    published code. Deviation from that code: pixel centres instead of truncated edges; pass
    ``EVEN_SIDES`` for those.

    Raises
    ------
    ValueError
        If alpha is not positive and finite, probability lies outside [0, 1], the shape does not
        have four axes, or a derangement of a single image is asked for.
    TypeError
        If ``placement`` is no rule, a name for one.

    Examples
    --------
    >>> import torch
    >>> from runtheory.mixing import draw_cutmix
    >>> from runtheory.randomness import Streams
    >>> plan = draw_cutmix((16, 3, 32, 32), alpha=1.0, generator=Streams(0)["mixing"])
    >>> plan.boxes.share.shape, plan.partner.shape
    (torch.Size([16]), torch.Size([16]))
    """
    batch, height, width = batch_sizes(shape)
    count = batch if per_image else 1
    partner = draw_partners(batch, derangement=derangement, generator=generator)
    # 1 - lambda has the law of lambda; drawn itself, it keeps its digits where boxes are small.
    side = beta_variates(alpha, count, generator=generator).sqrt()
    edges = _draw_edges((side, side), (height, width), placement, generator=generator)
    edges = _gated(edges, probability, batch, generator=generator)
    return CutmixPlan(partner, Boxes(edges, height, width))


@checked
def draw_mixup(
    shape: Shape,
    *,
    alpha: float = 1.0,
    per_image: bool = True,
    derangement: bool = False,
    probability: float = 1.0,
    generator: torch.Generator,
) -> MixupPlan:
    """Draw partners and blending weights for examples of any ``shape``: (batch, ...).

    The partner's share is 1 - lambda with lambda ~ Beta(alpha, alpha), one per image or one per
    batch; where the gate is closed it is 0.

    Raises
    ------
    ValueError
        As :func:`draw_cutmix`, but for the number of axes: tables, sound and video blend too.

    Examples
    --------
    >>> import torch
    >>> from runtheory.mixing import apply, draw_mixup
    >>> plan = draw_mixup((4, 3, 8, 8), alpha=0.2, generator=torch.Generator())
    >>> images, targets = apply(plan, torch.rand(4, 3, 8, 8), torch.arange(4), classes=4)
    >>> targets.sum(1)
    tensor([1., 1., 1., 1.])
    """
    batch = batch_length(shape)
    count = batch if per_image else 1
    partner = draw_partners(batch, derangement=derangement, generator=generator)
    share = beta_variates(alpha, count, generator=generator)
    share = share * gate(probability, count, generator=generator)
    return MixupPlan(partner, share.expand(batch).contiguous())


@checked
def draw_cutout(
    shape: Shape,
    *,
    size: int,
    placement: IntervalRule = CLIPPED,
    per_image: bool = True,
    probability: float = 1.0,
    fill: float = 0.0,
    generator: torch.Generator,
) -> CutoutPlan:
    """Draw a square of ``size`` pixels to be filled in every image of ``shape``.

    The published code centres the square on an integer pixel; here its centre is continuous, so
    that odd and even sizes are treated alike. ``fill`` is in the scale of the images: 0 is the
    mean colour of normalised ones.

    Raises
    ------
    ValueError
        If size lies outside [1, min(height, width)], probability outside [0, 1], or the shape
        does not have four axes.
    TypeError
        As :func:`draw_cutmix`.

    Examples
    --------
    >>> import torch
    >>> from runtheory.mixing import apply, draw_cutout
    >>> plan = draw_cutout((4, 3, 8, 8), size=4, generator=torch.Generator())
    >>> images, targets = apply(plan, torch.rand(4, 3, 8, 8), torch.arange(4), classes=4)
    >>> targets.argmax(1)
    tensor([0, 1, 2, 3])
    """
    batch, height, width = batch_sizes(shape)
    checks.in_interval(1, min(height, width), size=size)
    count = batch if per_image else 1
    # A square in pixels is a different share of either axis.
    whole = torch.full((count,), float(size), dtype=torch.float64, device=generator.device)
    edges = _draw_edges(
        (whole / height, whole / width), (height, width), placement, generator=generator
    )
    edges = _gated(edges, probability, batch, generator=generator)
    return CutoutPlan(Boxes(edges, height, width), fill)


def _draw_edges(
    sides: tuple[Float64[Tensor, "box"], Float64[Tensor, "box"]],
    pixels: tuple[int, int],
    placement: IntervalRule,
    *,
    generator: torch.Generator,
) -> Tensor:
    # Not isinstance, which for a protocol costs as much as all arithmetic of this function.
    if not callable(getattr(placement, "interval", None)):
        raise TypeError(f"placement must be a rule such as CLIPPED, got {placement!r}")
    count, device = len(sides[0]), generator.device
    position = torch.rand(2, count, dtype=torch.float64, device=device, generator=generator)
    if pixels[0] == pixels[1]:  # both axes at once
        ends = torch.stack(placement.interval(torch.cat(sides), position.view(-1), pixels[0]))
        return ends.view(2, 2, count).permute(2, 1, 0).reshape(count, 4)
    top, bottom = placement.interval(sides[0], position[0], pixels[0])
    left, right = placement.interval(sides[1], position[1], pixels[1])
    return torch.stack((top, bottom, left, right), dim=1)


def _gated(edges: Tensor, probability: float, batch: int, *, generator: torch.Generator) -> Tensor:
    """Return one row of edges for each image, of zeros where the gate is closed."""
    opens = gate(probability, len(edges), generator=generator)
    if probability < 1:  # a gate that is always open is drawn too, and changes nothing
        edges = edges * opens[:, None]
    # Memory of its own for each row: writing one must not write all.
    return edges.expand(batch, 4).contiguous()
