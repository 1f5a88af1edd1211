r"""What a code holds, exactly, and what a sample of codes says of it (nats, float64).

A code is a number for each input. As the law of the inputs is given, so are the law of the code,
its joint law with the state, and the law of the next symbol given the code: no value is estimated,
but by what is named plug-in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64
from scipy.stats import binom
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Law = Float64[Tensor, " outcome"]
MOST_SAMPLES = 100_000


@dataclass(frozen=True)
class Reading:
    """What one code holds, in nats; ``purity`` is the share of inputs in their code's main state.

    ``entropy`` is H(C), ``state`` I(S; C), ``floor`` H(Y | C): no network that sees the code alone
    has a smaller loss. ``used`` counts the codes that occur.
    """

    entropy: float
    state: float
    floor: float
    purity: float
    used: int


@checked
def entropy(law: Float64[Tensor, "*cell"]) -> float:
    """Return -sum p log p over all cells of a law, in nats.

    Raises
    ------
    ValueError
        If a cell is negative or not finite, or they do not sum to one.
    """
    _check_law(law)
    return max(0.0, -float(torch.xlogy(law, law).sum()))


@checked
def code_table(
    codes: Int64[Tensor, " input"], law: Float64[Tensor, " input"], parts: Int64[Tensor, " input"]
) -> Float64[Tensor, "code part"]:
    """Return the joint law of the code of an input and the part that it belongs to.

    Raises
    ------
    ValueError
        If a code or part is negative, lengths differ, or ``law`` is none.
    """
    _check_law(law)
    tensor_checks.equal_lengths(codes=codes, law=law, parts=parts)
    checks.not_negative(codes=int(codes.min()), parts=int(parts.min()))
    table = law.new_zeros(int(codes.max()) + 1, int(parts.max()) + 1)
    return table.index_put((codes, parts), law, accumulate=True)


@checked
def read_code(
    codes: Int64[Tensor, " input"],
    law: Float64[Tensor, " input"],
    states: Int64[Tensor, " input"],
    targets: Float64[Tensor, "input symbol"],
) -> Reading:
    """Read what a code holds of the state and of the next symbol, whose law each input has.

    Raises as ``code_table``, and ``ValueError`` if a row of ``targets`` is no law.

    Example
    -------
    >>> import torch
    >>> from runtheory.capacity.discrete_codes.measures import read_code
    >>> law = torch.full((4,), 0.25, dtype=torch.float64)
    >>> targets = torch.eye(2, dtype=torch.float64)[[0, 0, 1, 1]]
    >>> found = read_code(torch.tensor([0, 0, 1, 0]), law, torch.tensor([0, 0, 1, 1]), targets)
    >>> found.purity, round(found.state, 3)
    (0.75, 0.216)
    """
    table = code_table(codes, law, states)
    following = code_targets(codes, law, targets)
    share = table.sum(1)
    return Reading(
        entropy=entropy(share),
        state=max(0.0, entropy(share) + entropy(table.sum(0)) - entropy(table)),
        floor=float(-(share[:, None] * torch.xlogy(following, following)).sum()),
        purity=float(table.amax(1).sum()),
        used=int((share > 0).sum()),
    )


@checked
def code_targets(
    codes: Int64[Tensor, " input"],
    law: Float64[Tensor, " input"],
    targets: Float64[Tensor, "input symbol"],
) -> Float64[Tensor, "code symbol"]:
    """Return the law of the next symbol given each code: the best answer to it; 0 if unused.

    Raises as ``read_code``.
    """
    inputs = torch.arange(len(codes), device=codes.device)
    table = code_table(codes, law, inputs)
    _check_law(law[:, None] * targets, name="law of inputs and symbols")
    joint = table @ targets
    return joint / joint.sum(1, keepdim=True).clamp_min(torch.finfo(joint.dtype).tiny)


@checked
def plug_in_mean(law: Law, *, samples: int) -> float:
    """Return the mean of the entropy of the frequencies in a sample of ``samples`` draws, exactly.

    Each frequency is binomial, so sum_j E[-(N_j / n) log(N_j / n)] is a sum over counts.

    Raises
    ------
    ValueError
        If ``samples`` is outside 1 to 100,000, or ``law`` is none.
    """
    _check_law(law)
    checks.in_interval(1, MOST_SAMPLES, samples=samples)
    shares = np.arange(samples + 1) / samples
    terms = -shares * np.log(np.maximum(shares, 1e-300))
    counts = np.arange(samples + 1)
    return float(sum(binom.pmf(counts, samples, float(one)) @ terms for one in law))


@checked
def bias_bracket(law: Law, *, samples: int) -> tuple[float, float]:
    """Return two numbers between which H less the mean plug-in entropy lies (thm-plug-in-entropy).

    With M outcomes that can occur and n draws: (M - 1) / (2 n) - A / (6 n^2), where
    A = sum 1 / p - 3 M + 2, or zero if that is larger; and log(1 + (M - 1) / n).

    Raises as ``plug_in_mean``, but for the upper end of ``samples``.
    """
    _check_law(law)
    checks.at_least(1, samples=samples)
    chances = law[law > 0]
    count = len(chances)
    second = float((1 / chances).sum()) - 3 * count + 2
    lower = (count - 1) / (2 * samples) - second / (6 * samples**2)
    return max(0.0, lower), float(np.log1p((count - 1) / samples))


@checked
def softmax_ceiling(change: Float64[Tensor, "*batch symbol"]) -> Float64[Tensor, "*batch"]:
    """Return (largest - smallest)^2 / 8 of a change of logits: a bound on the divergence in nats.

    If two rows of logits differ by ``change``, neither prediction's divergence from the other is
    larger (prop-swap).

    Raises
    ------
    ValueError
        If there is no symbol, or a number is not finite.
    """
    checks.at_least(1, symbols=change.shape[-1])
    tensor_checks.finite(change=change)
    return (change.amax(-1) - change.amin(-1)).square() / 8


def _check_law(law: Tensor, *, name: str = "law") -> None:
    checks.at_least(1, **{f"outcomes of {name}": law.numel()})
    tensor_checks.finite(**{name: law})
    checks.not_negative(**{name: float(law.min())})
    if abs(float(law.sum()) - 1) > 1e-9:
        raise ValueError(f"{name} must sum to one, got {float(law.sum()):g}")
