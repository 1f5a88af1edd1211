"""A small network that predicts one box, and its stability under dropout.

Stability asks for no true box: it is the mean overlap of the box without dropout and the box with
it, on the same image [yang2024bounding].
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor, nn

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import apply_masks, check_rate, check_samples, draw_masks
from runtheory.evaluation.localisation import intersection_over_union
from runtheory.nets.initialisation import build
from runtheory.noise.box_stability.scenes import SIDE, Environment
from runtheory.randomness import Streams
from runtheory.shapes import Images, Scalar

MAPS = 5  # dropout behind so many layers of a detector acts on its last feature maps,
UNITS = 7  # or on the hidden units in front of the last, linear layer


@dataclass(frozen=True)
class Measured:
    """Means over the images of each environment, in [0, 1].

    ``stability`` needs images alone, ``overlap`` with the true boxes needs labels, ``side`` is
    that of a square as large as the predicted box, in fractions of the image's side.
    """

    stability: Float64[Tensor, " environment"]
    overlap: Float64[Tensor, " environment"]
    side: Float64[Tensor, " environment"]


@checked
def box_detector(*, generator: torch.Generator, width: int = 8, hidden: int = 64) -> nn.Sequential:
    """Return two convolutions that stride, a hidden layer and a linear layer of four edges.

    For images of shape (batch, 1, 32, 32). The first five layers end in 2 ``width`` feature maps of
    8 x 8, flattened, the first seven in ``hidden`` units. The last bias starts at a box in the
    middle.

    Raises
    ------
    ValueError
        If a size is below one.
    """
    checks.at_least(1, width=width, hidden=hidden)

    def construct() -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(1, width, kernel_size=5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * (SIDE // 4) ** 2, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 4),
        )

    net = build(construct, generator)
    with torch.no_grad():
        net.get_parameter("7.bias").copy_(torch.tensor([0.25, 0.75, 0.25, 0.75]))
    return net


@checked
def edge_error(
    net: nn.Sequential,
    images: Images,
    boxes: Float[Tensor, "batch 4"],
    streams: Streams,
    *,
    drop: float = 0.0,
) -> Scalar:
    """Return the mean absolute error of the edges: an objective to train a detector by.

    ``drop`` is the rate of dropout on the feature maps, whose masks ``streams["masks"]`` draws.

    Raises
    ------
    ValueError
        If the images are not of shape (batch, 1, 32, 32), there is not one box for each, or
        ``drop`` lies outside [0, 1).
    """
    if images.shape[1:] != (1, SIDE, SIDE):
        raise ValueError(f"images must be (batch, 1, {SIDE}, {SIDE}), got {tuple(images.shape)}")
    check_rate(drop)
    if drop == 0:
        return (net(images) - boxes).abs().mean()
    maps = net[:MAPS](images)
    masks = draw_masks(1, maps.shape, rate=drop, generator=streams["masks"])
    return (net[MAPS:](apply_masks(maps, masks, rate=drop)[0]) - boxes).abs().mean()


@checked
def boxes_under(
    net: nn.Sequential,
    features: Float[Tensor, "image feature"],
    masks: Bool[Tensor, "sample image feature"],
    *,
    place: int,
    rate: float,
) -> Float[Tensor, "sample image 4"]:
    """Return the boxes that the layers from ``place`` on make of features under dropout.

    The features are what the layers before ``place`` return, ``net[:place](images)``; kept ones are
    divided by 1 - ``rate``.

    Raises
    ------
    ValueError
        If the layer at ``place`` is not a linear one for these features, the masks do not fit them,
        or ``rate`` lies outside [0, 1).
    """
    checks.in_interval(1, len(net) - 1, place=place)
    above = net[place]
    if not isinstance(above, nn.Linear) or above.in_features != features.shape[1]:
        raise ValueError(f"features must fit the linear layer at place {place}, got {above}")
    dropped = apply_masks(features, masks, rate=rate)
    boxes: Tensor = net[place:](dropped.flatten(0, 1))
    return boxes.unflatten(0, dropped.shape[:2])


@checked
def self_overlap(
    boxes: Float[Tensor, "image 4"], under: Float[Tensor, "sample image 4"]
) -> Float64[Tensor, "sample image"]:
    """Return the overlap of each image's box with each of its boxes under dropout.

    The mean over samples is the image's stability. Raises ``ValueError`` for an edge that is not
    finite.
    """
    samples = len(under)
    paired = intersection_over_union(boxes.repeat(samples, 1), under.flatten(0, 1))
    return paired.unflatten(0, (samples, -1))


@checked
@torch.no_grad()
def measured(
    net: nn.Sequential,
    environments: list[Environment],
    *,
    place: int,
    rate: float,
    samples: int,
    generator: torch.Generator,
) -> Measured:
    """Return stability, true overlap and predicted side of a detector in each environment.

    Raises
    ------
    ValueError
        If there is no environment, or as :func:`boxes_under`.
    """
    check_samples(samples)
    check_rate(rate)
    checks.in_interval(1, len(net) - 1, place=place)
    checks.at_least(1, environments=len(environments))
    rows = []
    for one in environments:
        features = net[:place](one.images)
        masks = draw_masks(samples, features.shape, rate=rate, generator=generator)
        under = boxes_under(net, features, masks, place=place, rate=rate)
        boxes = net[place:](features)
        sides = (boxes[:, 1::2] - boxes[:, 0::2]).clamp(min=0).double()
        same, right = self_overlap(boxes, under), intersection_over_union(boxes, one.boxes)
        rows.append([same.mean(), right.mean(), sides.prod(1).sqrt().mean()])
    return Measured(*torch.tensor(rows, dtype=torch.float64).T)


@checked
def left_out_errors(
    predictor: Float[Tensor, " environment"], target: Float[Tensor, " environment"]
) -> Float64[Tensor, " environment"]:
    """Return how far a line through all other environments misses each one's target.

    A constant predictor gives the distance from the mean of the others. With the leverage h of an
    environment the residual of the fit to all is divided by 1 - h.

    Raises
    ------
    ValueError
        If there are fewer than three environments, a number is not finite, or one environment
        alone fixes the slope.
    """
    checks.at_least(3, environments=len(predictor))
    tensor_checks.finite(predictor=predictor, target=target)
    from_mean = predictor.double() - predictor.double().mean()
    rest = target.double() - target.double().mean()
    squares = from_mean.square().sum()
    share = from_mean.square() / squares if bool(squares > 0) else torch.zeros_like(from_mean)
    slope = (from_mean * rest).sum() / squares if bool(squares > 0) else 0.0
    left = 1 - 1 / len(predictor) - share  # 1 - h
    if not bool((left > 1e-9).all()):
        raise ValueError("one environment alone fixes the slope: no line goes through the others")
    return ((rest - slope * from_mean) / left).abs()
