"""Autoencoders with learnt and with fixed prior variances, trained next to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.relevant_axes import counting, networks
from runtheory.capacity.relevant_axes.networks import Autoencoder, Inputs, Prior

EVERY = 20  # steps from one refresh to the next
BATCH = 32
PROBES = 64  # examples at which the decoder's derivative is taken
LEAST = 1e-8  # below this no prior variance falls


Arm = tuple[int, float]  # number of axes; prior variance, 0 for one that is learnt


@dataclass(frozen=True)
class Options:
    """Hidden units on each side, the decoder's noise s^2, and how many examples the prior has."""

    hidden: int
    noise: float
    held_out: int


@dataclass(frozen=True)
class Task:
    """What a run is given: examples to learn from, a part held out for the prior, and the noise.

    ``learnt`` tells for each replicate whether its prior variances are refreshed or stay as they
    are in ``prior``.
    """

    training: Inputs
    held_out: Float[Tensor, "replicate held feature"]
    noise: float
    prior: Prior
    learnt: Bool[Tensor, " replicate"]


@dataclass(frozen=True)
class Snapshot:
    """Autoencoders at one step, and the prior variances that they have then."""

    net: Autoencoder
    prior: Prior


@dataclass(frozen=True)
class Score:
    """What is measured on examples: the negative bound, and the axes by two rules of counting.

    ``chosen_by`` is the negative bound on other examples, by which settings are chosen.
    """

    loss: Float64[Tensor, " replicate"]
    relevances: Float64[Tensor, "replicate axis"]
    divergences: Float64[Tensor, "replicate axis"]
    chosen_by: Float64[Tensor, " replicate"] | None = None

    def part(self, rows: slice) -> Score:
        """Return the score of some replicates."""
        chosen = None if self.chosen_by is None else self.chosen_by[rows]
        return Score(self.loss[rows], self.relevances[rows], self.divergences[rows], chosen)

    @property
    def relevant(self) -> Int64[Tensor, " replicate"]:
        """The axes whose relevances make up 99 per cent."""
        return counting.axes_for_share(self.relevances)

    @property
    def active(self) -> Int64[Tensor, " replicate"]:
        """The axes that diverge by a tenth of a nat from the prior."""
        return counting.active_axes(self.divergences)


@checked
def prepared(
    examples: Inputs,
    *,
    arms: Sequence[Arm],
    options: Options,
    generator: torch.Generator,
) -> tuple[Autoencoder, Task]:
    """Return a start and a task with every arm on every row of ``examples``, arm after arm.

    An arm is its number of axes and its fixed prior variance, 0 for one that is learnt. The last
    ``options.held_out`` examples are for the prior. Arms with as many axes start alike.

    Raises
    ------
    ValueError
        If there is no arm, a prior variance is negative, ``held_out`` leaves no example on one
        side, or as ``networks.draw_autoencoder``.
    """
    checks.at_least(1, arms=len(arms))
    checks.not_negative(variances=[variance for _, variance in arms])
    checks.in_interval(1, examples.shape[1] - 1, held_out=options.held_out)
    seeds, most = len(examples), max(axes for axes, _ in arms)
    drawn = {
        axes: networks.draw_autoencoder(
            examples.shape[2], hidden=options.hidden, axes=[most] * seeds, generator=generator
        )
        for axes in sorted({axes for axes, _ in arms})
    }
    parts = zip(*(drawn[axes].trained for axes, _ in arms), strict=True)
    counts = torch.tensor([axes for axes, _ in arms]).repeat_interleave(seeds)[:, None]
    variances = torch.tensor([variance for _, variance in arms]).repeat_interleave(seeds)
    learnt = (variances == 0).to(examples.device)
    first = drawn[arms[0][0]]
    start = Autoencoder(
        first.encoder, first.decoder, (torch.arange(most) < counts).to(examples)
    ).replaced([torch.cat(part).to(examples) for part in parts])
    prior = variances.to(examples).masked_fill(learnt, 1.0)[:, None].expand(-1, most)
    every = examples.repeat(len(arms), 1, 1)
    cut = examples.shape[1] - options.held_out
    return start, Task(every[:, :cut], every[:, cut:], options.noise, prior, learnt)


@checked
def trained(
    start: Autoencoder,
    task: Task,
    *,
    rate: float,
    at: Sequence[int],
    generator: torch.Generator,
) -> dict[int, Snapshot]:
    """Train with Adam up to the last step of ``at`` and return how things stood at each of them.

    Every 20 steps, the first included, learnt prior variances become the mean square of codes that
    are drawn for the held-out examples. Replicates do not see each other's gradients. The public
    code of [saha2025ardvae]_ refreshes once an epoch and, like this, has a Gaussian prior of the
    variance that stands, not the Student-t that an integrated variance would give.

    Raises
    ------
    ValueError
        If ``at`` names no step or one below 1, ``rate`` is outside (0, 1], or as
        ``networks.negative_bound``.
    """
    checks.at_least(1, steps=len(at))
    checks.at_least(1, at=list(at))
    checks.in_interval(0, 1, ends="(]", rate=rate)
    live = [part.detach().clone().requires_grad_() for part in start.trained]
    adam, prior, kept = torch.optim.Adam(live, lr=rate, fused=True), task.prior, {}
    for step in range(max(at)):
        net = start.replaced(live)
        if step % EVERY == 0:
            prior = refreshed(net, task, prior=prior, generator=generator)
        adam.zero_grad()
        with torch.enable_grad():
            _batch_loss(net, task, prior, generator).backward()
        adam.step()
        if step + 1 in at:
            kept[step + 1] = Snapshot(
                start.replaced([part.detach().clone() for part in live]), prior
            )
    return kept


