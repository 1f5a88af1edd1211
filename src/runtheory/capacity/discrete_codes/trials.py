"""Training networks with codes on counts, and steering them by a swap of codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.discrete_codes.network import CodedNetwork, Codes, Inputs, logits, run

Counts = Float64[Tensor, "replicate input symbol"]
Logits = Float64[Tensor, "replicate pair symbol"]
LAST_RESTART = 0.6  # of all steps


@dataclass(frozen=True)
class Task:
    """Inputs, and shares of (input, symbol) to learn from and to choose a learning rate by."""

    inputs: Inputs
    training: Counts
    validation: Counts


@dataclass(frozen=True)
class Steering:
    """Logits of inputs that are given the codes of others: ``own`` before it, ``moved`` after it.

    ``wanted`` are those of the inputs that the codes come from.
    """

    own: Logits
    moved: Logits
    wanted: Logits

    @property
    def before(self) -> Float64[Tensor, "replicate pair"]:
        """The divergence of the wanted answers from those before the swap, in nats."""
        return _divergence(self.wanted, self.own)

    @property
    def after(self) -> Float64[Tensor, "replicate pair"]:
        """The divergence of the wanted answers from those after the swap, in nats."""
        return _divergence(self.wanted, self.moved)

    @property
    def share(self) -> Float64[Tensor, " replicate"]:
        """The share of the way: one where the swap brings exactly the wanted answers."""
        return 1 - self.after.mean(1) / self.before.mean(1)


@checked
def expected_loss(
    net: CodedNetwork, inputs: Inputs, joint: Counts
) -> Float64[Tensor, " replicate"]:
    """Return the mean cross-entropy of each replicate under ``joint``, shares of (input, symbol).

    Raises
    ------
    ValueError
        As ``network.logits``, and if the shares are negative or of another number of inputs.
    """
    _check_joint(net, inputs, joint)
    predicted = logits(net, inputs).double().log_softmax(2)
    return -(joint * predicted).sum((1, 2))


@checked
def trained(
    start: CodedNetwork,
    task: Task,
    *,
    steps: int,
    rate: float,
    generator: torch.Generator,
    pull: float = 0.0,
    pause: int = 25,
) -> CodedNetwork:
    """Return the network after Adam's steps on the cross-entropy of all training shares at once.

    With codes, the squared distance of the codes' mean from the features is added, and moves the
    codes alone; times ``pull`` it moves the features alone, too. Every ``pause`` steps of the
    first three fifths, codes that no input takes are put on features that are far from theirs,
    drawn in proportion to the squared distance, weighed by the shares.

    Raises
    ------
    ValueError
        As ``expected_loss``, and if ``steps`` or ``pause`` is below one, ``rate`` outside (0, 1]
        or ``pull`` negative.
    """
    checks.at_least(1, steps=steps, pause=pause)
    checks.not_negative(pull=pull)
    checks.in_interval(0, 1, ends="(]", rate=rate)
    _check_joint(start, task.inputs, task.training)
    live = tuple(part.detach().clone().requires_grad_() for part in start.trained)
    adam = torch.optim.Adam(live, lr=rate)
    for step in range(steps):
        adam.zero_grad()
        with torch.enable_grad():
            loss, far, codes = _objective(start.replaced(live), task, pull)
            loss.backward()
        adam.step()
        if codes is not None and step % pause == pause - 1 and step < LAST_RESTART * steps:
            _restart(live[-2], codes, far, generator)
    return start.replaced(tuple(part.detach() for part in live))


@checked
def tuned(
    start: CodedNetwork,
    task: Task,
    *,
    steps: int,
    rates: Sequence[float],
    generator: torch.Generator,
    pull: float = 0.0,
) -> tuple[CodedNetwork, float]:
    """Train at every rate; return the network of least validation loss, and its rate.

    One rate for all replicates, by their mean loss. Raises as ``trained``, and ``ValueError``
    without rates.
    """
    checks.at_least(1, rates=len(rates))
    nets = [
        trained(start, task, steps=steps, rate=rate, generator=generator, pull=pull)
        for rate in rates
    ]
    losses = [float(expected_loss(net, task.inputs, task.validation).mean()) for net in nets]
    best = losses.index(min(losses))
    return nets[best], rates[best]


@checked
def steer(
    net: CodedNetwork, inputs: Inputs, codes: Codes, *, pairs: Int64[Tensor, "replicate pair 2"]
) -> Steering:
    """Give the first input of each pair the codes of the second; ``codes`` are those of all inputs.

    Computed in float64 (prop-swap).

    Raises
    ------
    ValueError
        As ``network.logits``, and if a pair names an input that is not there or there is none.
    """
    checks.at_least(1, pairs=pairs.shape[1])
    checks.labels_below(pairs, inputs.shape[1], name="pairs")
    rows = torch.arange(len(inputs), device=inputs.device)[:, None]
    first, second = pairs.unbind(2)
    exact = net.replaced(tuple(part.double() for part in net.trained))
    every = logits(exact, inputs.double(), codes=codes)
    moved = logits(exact, inputs[rows, first].double(), codes=codes[rows, second])
    return Steering(every[rows, first], moved, every[rows, second])


def _divergence(wanted: Tensor, other: Tensor) -> Tensor:
    own, log = wanted.log_softmax(2), other.log_softmax(2)
    return (own.exp() * (own - log)).sum(2)


def _objective(
    net: CodedNetwork, task: Task, pull: float
) -> tuple[Tensor, tuple[Tensor, Tensor], Codes | None]:
    """The loss, what tells which features are far from their codes, and the codes."""
    scores, features, seen, codes = run(net, task.inputs)
    shares = task.training.to(scores.dtype)
    weights = shares.sum(2)
    apart = (seen - features.detach()).square().sum(2) * weights
    back = (seen.detach() - features).square().sum(2) * weights
    loss = apart.sum() + pull * back.sum() - (shares * scores.log_softmax(2)).sum()
    return loss, (features.detach(), apart.detach()), codes


def _restart(
    book: Tensor, codes: Tensor, far: tuple[Tensor, Tensor], generator: torch.Generator
) -> None:
    taken = torch.zeros(book.shape[:2], device=book.device).scatter_(1, codes.flatten(1), 1.0)
    with torch.no_grad():
        for own, used, features, apart in zip(book, taken, *far, strict=True):
            idle = (used == 0).nonzero()[:, 0]
            if len(idle) and bool(apart.sum() > 0):
                own[idle] = features[apart.multinomial(len(idle), True, generator=generator)]


def _check_joint(net: CodedNetwork, inputs: Tensor, joint: Tensor) -> None:
    symbols = net.layers[-1].shape[2]
    if joint.shape != (*inputs.shape[:2], symbols):
        raise ValueError(f"shares must be {(*inputs.shape[:2], symbols)}, got {tuple(joint.shape)}")
    tensor_checks.finite(shares=joint)
    checks.not_negative(shares=float(joint.min()))
