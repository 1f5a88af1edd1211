r"""Variational autoencoders with a prior variance for each axis; many replicates at once.

An input x has the code $z = m(x) + \sqrt{v(x)} \, \varepsilon$ with a standard normal
$\varepsilon$, and the decoder D returns the mean of a Gaussian of variance $s^2$ in each feature.
The negative evidence lower bound is
$\frac{1}{2 s^2} \|x - D(z)\|^2 + \frac{d}{2} \ln(2 \pi s^2)$ plus the divergence of the code from
the prior. Replicates may have different numbers of axes: an axis that is not ``open`` is zero in
the code and costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Inputs = Float[Tensor, "replicate example feature"]
Codes = Float[Tensor, "replicate example axis"]
Prior = Float[Tensor, "replicate axis"]


@dataclass(frozen=True)
class Autoencoder:
    """Weights and biases in turn, of the encoder's layers and of the decoder's.

    Two layers on each side have a hyperbolic tangent between them; one makes the side affine.
    ``open`` is one for the axes that a replicate has, zero for the others.
    """

    encoder: tuple[Tensor, ...]
    decoder: tuple[Tensor, ...]
    open: Float[Tensor, "replicate axis"]

    @property
    def trained(self) -> tuple[Tensor, ...]:
        return (*self.encoder, *self.decoder)

    def replaced(self, trained: Sequence[Tensor]) -> Autoencoder:
        """Return the autoencoder with these in the place of ``trained``."""
        cut = len(self.encoder)
        return replace(self, encoder=tuple(trained[:cut]), decoder=tuple(trained[cut:]))


@checked
def draw_autoencoder(
    features: int, *, hidden: int, axes: Sequence[int], generator: torch.Generator
) -> Autoencoder:
    """Draw an autoencoder with a replicate for each entry of ``axes``, its number of axes; float32.

    Weights are normal, of variance one over the inputs of their layer; biases are zero. With
    ``hidden`` 0 both sides are affine. Codes begin with the variance exp(0) = 1 about.

    Raises
    ------
    ValueError
        If a count is below one, or ``hidden`` is negative.
    """
    checks.at_least(1, features=features, replicates=len(axes))
    checks.at_least(1, axes=list(axes))
    checks.not_negative(hidden=hidden)
    most = max(axes)
    inner = [hidden] if hidden else []
    sides = [features, *inner, 2 * most], [most, *inner, features]
    encoder, decoder = (_layers(sizes, len(axes), generator) for sizes in sides)
    counts = torch.tensor(list(axes), device=generator.device)[:, None]
    opened = torch.arange(most, device=generator.device) < counts
    return Autoencoder(encoder, decoder, opened.float())


@checked
def encoded(net: Autoencoder, inputs: Inputs) -> tuple[Codes, Codes]:
    """Return the means and the variances of the codes.

    Raises
    ------
    ValueError
        If inputs do not fit or are not finite.
    """
    fit = net.encoder[0].shape[:2]
    if (inputs.shape[0], inputs.shape[2]) != tuple(fit):
        raise ValueError(f"inputs must be ({fit[0]}, example, {fit[1]}), got {tuple(inputs.shape)}")
    tensor_checks.finite(inputs=inputs)
    means, logarithms = _through(net.encoder, inputs).chunk(2, dim=2)
    return means * net.open[:, None], logarithms.exp()


@checked
def decoded(net: Autoencoder, codes: Codes) -> Inputs:
    """Return the decoder's output; axes that are not open are not read.

    Raises
    ------
    ValueError
        If codes do not fit.
    """
    _check_codes(net, codes)
    return _through(net.decoder, codes * net.open[:, None])


@checked
def negative_bound(
    net: Autoencoder, inputs: Inputs, *, normal: Codes, prior: Prior, noise: float
) -> Float[Tensor, " replicate"]:
    """Return the mean negative evidence lower bound of each replicate, in nats for an example.

    ``normal`` are standard normal draws, ``prior`` the variances of the axes, ``noise`` is s^2.

    Raises
    ------
    ValueError
        If ``noise`` is not positive, a prior variance of an open axis is not, or inputs do not fit.

    Example
    -------
    >>> import torch
    >>> from runtheory.capacity.relevant_axes import networks
    >>> from runtheory.randomness import stream
    >>> net = networks.draw_autoencoder(3, hidden=4, axes=[2, 1], generator=stream(0, "net"))
    >>> normal, prior = torch.zeros(2, 5, 2), torch.ones(2, 2)
    >>> networks.negative_bound(net, torch.ones(2, 5, 3), normal=normal, prior=prior,
    ...                         noise=0.5).shape
    torch.Size([2])
    """
    checks.positive_finite(noise=noise)
    if tensor_checks.readable(prior) and prior.numel():
        checks.positive(prior=float(prior.min()))
    means, variances = encoded(net, inputs)
    codes = means + variances.sqrt() * normal
    missed = (inputs - decoded(net, codes)).square().sum(2) / (2 * noise)
    constant = 0.5 * inputs.shape[2] * math.log(2 * math.pi * noise)
    spread = prior[:, None]
    divergence = 0.5 * ((means.square() + variances) / spread - 1 - (variances / spread).log())
    return (missed + (divergence * net.open[:, None]).sum(2)).mean(1) + constant


@checked
def scaled(net: Autoencoder, factors: Prior) -> Autoencoder:
    """Return the autoencoder with codes times ``factors`` and a decoder that undoes it.

    Raises
    ------
    ValueError
        If a factor is not positive, or there is not one for each axis.
    """
    if factors.shape != net.open.shape:
        raise ValueError(f"factors must be {tuple(net.open.shape)}, got {tuple(factors.shape)}")
    if tensor_checks.readable(factors) and factors.numel():
        checks.positive(factors=float(factors.min()))
    both = torch.cat([factors, torch.ones_like(factors)], 1)[:, None]
    shift = torch.cat([torch.zeros_like(factors), 2 * factors.log()], 1)[:, None]
    *first, weights, biases = net.encoder
    encoder = (*first, weights * both, biases * both + shift)
    decoder = (net.decoder[0] / factors[:, :, None], *net.decoder[1:])
    return replace(net, encoder=encoder, decoder=decoder)


@checked
def sensitivities(net: Autoencoder, codes: Codes) -> Prior:
    """Return for each axis the sum over features of the squared mean absolute derivative.

    The mean runs over the codes, as in the code of [saha2025ardvae]_. For an affine decoder it is
    the squared norm of the column. Raises ``ValueError`` if codes do not fit or there are none.
    """
    checks.at_least(1, examples=codes.shape[1])
    _check_codes(net, codes)
    # Derivatives of what a layer puts out by each axis: (replicate, example, axis, unit).
    along = (net.decoder[0] * net.open[:, :, None])[:, None]
    values = torch.baddbmm(net.decoder[1], codes * net.open[:, None], net.decoder[0])
    for weights, biases in zip(net.decoder[2::2], net.decoder[3::2], strict=True):
        along = ((1 - values.tanh().square())[:, :, None] * along) @ weights[:, None]
        values = torch.baddbmm(biases, values.tanh(), weights)
    return along.abs().mean(1).square().sum(2)


def _through(layers: tuple[Tensor, ...], values: Tensor) -> Tensor:
    values = torch.baddbmm(layers[1], values, layers[0])
    for weights, biases in zip(layers[2::2], layers[3::2], strict=True):
        values = torch.baddbmm(biases, values.tanh(), weights)
    return values


def _check_codes(net: Autoencoder, codes: Tensor) -> None:
    replicates, axes = net.open.shape
    if (codes.shape[0], codes.shape[2]) != (replicates, axes):
        raise ValueError(f"codes must be ({replicates}, example, {axes}), got {tuple(codes.shape)}")


def _layers(
    sizes: Sequence[int], replicates: int, generator: torch.Generator
) -> tuple[Tensor, ...]:
    layers: list[Tensor] = []
    for inward, outward in pairwise(sizes):
        shape = (replicates, inward, outward)
        normal = torch.randn(shape, generator=generator, device=generator.device)
        layers += [normal / math.sqrt(inward), normal.new_zeros(replicates, 1, outward)]
    return tuple(layers)
