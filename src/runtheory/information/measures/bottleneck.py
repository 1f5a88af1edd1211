"""The bottleneck curve of inputs with a binary label, between a floor and a ceiling (nats).

Of all T that see the label Y through the input X alone, how much can T say of Y, if it holds no
more than r of X? With k_x the chance of the label 1 at x, I(X; Y) - I(T; Y) is the least mean
divergence of k_X from a guess that T makes: so the question is one of rate and distortion, with the
guesses for a reproduction, and on a grid of guesses Blahut's and Arimoto's alternation has no local
optima. What it finds is a channel, and a floor; its multipliers prove a ceiling, over all guesses
(prop-bottleneck of the book). Labels of more than two kinds would need a grid of laws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

GUESSES, FINE, STEPS = 401, 20001, 500  # gaps of a few 1e-4 nats, in a third of a second


@dataclass(frozen=True)
class Bottleneck:
    """Channels found and lines proven, one of each for every slope.

    No T lies above ``intercepts + I(X; T) / slopes``; the T that were found lie at
    ``(inputs, labels)``, informations about X and about Y. ``whole`` is I(X; Y).
    """

    slopes: Float64[Tensor, "slope"]
    inputs: Float64[Tensor, "slope"]
    labels: Float64[Tensor, "slope"]
    intercepts: Float64[Tensor, "slope"]
    whole: float

    def ceiling(self, information: Float[Tensor, "point"]) -> Float64[Tensor, "point"]:
        """Return what no T with so much information about X exceeds about Y."""
        held = information.to(torch.float64)[:, None]
        lines = (self.intercepts + held / self.slopes).amin(1)
        return torch.minimum(lines, held[:, 0]).clamp_max(self.whole)

    def floor(self, information: Float[Tensor, "point"]) -> Float64[Tensor, "point"]:
        """Return what some T with so much information about X reaches: mixtures of those found."""
        order = self.inputs.argsort()
        first, second = (
            torch.cat([part.new_zeros(1), part[order]]).numpy(force=True)
            for part in (self.inputs, self.labels)
        )
        held = information.numpy(force=True)
        found: Tensor = self.inputs.new_tensor(np.interp(held, first, second))
        return found


@checked
def bottleneck(
    chances: Float[Tensor, "input"],
    slopes: Sequence[float],
    *,
    probabilities: Float[Tensor, "input"] | None = None,
) -> Bottleneck:
    """Return floor and ceiling of the curve, for inputs with the chances of the label 1.

    Each slope is the price of a nat of X in nats of Y, inverted: below one nothing is bought.
    ``probabilities`` of the inputs are equal if none are given. Inputs of one chance are merged,
    which changes nothing.

    Raises
    ------
    ValueError
        If a chance or probability lies outside [0, 1], the probabilities do not fit or add to one,
        or a slope is not positive.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information.measures.bottleneck import bottleneck
    >>> found = bottleneck(torch.tensor([0.0, 1.0]), [2.0])  # the label is the input
    >>> round(float(found.ceiling(torch.tensor([0.4]))[0]), 3)
    0.4
    """
    weights, kinds = _merged(chances, probabilities)
    checks.at_least(1, slopes=len(slopes))
    checks.positive_finite(slopes=min(slopes))
    beta = torch.tensor(slopes, dtype=torch.float64, device=kinds.device)
    guesses = _guesses(kinds, GUESSES)
    kept = torch.exp(-beta[:, None, None] * _divergence(kinds[:, None], guesses))
    law, normal = _alternated(weights, kept)
    channel = kept * law[:, None] / normal[..., None]  # (slope, input, guess)
    inputs, labels = _informations(weights, kinds, channel)
    whole = float(_coin(weights @ kinds) - weights @ _coin(kinds))
    top = torch.stack(
        [
            _largest(weights / one, kinds, float(slope))
            for one, slope in zip(normal, beta, strict=True)
        ]
    )
    intercepts = whole + ((normal.log() @ weights) + top.log()) / beta
    return Bottleneck(beta, inputs, labels, intercepts, whole)


def _merged(chances: Tensor, probabilities: Tensor | None) -> tuple[Tensor, Tensor]:
    tensor_checks.finite(chances=chances)
    tensor_checks.unit_range(chances=chances)
    given = torch.full_like(chances, 1 / len(chances)) if probabilities is None else probabilities
    tensor_checks.unit_range(probabilities=given)
    given = given.to(torch.float64)
    if abs(float(given.sum()) - 1) > 1e-6:
        raise ValueError(f"probabilities must add to one, got {float(given.sum()):g}")
    kinds, place = chances.to(torch.float64).unique(return_inverse=True)
    weights = torch.zeros_like(kinds).index_add(0, place, given / given.sum())
    return weights[weights > 0], kinds[weights > 0]


def _guesses(kinds: Tensor, count: int) -> Tensor:
    """Guesses between the least and the largest chance: beyond them all divergences grow."""
    low, high = kinds.min().sqrt().asin(), kinds.max().sqrt().asin()
    steps = torch.linspace(0, 1, count, dtype=torch.float64, device=kinds.device)
    found = (low + steps * (high - low)).sin().square()
    return found.clamp(kinds.min(), kinds.max())


def _divergence(chance: Tensor, guess: Tensor) -> Tensor:
    """kl(chance || guess); infinite where the guess excludes what occurs."""
    one = torch.where(chance > 0, chance * (chance / guess).log(), 0.0)
    return one + torch.where(chance < 1, (1 - chance) * ((1 - chance) / (1 - guess)).log(), 0.0)


def _coin(chance: Tensor) -> Tensor:
    return -torch.xlogy(chance, chance) - torch.xlogy(1 - chance, 1 - chance)


def _alternated(weights: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """The law of the guesses for each slope, and sum_guess law exp(-slope D) for each input."""
    law = kept.new_full((len(kept), kept.shape[2]), 1 / kept.shape[2])
    for _ in range(STEPS):
        normal = torch.einsum("sig,sg->si", kept, law)
        law = law * torch.einsum("sig,si->sg", kept, weights / normal)
    return law, torch.einsum("sig,sg->si", kept, law)


def _informations(weights: Tensor, kinds: Tensor, channel: Tensor) -> tuple[Tensor, Tensor]:
    """I(X; T) and I(T; Y) of each channel, T the number of the guess."""
    law = torch.einsum("i,sig->sg", weights, channel)
    ratio = torch.where(channel > 0, channel / law[:, None], 1.0)
    inputs = torch.einsum("i,sig->s", weights, torch.xlogy(channel, ratio))
    ones = torch.einsum("i,sig->sg", weights * kinds, channel) / law.clamp_min(1e-300)
    return inputs, _coin(weights @ kinds) - (law * _coin(ones.clamp(0, 1))).sum(1)


def _largest(masses: Tensor, kinds: Tensor, slope: float) -> Tensor:
    """An upper bound of sum_x masses exp(-slope kl(k_x || guess)) over all guesses.

    Between two neighbours of a fine grid each divergence is replaced by its least value there,
    which it takes at the chance itself or at the nearer end: so the bound holds between them too.
    """
    grid = _guesses(kinds, FINE)
    nearest = kinds[:, None].clamp(grid[:-1], grid[1:])
    return (masses @ torch.exp(-slope * _divergence(kinds[:, None], nearest))).max()
