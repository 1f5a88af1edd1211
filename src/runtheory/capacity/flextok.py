r"""Tokens of which any beginning is a code: nested dropout [bachmann2025flextok].

At length $k$ the first $k$ tokens, here numbers, are kept, the others replaced by learnt fillers.
In training each example's length is drawn anew. Errors are squared and summed over pixels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Images = Float[Tensor, "image pixel"]
Codes = Float[Tensor, "replicate image token"]
Lengths = Int64[Tensor, "step replicate batch"]


@dataclass(frozen=True)
class Coders:
    """Coders with one hidden layer on each side: weights and biases of two layers, by replicate.

    ``fillers`` (replicate, 1, token) stand for dropped tokens.
    """

    encoder: tuple[Tensor, Tensor, Tensor, Tensor]
    decoder: tuple[Tensor, Tensor, Tensor, Tensor]
    fillers: Tensor

    @property
    def parts(self) -> list[Tensor]:
        """All tensors that are learnt."""
        return [*self.encoder, *self.decoder, self.fillers]

    def at(self, places: Sequence[int]) -> Coders:
        """Return the replicates at ``places``, in that order; one may come several times."""
        return _coders([part[list(places)] for part in self.parts])


@checked
def least_errors(images: Images, *, tokens: int) -> Float64[Tensor, " length"]:
    """Return the least mean error of linear coders of length 0, ..., ``tokens``: sums of variances.

    Raises
    ------
    ValueError
        If an image is not finite, or there are more tokens than pixels or none.
    """
    tensor_checks.finite(images=images)
    checks.in_interval(1, images.shape[1], tokens=tokens)
    centred = (images - images.mean(0)).double()
    variances = torch.linalg.svdvals(centred).square() / len(images)
    padded = torch.cat([variances.new_zeros(1), variances, variances.new_zeros(tokens)])
    return variances.sum() - padded.cumsum(0)[: tokens + 1]


@checked
def linear_errors(
    images: Images,
    encoder: Float[Tensor, "token pixel"],
    decoder: Float[Tensor, "pixel token"],
) -> Float64[Tensor, " length"]:
    """Return the mean error at length 0, 1, ..., of a linear coder of centred images.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    tensor_checks.finite(images=images, encoder=encoder, decoder=decoder)
    centred = (images - images.mean(0)).double()
    codes, outward = centred @ encoder.double().T, decoder.double()
    parts = codes.T[:, :, None] * outward.T[:, None, :]  # (token, image, pixel)
    built = torch.cat([torch.zeros_like(parts[:1]), parts.cumsum(0)])
    return (built - centred).square().sum(2).mean(1)


@checked
def turned_within(
    edges: Sequence[int], *, generator: torch.Generator
) -> Float64[Tensor, "token other"]:
    """Return a random orthogonal matrix that mixes tokens only between two ``edges``.

    Edges are lengths in ascending order, and the tokens between two of them (or before the first)
    a group. Each block is uniform on the orthogonal matrices.

    Raises
    ------
    ValueError
        If the edges do not ascend from at least one.
    """
    _check_edges(edges)
    blocks = []
    for low, high in zip((0, *edges), edges, strict=False):
        drawn = torch.randn((high - low,) * 2, generator=generator, dtype=torch.float64)
        turned, upper = torch.linalg.qr(drawn)
        blocks.append(turned * upper.diagonal().sign())  # without the signs it is not uniform
    return torch.block_diag(*blocks)


@checked
def mean_turned_errors(
    least: Float64[Tensor, " length"], edges: Sequence[int]
) -> Float64[Tensor, " length"]:
    """Return the mean error of principal components that are turned within ``edges``.

    ``least`` are the errors at length 0, 1, ... without a turn. Between two edges the mean falls
    in a straight line.

    Raises
    ------
    ValueError
        If the edges do not ascend from at least one to the largest length.

    Examples
    --------
    >>> import torch
    >>> from runtheory.capacity.flextok import mean_turned_errors
    >>> mean_turned_errors(torch.tensor([9.0, 4.0, 1.0]).double(), [2])
    tensor([9., 5., 1.], dtype=torch.float64)
    """
    _check_edges(edges)
    if edges[-1] != len(least) - 1:
        raise ValueError(f"edges must end at {len(least) - 1}, got {edges[-1]}")
    result = least.clone()
    for low, high in zip((0, *edges), edges, strict=False):
        share = torch.arange(high - low + 1).to(least) / (high - low)
        result[low : high + 1] = torch.lerp(least[low], least[high], share)
    return result


@checked
def draw_lengths(
    choices: Sequence[int], shape: tuple[int, int, int], *, generator: torch.Generator
) -> Lengths:
    """Return lengths (step, replicate, batch), each of the ``choices`` equally often.

    Raises
    ------
    ValueError
        If there are no choices, one is not positive, or the shape is empty.
    """
    checks.at_least(1, choices=list(choices), number=len(choices), shape=list(shape))
    return torch.tensor(list(choices))[torch.randint(len(choices), shape, generator=generator)]