@checked
def refreshed(net: Autoencoder, task: Task, *, prior: Prior, generator: torch.Generator) -> Prior:
    """Return the prior variances: where learnt, the mean square of codes drawn for the held-out.

    Raises as ``networks.encoded``, and ``ValueError`` for a prior that is not finite.
    """
    tensor_checks.finite(prior=prior)
    with torch.no_grad():
        means, variances = networks.encoded(net, task.held_out)
        codes = means + variances.sqrt() * _normal(means, generator)
        return torch.where(task.learnt[:, None], codes.square().mean(1).clamp(min=LEAST), prior)


@checked
def score(
    snapshot: Snapshot, examples: Inputs, *, noise: float, generator: torch.Generator
) -> Score:
    """Measure the bound, relevances and divergences on ``examples`` (one draw of the codes).

    A relevance is the decoder's sensitivity times the mean square of the codes, as in the code of
    [saha2025ardvae]_, whether the prior was learnt or not. Raises as ``networks.negative_bound``.
    """
    net, prior = snapshot.net, snapshot.prior
    means, variances = networks.encoded(net, examples)
    normal = _normal(means, generator)
    codes = means + variances.sqrt() * normal
    weights = networks.sensitivities(net, codes[:, :PROBES])
    square = codes.double().square().mean(1)
    found = counting.gaussian_divergences(means, variances, prior=prior)
    loss = networks.negative_bound(net, examples, normal=normal, prior=prior, noise=noise)
    return Score(loss.double(), weights * square * net.open, found * net.open)


@checked
def compared(
    examples: tuple[Tensor, Tensor, Tensor],
    arms: Sequence[Arm],
    *,
    options: Options,
    rates: Sequence[float],
    at: Sequence[int],
    generator: torch.Generator,
) -> dict[tuple[Arm, float, int], Score]:
    """Train every arm at every rate and measure it at the steps ``at``, by arm, rate and step.

    ``examples`` are those to train with (those held out for the prior last), to choose settings
    by, and to measure on; arms are those of ``prepared``, and start alike at all rates.

    Raises
    ------
    ValueError
        If there are no rates, or as ``prepared`` and ``trained``.
    """
    checks.at_least(1, rates=len(rates))
    choosing, testing = (one.repeat(len(arms), 1, 1) for one in examples[1:])
    start, task = prepared(examples[0], arms=arms, options=options, generator=generator)
    found: dict[tuple[Arm, float, int], Score] = {}
    seeds = len(examples[0])
    for rate in rates:
        for step, shot in trained(start, task, rate=rate, at=at, generator=generator).items():
            chosen = _measured_loss(shot, choosing, options.noise, generator)
            both = score(shot, testing, noise=options.noise, generator=generator)
            both = replace(both, chosen_by=chosen)
            for index, arm in enumerate(arms):
                rows = slice(index * seeds, (index + 1) * seeds)
                found[arm, rate, step] = both.part(rows)
    return found


@checked
def best_setting(
    found: Mapping[tuple[Arm, float, int], Score], arms: Sequence[Arm], *, step: int
) -> tuple[Arm, float]:
    """Return the arm and the rate of the least mean ``chosen_by`` at a step, among ``arms``.

    Raises
    ------
    ValueError
        If nothing was measured for these arms at that step.
    """
    means = {
        (arm, rate): float(one.chosen_by.mean())
        for (arm, rate, then), one in found.items()
        if then == step and arm in arms and one.chosen_by is not None
    }
    if not means:
        raise ValueError(f"nothing was measured at step {step} for {list(arms)}")
    return min(means, key=lambda setting: means[setting])


def _measured_loss(
    snapshot: Snapshot, examples: Tensor, noise: float, generator: torch.Generator
) -> Tensor:
    shape = (*examples.shape[:2], snapshot.prior.shape[1])
    normal = _normal(examples.new_empty(shape), generator)
    return networks.negative_bound(
        snapshot.net, examples, normal=normal, prior=snapshot.prior, noise=noise
    ).double()


def _batch_loss(net: Autoencoder, task: Task, prior: Tensor, generator: torch.Generator) -> Tensor:
    replicates, examples = task.training.shape[:2]
    device = generator.device
    picked = torch.randint(examples, (replicates, BATCH), generator=generator, device=device)
    rows = torch.arange(replicates, device=device)[:, None]
    inputs = task.training[rows, picked]
    normal = _normal(inputs.new_empty(replicates, BATCH, net.open.shape[1]), generator)
    # The sum over replicates: none sees another's gradient.
    return networks.negative_bound(net, inputs, normal=normal, prior=prior, noise=task.noise).sum()


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, device=like.device, dtype=like.dtype)
