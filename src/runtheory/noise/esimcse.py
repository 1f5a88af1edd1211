"""Pairs that share their length: what contrast learns from it, and what repeated words undo.

A sentence of N words gets between 0 and max(2, floor(rate N)) of its words twice, each number with
equal chance [wu2022esimcse]. A critic scores pairs; its contrastive loss is that of picking the
partner of the first among *negatives*, drawn on their own, by a softmax of the scores.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor
from torch.nn import functional

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Joint = Float64[np.ndarray, "first second"]
Lengths = Int64[Tensor, "replicate batch"]
Sentences = Float[Tensor, "replicate batch feature"]
Weights = Float[Tensor, "replicate 2"]
SHORTEST = 3  # words: of fewer there are not two that can be repeated


@checked
def most_repeated(words: int, *, rate: float) -> int:
    """Return max(2, floor(rate N)), the most words that a sentence of N words gets twice.

    Raises
    ------
    ValueError
        If there are fewer than three words, or ``rate`` lies outside [0, 1).

    Examples
    --------
    >>> from runtheory.noise.esimcse import most_repeated
    >>> most_repeated(5, rate=0.32), most_repeated(20, rate=0.32)
    (2, 6)
    """
    checks.at_least(SHORTEST, words=words)
    checks.in_interval(0, 1, ends="[)", rate=rate)
    return max(2, int(rate * words))


@checked
def repeated_joint(shares: Float64[np.ndarray, "length"], *, shortest: int, rate: float) -> Joint:
    """Return the joint distribution of a sentence's length and its length after repetition.

    ``shares`` are the chances of the lengths shortest, shortest + 1, ...; so are the columns.

    Raises
    ------
    ValueError
        If the shares are no distribution, or as :func:`most_repeated`.
    """
    _check_distribution(shares)
    most = [most_repeated(shortest + place, rate=rate) for place in range(len(shares))]
    joint = np.zeros((len(shares), len(shares) + max(most)))
    for place, share in enumerate(shares):
        joint[place, place : place + most[place] + 1] = share / (most[place] + 1)
    return joint


@checked
def best_critic(joint: Joint) -> Joint:
    """Return log p(a, b) - log p(a) - log p(b): minus infinity where a pair does not occur.

    Up to a term of the first alone it is the critic of the least contrastive loss.

    Raises
    ------
    ValueError
        If ``joint`` is no distribution, or a row or column has no chance at all.
    """
    _check_distribution(joint)
    rows, columns = joint.sum(1, keepdims=True), joint.sum(0, keepdims=True)
    checks.positive(rows=rows, columns=columns)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(joint) - np.log(rows) - np.log(columns))


@checked
def shared_information(joint: Joint) -> float:
    """Return the mutual information of a pair in nats.

    Raises
    ------
    ValueError
        As :func:`best_critic`.
    """
    critic = best_critic(joint)
    return float(joint[joint > 0] @ critic[joint > 0])


@checked
def contrastive_loss(
    critic: Float64[Tensor, "first second"], joint: Joint, *, negatives: int
) -> Float64[Tensor, ""]:
    """Return the mean over pairs and negatives of log sum_j exp s(a, b_j) - s(a, b), in nats.

    The partner b is among the b_j; the others have the distribution of b, independent of a. All
    tuples of negatives are summed.

    Raises
    ------
    ValueError
        If ``joint`` is no distribution, a score is NaN or infinite from
        above, ``negatives`` is not positive, or there are more than a million tuples.
    """
    _check_distribution(joint)
    if bool((critic.isnan() | (critic == torch.inf)).any()):
        raise ValueError("critic must be below infinity, got NaN or infinity")
    checks.at_least(1, negatives=negatives)
    checks.in_interval(1, 1e6, tuples=joint.shape[1] ** negatives)
    chances, exponentials = torch.tensor(joint.sum(0)), critic.exp()
    tuples = torch.tensor(list(itertools.product(range(joint.shape[1]), repeat=negatives)))
    weight = chances[tuples].prod(1)  # (tuple)
    others = exponentials[:, tuples].sum(2)  # (first, tuple)
    total = critic.new_zeros(())
    for first, second in np.argwhere(joint > 0):
        inside = exponentials[first, second] + others[first]
        loss = weight @ inside.log() - critic[first, second]
        total = total + joint[first, second] * loss
    return total


@checked
def repeated_lengths(lengths: Lengths, *, rate: float, generator: torch.Generator) -> Lengths:
    """Return the lengths after a repetition of randomly many words in each sentence.

    Raises
    ------
    ValueError
        If a sentence has fewer than three words, or ``rate`` lies outside [0, 1).
    """
    checks.in_interval(0, 1, ends="[)", rate=rate)
    if lengths.numel():
        checks.at_least(SHORTEST, words=int(lengths.min()))
    most = (rate * lengths.double()).floor().clamp(min=2)
    draws = torch.rand(lengths.shape, generator=generator, dtype=torch.float64)
    return lengths + (draws * (most + 1)).floor().long()


@checked
def draw_views(
    meanings: Sentences, lengths: Lengths, *, noise: float, generator: torch.Generator
) -> Float[Tensor, "replicate batch view"]:
    """Return sentences as encoded under dropout: meaning plus noise, and the length as it is.

    The last feature is the length, (N - 14.5) / 5.77: standardised if N is uniform on 5 to 24.

    Raises
    ------
    ValueError
        If a meaning is not finite, or ``noise`` is negative or infinite.
    """
    tensor_checks.finite(meanings=meanings, noise=noise)
    checks.not_negative(noise=noise)
    draws = torch.randn(meanings.shape, generator=generator, dtype=meanings.dtype)
    length = ((lengths - 14.5) / 5.77).to(meanings.dtype)
    return torch.cat([meanings + noise * draws, length[..., None]], dim=2)


@checked
def similarities(
    first: Sentences, second: Sentences, weights: Weights
) -> Float[Tensor, "replicate batch batch"]:
    """Return minus half the squared distance of each first to each second, weighted.

    ``weights`` are that of the meaning and that of the length, the last feature.

    Raises
    ------
    ValueError
        If a value is not finite, or a weight is negative.
    """
    tensor_checks.finite(first=first, second=second, weights=weights)
    if tensor_checks.readable(weights):
        checks.not_negative(weights=weights.detach().cpu().numpy())
    a, b = first[..., :-1], second[..., :-1]
    squares = a.square().sum(2)[:, :, None] + b.square().sum(2)[:, None]
    meaning = (squares - 2 * a @ b.mT).clamp(min=0)  # rounding may fall below zero
    length = (first[:, :, None, -1] - second[:, None, :, -1]) ** 2
    scaled = weights[:, 0, None, None] * meaning + weights[:, 1, None, None] * length
    return -scaled / 2


@checked
def train_weights(
    draw: Callable[[], tuple[Tensor, Tensor]], *, replicates: int, steps: int, rate: float = 0.05
) -> Weights:
    """Return the weights after descent by Adam on the contrastive loss, from 1 and 1.

    ``draw`` returns a new batch of pairs, firsts and seconds, for all replicates at once. The
    logarithms of the weights are what is learnt.

    Raises
    ------
    ValueError
        If ``replicates`` or ``steps`` is not positive, or ``rate`` is not positive and finite.
    """
    checks.at_least(1, replicates=replicates, steps=steps)
    checks.positive_finite(rate=rate)
    logarithms = torch.zeros((replicates, 2), requires_grad=True)
    optimiser = torch.optim.Adam([logarithms], lr=rate)
    for _ in range(steps):
        first, second = draw()
        scores = similarities(first, second, logarithms.exp())
        partners = torch.arange(scores.shape[1]).expand(replicates, -1)
        optimiser.zero_grad()
        # Replicates are summed: each has its own weights, and so its own descent.
        loss = functional.cross_entropy(scores.mT, partners, reduction="sum") / scores.shape[1]
        loss.backward()
        optimiser.step()
    return logarithms.detach().exp()


def _check_distribution(joint: np.ndarray) -> None:
    tensor_checks.finite(joint=joint)
    checks.not_negative(joint=joint)
    if abs(joint.sum() - 1) > 1e-9:
        raise ValueError(f"chances must sum to one, got {joint.sum()}")
