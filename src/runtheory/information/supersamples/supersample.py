"""Super-samples: pairs of examples of which a coin picks the one that is trained on.

A super-sample is an n x 2 table of examples, and a mask picks one of each row
[steinke2020reasoning]: entry i of the mask is the column of the training copy, the other copy is a
test example of the same law. A group is one super-sample, a replicate one mask and one trained
network; the replicates of one group share its examples.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_batches,
    draw_perceptrons,
    train,
)


@dataclass(frozen=True)
class SuperSamples:
    """Which examples of a pool form each super-sample, and the masks of its replicates."""

    indices: Int64[Tensor, "group pair 2"]
    groups: Int64[Tensor, "replicate"]
    masks: Int64[Tensor, "replicate pair"]

    @property
    def replicates(self) -> int:
        return self.masks.shape[0]

    @property
    def training_indices(self) -> Int64[Tensor, "replicate pair"]:
        """The examples that each replicate is trained on."""
        return self.indices[self.groups].gather(2, self.masks[:, :, None]).squeeze(2)


@dataclass(frozen=True)
class Outcomes:
    """Zero-one losses and predicted classes on both copies of every pair of every replicate.

    Columns are those of the super-sample, so the training copy of pair i is in column
    ``masks[:, i]``.
    """

    losses: Float64[Tensor, "replicate pair 2"]
    predictions: Int64[Tensor, "replicate pair 2"]
    masks: Int64[Tensor, "replicate pair"]
    groups: Int64[Tensor, "replicate"]

    @property
    def train_error(self) -> float:
        return float(self.losses.gather(2, self.masks[:, :, None]).mean())

    @property
    def test_error(self) -> float:
        return float(self.losses.gather(2, 1 - self.masks[:, :, None]).mean())

    @property
    def gap(self) -> float:
        """Test error less training error, averaged over replicates and pairs."""
        return self.test_error - self.train_error


@checked
def draw_super_samples(
    pool: int, *, pairs: int, groups: int, masks: int, generator: torch.Generator
) -> SuperSamples:
    """Draw ``groups`` super-samples from a pool of that many examples, ``masks`` masks for each.

    The 2 x ``pairs`` examples of a super-sample are distinct, so that over a pool of independent
    examples they are independent. Different groups may share examples: that leaves every
    expectation as it is and widens its error a little.

    Raises
    ------
    ValueError
        If a count is below one or the pool is smaller than one super-sample.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information import draw_super_samples
    >>> drawn = draw_super_samples(100, groups=2, pairs=20, masks=3, generator=torch.Generator())
    >>> drawn.masks.shape
    torch.Size([6, 20])
    """
    checks.at_least(1, pairs=pairs, groups=groups, masks=masks)
    if pool < 2 * pairs:
        raise ValueError(f"a super-sample of {pairs} pairs needs {2 * pairs} examples, got {pool}")
    device = generator.device
    drawn = [
        torch.randperm(pool, generator=generator, device=device)[: 2 * pairs] for _ in range(groups)
    ]
    shape = (groups * masks, pairs)
    return SuperSamples(
        indices=torch.stack(drawn).reshape(groups, pairs, 2),
        groups=torch.arange(groups, device=device).repeat_interleave(masks),
        masks=torch.randint(2, shape, generator=generator, device=device),
    )


@checked
def run_replicates(
    inputs: Float[Tensor, "example input"],
    labels: Int64[Tensor, "example"],
    plan: SuperSamples,
    *,
    settings: Descent,
    start: Perceptrons,
    batches: Int64[Tensor, "step replicate batch"] | None = None,
) -> Outcomes:
    """Train one network per replicate, all at once, and return its losses on both copies.

    Raises
    ------
    ValueError
        If ``start`` does not have one network per replicate, inputs are not finite, or on the terms
        of :func:`~runtheory.information.supersamples.perceptrons.train`.
    """
    tensor_checks.finite(inputs=inputs)
    if start.replicates != plan.replicates:
        raise ValueError(
            f"start needs one network per replicate, {plan.replicates}, got {start.replicates}"
        )
    chosen = plan.training_indices
    trained = train(start, inputs[chosen], labels[chosen], settings=settings, batches=batches)
    both = plan.indices[plan.groups].flatten(1)  # (replicate, 2 pairs)
    with torch.no_grad():
        predictions = trained.scores(inputs[both]).argmax(-1)
    wrong = (predictions != labels[both]).to(torch.float64)
    shape = (*plan.masks.shape, 2)
    return Outcomes(wrong.reshape(shape), predictions.reshape(shape), plan.masks, plan.groups)


@dataclass(frozen=True)
class ReplicatePlan:
    """How :func:`train_replicates` draws and trains: pairs, super-samples, masks, networks.

    ``masks`` is their number for each of the ``groups`` super-samples; a network has the given
    ``hidden`` widths.
    """

    pairs: int
    groups: int
    masks: int
    hidden: tuple[int, ...]
    classes: int
    descent: Descent


@checked
def train_replicates(
    inputs: Float[Tensor, "example input"],
    labels: Int64[Tensor, "example"],
    plan: ReplicatePlan,
    *,
    generator: torch.Generator,
) -> Outcomes:
    """Draw super-samples, networks and minibatches and train one network per replicate.

    Each replicate starts from weights of its own, which are part of the algorithm's randomness.

    Raises
    ------
    ValueError
        On the terms of :func:`draw_super_samples`.
    """
    samples = draw_super_samples(
        len(inputs), pairs=plan.pairs, groups=plan.groups, masks=plan.masks, generator=generator
    )
    count, widths = samples.replicates, (inputs.shape[1], *plan.hidden, plan.classes)
    start = draw_perceptrons(widths, replicates=count, generator=generator, dtype=inputs.dtype)
    batches = draw_batches(plan.pairs, plan.descent, replicates=count, generator=generator)
    return run_replicates(
        inputs, labels, samples, settings=plan.descent, start=start, batches=batches
    )


@checked
def random_outcomes(replicates: int, pairs: int, *, generator: torch.Generator) -> Outcomes:
    """Return losses that nobody made: a training and a test error are drawn, then every loss.

    ``predictions`` say whether an entry is the test copy. Each replicate is a group of its own.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, replicates=replicates, pairs=pairs)
    device = generator.device
    masks = torch.randint(2, (replicates, pairs), generator=generator, device=device)
    uniform = torch.rand(replicates, pairs, 2, generator=generator, device=device)
    errors = torch.rand(2, generator=generator, device=device)  # of training and of test copies
    is_test = (torch.arange(2, device=device) != masks[:, :, None]).long()
    losses = (uniform < errors).to(torch.float64).gather(2, is_test)
    return Outcomes(losses, is_test, masks, torch.arange(replicates, device=device))
