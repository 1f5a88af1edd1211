"""Label smoothing softens targets: its loss, the lead it asks for, what it does to trust.

The target of label y is (1 - e) e_y + e/K for the amount e of smoothing and K classes. The *lead*
of an example is its label's logit less the mean of the other logits.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from scipy.optimize import brentq
from torch.nn import functional

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.evaluation.metrics import check_scored
from runtheory.evaluation.temperature import fit_temperature
from runtheory.shapes import Labels, Logits, Probabilities, Scalar

PerExample = Float[torch.Tensor, "batch"]
EXTREME = 1e3  # temperatures are searched from its inverse to it
ITERATIONS = 2000


@checked
def smoothed_loss(logits: Logits, labels: Labels, *, amount: float) -> Scalar:
    """Return the mean cross-entropy against smoothed targets, in nats.

    After [szegedy2016rethinking]. It is the plain cross-entropy plus ``amount`` times
    (z_y - mean of z).

    Raises
    ------
    ValueError
        If ``amount`` lies outside [0, 1], or as the scores of ``metrics`` do.
    """
    checks.in_interval(0, 1, amount=amount)
    check_scored(logits, labels)
    return functional.cross_entropy(logits, labels, label_smoothing=amount)


@checked
def uniform_divergence(logits: Logits) -> PerExample:
    """Return D(uniform || softmax) = logsumexp - mean - log K, in nats: what smoothing adds."""
    return logits.logsumexp(1) - logits.mean(1) - math.log(logits.shape[1])


@checked
def confidence_divergence(logits: Logits) -> PerExample:
    """Return D(softmax || uniform) in nats: log K less the entropy.

    The confidence penalty of [pereyra2017regularizing]: the other direction.
    """
    logarithms = logits.log_softmax(1)
    return (logarithms.exp() * logarithms).sum(1) + math.log(logits.shape[1])


@checked
def lead(logits: Logits, labels: Labels) -> PerExample:
    """Return the label's logit less the mean of the others.

    Raises
    ------
    ValueError
        If there is one class only, or as the scores of ``metrics`` do.
    """
    check_scored(logits, labels)
    classes = logits.shape[1]
    checks.at_least(2, classes=classes)
    own = logits.gather(1, labels[:, None])[:, 0]  # (batch)
    return (own - logits.mean(1)) * classes / (classes - 1)


@checked
def best_lead(amount: float, classes: int) -> float:
    """Return log(K/e - K + 1), the lead at which the smoothed loss is least (infinite at 0).

    Raises
    ------
    ValueError
        If ``amount`` lies outside [0, 1] or there are fewer than two classes.

    Examples
    --------
    >>> from runtheory.noise.label_smoothing import best_lead
    >>> round(best_lead(0.1, classes=10), 3)
    4.511
    """
    checks.in_interval(0, 1, amount=amount)
    checks.at_least(2, classes=classes)
    return math.log1p(classes * (1 - amount) / amount) if amount else math.inf


@checked
def least_loss(lead: float, *, amount: float, classes: int) -> float:
    """Return f(m) = log(1 + (K-1) exp(-m)) + e (K-1)/K m, the least smoothed loss at a lead m.

    Logits of this mean lead have at least this mean loss (thm-lead-law).

    Raises
    ------
    ValueError
        As :func:`best_lead`.
    """
    checks.in_interval(0, 1, amount=amount)
    checks.at_least(2, classes=classes)
    others = math.log(classes - 1)
    return _softplus(others - lead) + amount * (classes - 1) / classes * lead


@checked
def lead_interval(loss: float, *, amount: float, classes: int) -> tuple[float, float]:
    """Return the smallest and the largest mean lead that a mean smoothed loss leaves room for.

    The two solutions of f(m) = ``loss``; the upper one is infinite at amount 0.

    Raises
    ------
    ValueError
        As :func:`best_lead`; and if ``loss`` is below the least one, or not positive and finite.
    """
    checks.positive_finite(loss=loss)
    centre = best_lead(amount, classes)
    floor = least_loss(centre, amount=amount, classes=classes) if amount else 0.0
    if loss < floor:
        raise ValueError(f"the smoothed loss is at least {floor:.6g}, got {loss}")
    if not amount:
        return math.log(classes - 1) - math.log(math.expm1(loss)), math.inf
    slope = amount * (classes - 1) / classes

    def solution(outer: float) -> float:
        def surplus(lead: float) -> float:
            return least_loss(lead, amount=amount, classes=classes) - loss

        return centre if surplus(centre) >= 0 else float(brentq(surplus, outer, centre, xtol=1e-12))

    # f lies above log(K - 1) - (1 - slope) m and above slope m.
    return solution((math.log(classes - 1) - loss) / (1 - slope) - 1), solution(loss / slope + 1)


@checked
def smoothed_distribution(distribution: Probabilities, *, amount: float) -> Probabilities:
    """Return (1 - e) p + e/K: what is best predicted where the label's distribution is p.

    Raises
    ------
    ValueError
        If ``amount`` lies outside [0, 1].
    """
    checks.in_interval(0, 1, amount=amount)
    return (1 - amount) * distribution + amount / distribution.shape[1]


@checked
def minimising_logits(
    distributions: Probabilities, *, amount: float, generator: torch.Generator
) -> Logits:
    """Return free logits, one row for each distribution of the label, after descent on the loss.

    By L-BFGS from standard normal starts, float64. The minimum has a closed form, the logarithm of
    ``smoothed_distribution`` up to a shift of each row: this is the way there, to compare with.

    Raises
    ------
    ValueError
        If ``amount`` lies outside (0, 1]: without smoothing the minimum is at infinity; or if a
        distribution is not finite.
    """
    checks.in_interval(0, 1, ends="(]", amount=amount)
    tensor_checks.finite(distributions=distributions)
    logits = torch.randn(
        distributions.shape, generator=generator, dtype=torch.float64
    ).requires_grad_(True)
    optimiser = torch.optim.LBFGS(
        [logits],
        max_iter=ITERATIONS,
        max_eval=2 * ITERATIONS,
        tolerance_grad=1e-13,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(
            logits, distributions.double(), reduction="sum", label_smoothing=amount
        )
        value.backward()
        return value

    optimiser.step(loss)
    return logits.detach()


@checked
def fitted_temperature(logits: Logits, labels: Labels) -> float:
    """Return the T > 0 at which softmax(z / T) has the least cross-entropy.

    ``evaluation.fit_temperature``, cut to the range from 1e-3 to 1e3 where no temperature is best.

    Raises
    ------
    ValueError
        As the scores of ``metrics`` do, and for logits that are not finite.
    """
    tensor_checks.finite(logits=logits)
    return fit_temperature(logits, labels, ends=(1 / EXTREME, EXTREME))


def _softplus(value: float) -> float:
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