@checked
def draw_coders(
    replicates: int, *, pixels: int, hidden: int, tokens: int, generator: torch.Generator
) -> Coders:
    """Return new coders: normal weights of variance one over their inputs, no biases, no fillers.

    Raises
    ------
    ValueError
        If a count is not positive.
    """
    checks.at_least(1, replicates=replicates, pixels=pixels, hidden=hidden, tokens=tokens)

    def layer(inputs: int, outputs: int) -> tuple[Tensor, Tensor]:
        weights = torch.randn((replicates, inputs, outputs), generator=generator)
        return weights / math.sqrt(inputs), torch.zeros((replicates, 1, outputs))

    encoder = (*layer(pixels, hidden), *layer(hidden, tokens))
    decoder = (*layer(tokens, hidden), *layer(hidden, pixels))
    return Coders(encoder, decoder, torch.zeros((replicates, 1, tokens)))


@checked
def encoded(coders: Coders, images: Float[Tensor, "*replicate image pixel"]) -> Codes:
    """Return all tokens of each image, the same images for all replicates or each its own.

    Raises
    ------
    ValueError
        If an image is not finite or has other pixels, or images are of other replicates.
    """
    tensor_checks.finite(images=images)
    replicates, pixels, _ = coders.encoder[0].shape
    if images.shape[-1] != pixels or images.shape[:-2] not in ((), (replicates,)):
        raise ValueError(f"images must have {pixels} pixels, got shape {tuple(images.shape)}")
    return _layers(images, coders.encoder)


@checked
def decoded(
    coders: Coders, codes: Codes, lengths: Int64[Tensor, "replicate image"]
) -> Float[Tensor, "replicate image pixel"]:
    """Return images from the first tokens of each code, as many as ``lengths`` says.

    Raises
    ------
    ValueError
        If a code is not finite, or a length is negative or larger than the number of tokens.
    """
    tensor_checks.finite(codes=codes)
    if tensor_checks.readable(lengths):
        checks.in_interval(0, codes.shape[2], lengths=lengths.detach().numpy())
    return _decoded(coders, codes, lengths)


@checked
def trained(
    start: Coders,
    images: Images,
    *,
    batches: Int64[Tensor, "step replicate batch"],
    lengths: Lengths,
    rate: float = 0.01,
) -> Coders:
    """Return the coders after a step of Adam for each batch, on the mean error at ``lengths``.

    The rate falls in a straight line. ``batches`` are places of images.

    Raises
    ------
    ValueError
        If an image is not finite, a batch names an image that is not there, ``rate`` is not
        positive and finite, or as :func:`decoded`.
    """
    tensor_checks.finite(images=images)
    tensor_checks.equal_shapes(batches=batches, lengths=lengths)
    checks.positive_finite(rate=rate)
    if tensor_checks.readable(batches):
        checks.labels_below(batches.flatten(), len(images), name="batches")
    decoded(start, encoded(start, images[batches[0]]), lengths.amax(0))  # asks what it needs
    live = [part.detach().clone().requires_grad_() for part in start.parts]
    coders = _coders(live)
    adam = torch.optim.Adam(live, lr=rate)
    for step, (batch, length) in enumerate(zip(batches, lengths, strict=True)):
        adam.param_groups[0]["lr"] = rate * (1 - step / len(batches))
        chosen = images[batch]
        built = _decoded(coders, _layers(chosen, coders.encoder), length)
        adam.zero_grad()
        # Summed over replicates: none sees another's gradient.
        (built - chosen).square().sum(2).mean(1).sum().backward()
        adam.step()
    return _coders([part.detach() for part in live])


@checked
def length_errors(
    coders: Coders, images: Images, codes: Codes | None = None
) -> Float[Tensor, "replicate length"]:
    """Return the mean error at length 0, 1, ..., all; of other ``codes`` than its own if given.

    Raises
    ------
    ValueError
        If an image or a code is not finite.
    """
    own = encoded(coders, images) if codes is None else codes
    cases = [torch.full(own.shape[:2], k, device=own.device) for k in range(own.shape[2] + 1)]
    built = (decoded(coders, own, case) for case in cases)
    return torch.stack([(one - images).square().sum(2).mean(1) for one in built], dim=1)


@checked
def cut_codes(codes: Codes, like: Float[Tensor, "replicate other token"], *, length: int) -> Codes:
    """Return ``codes`` with all but the first principal components of ``like`` at their mean.

    Raises
    ------
    ValueError
        If a code is not finite, or ``length`` is no number of tokens.
    """
    tensor_checks.finite(codes=codes, like=like)
    checks.in_interval(0, codes.shape[2], length=length)
    mean = like.mean(1, keepdim=True)
    directions = torch.linalg.eigh((like - mean).mT @ (like - mean)).eigenvectors
    leading = directions[:, :, directions.shape[2] - length :]  # they ascend
    return mean + (codes - mean) @ leading @ leading.mT


def _decoded(coders: Coders, codes: Tensor, lengths: Tensor) -> Tensor:
    kept = torch.arange(codes.shape[2], device=codes.device) < lengths[..., None]
    return _layers(torch.where(kept, codes, coders.fillers), coders.decoder)


def _coders(parts: Sequence[Tensor]) -> Coders:
    a, b, c, d, e, f, g, h, fillers = parts
    return Coders((a, b, c, d), (e, f, g, h), fillers)


def _layers(inputs: Tensor, layers: Sequence[Tensor]) -> Tensor:
    first, bias, second, last = layers
    return (inputs @ first + bias).tanh() @ second + last


def _check_edges(edges: Sequence[int]) -> None:
    checks.at_least(1, edges=list(edges), number=len(edges))
    if any(low >= high for low, high in itertools.pairwise(edges)):
        raise ValueError(f"edges must ascend, got {list(edges)}")
