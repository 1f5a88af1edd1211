r"""Linear maps as products of two factors, cut at every rank.

A map $W = U V^\top$ is fitted to a target $A$ on inputs of second moments $C$; the errors are
$\mathbb{E}\|(A - U_b V_b^\top) x\|^2$, where the index says that the first $b$ columns are kept.
Stacks of factors (replicates) are computed side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.ordered import keep_chances


@dataclass(frozen=True)
class Factors:
    """The factors U (output, rank) and V (input, rank) of a map, or of a stack of maps."""

    left: Float[Tensor, "*stack output rank"]
    right: Float[Tensor, "*stack input rank"]

    @property
    def rank(self) -> int:
        return self.left.shape[-1]

    @property
    def product(self) -> Float[Tensor, "*stack output input"]:
        """The map that all columns make together."""
        return self.left @ self.right.mT

    def cut(self, kept: int) -> Factors:
        """Return the first ``kept`` columns of both."""
        return Factors(self.left[..., :kept], self.right[..., :kept])


@dataclass(frozen=True)
class LinearTask:
    """A map A to fit and the second moments C of its inputs, which are symmetric."""

    target: Float[Tensor, "output input"]
    moments: Float[Tensor, "input input"]


@checked
def draw_factors(
    task: LinearTask, *, rank: int, scale: float, replicates: int, generator: torch.Generator
) -> Factors:
    """Draw a stack of factors with normal entries of deviation ``scale``, in the target's dtype.

    Raises
    ------
    ValueError
        If a count is below one, ``scale`` is not positive and finite, or the task does not fit
        together.
    """
    _check_task(task)
    checks.at_least(1, rank=rank, replicates=replicates)
    checks.positive_finite(scale=scale)

    def normal(rows: int) -> Tensor:
        shape = (replicates, rows, rank)
        drawn = torch.randn(
            shape, generator=generator, device=generator.device, dtype=torch.float64
        )
        return (scale * drawn).to(task.target)

    outputs, inputs = task.target.shape
    return Factors(normal(outputs), normal(inputs))


@checked
def prefix_errors(factors: Factors, task: LinearTask) -> Float[Tensor, "*stack rank"]:
    """Return the mean squared error of every cut, with 1, 2, ... columns kept.

    Raises
    ------
    ValueError
        If factors or moments do not fit the target, or are not finite.
    """
    _check_fit(factors, task)
    columns = factors.left.mT[..., :, :, None] * factors.right.mT[..., :, None, :]
    missed = task.target - columns.cumsum(-3)
    return ((missed @ task.moments) * missed).sum((-2, -1))


@checked
def least_errors(task: LinearTask, rank: int) -> Float[Tensor, " rank"]:
    """Return the least error that any map of rank 1, ..., ``rank`` can have.

    These are the sums of the eigenvalues of A C A' that are left out, the squared singular values
    of A times a root of C, by the theorem of Eckart and Young (``thm-ordered-dropout``).

    Raises
    ------
    ValueError
        If ``rank`` is below one or above the number of outputs, or the moments do not fit or are
        not finite.
    """
    _check_task(task)
    checks.in_interval(1, task.target.shape[0], rank=rank)
    energy = torch.linalg.eigvalsh(task.target @ task.moments @ task.target.mT)
    left_out = energy.clamp(min=0).cumsum(0)  # ascending: the smallest come first
    return torch.cat([energy.new_zeros(1), left_out]).flip(0)[1 : rank + 1]


@checked
def ordered_factors(
    target: Float[Tensor, "*stack output input"],
    moments: Float[Tensor, "*stack input input"],
    *,
    rank: int,
) -> Factors:
    """Return factors of the target whose every cut is a best map of its rank.

    With a_i the eigenvectors of A C A', largest eigenvalue first, U has the columns a_i and V the
    columns A' a_i: the first b make the projection a_1 a_1' + ... + a_b a_b' of the target. No
    root of C is inverted, so C may be singular. With C = 1 this is the singular value
    decomposition of the target.

    Raises
    ------
    ValueError
        If ``rank`` is below one or above the number of outputs, or a number is not finite.
    """
    tensor_checks.finite(target=target, moments=moments)
    checks.in_interval(1, target.shape[-2], rank=rank)
    vectors = torch.linalg.eigh(target @ moments @ target.mT).eigenvectors
    left = vectors.flip(-1)[..., :rank]
    return Factors(left, target.mT @ left)


@checked
def joint_chances(chances: Float[Tensor, " rank"]) -> Float[Tensor, "rank rank"]:
    """Return for each two columns the chance that both are kept; a column's own on the diagonal.

    It is the chance that the later of the two is kept (``keep_chances`` of
    :mod:`runtheory.dropout.ordered`), where ordinary dropout would have the product of both.

    Raises
    ------
    ValueError
        If a chance is negative or not finite, or they do not add up to one.
    """
    kept = keep_chances(chances)
    return torch.minimum(kept[:, None], kept)  # it never rises, so the least is the later one's


@checked
def mean_error(
    factors: Factors, task: LinearTask, *, chances: Float[Tensor, " rank"]
) -> Float[Tensor, "*stack"]:
    """Return the error averaged over the length b that is drawn with ``chances``, by one formula.

    With Q the ``joint_chances``, D their diagonal and the product o taken entry by entry,
    tr A C A' - 2 tr U D V' C A' + tr U (V' C V o Q) U'.

    Raises
    ------
    ValueError
        If there is not one chance for each column, they do not add up to one, or as
        ``prefix_errors``.
    """
    _check_fit(factors, task)
    both = _both(chances, factors.rank)
    target, moments = task.target, task.moments
    whole = ((target @ moments) * target).sum()
    reached = target @ moments @ factors.right
    crossed = (factors.left * reached * both.diagonal()).sum((-2, -1))
    within = factors.right.mT @ moments @ factors.right * both
    return whole - 2 * crossed + (factors.left.mT @ factors.left * within).sum((-2, -1))


@checked
def minimised(
    start: Factors, task: LinearTask, *, chances: Float[Tensor, " rank"], rounds: int
) -> Factors:
    """Return the factors after ``rounds`` of solving for U with V fixed, then for V.

    Each is a quadratic problem with one solution while columns are independent, so that
    ``mean_error`` never rises. With all the chance on the full rank this is plain fitting, which
    stops at some factors of the best map; a column that is never last is not told from its
    neighbour.

    Raises
    ------
    ValueError
        If ``rounds`` is negative, columns are not independent, or as
        ``mean_error``.
    """
    _check_fit(start, task)
    checks.not_negative(rounds=rounds)
    both = _both(chances, start.rank)
    kept = both.diagonal()
    left, right = start.left, start.right
    try:
        for _ in range(rounds):
            seen = right.mT @ task.moments
            # Symmetric matrices on the right: solved from the left, transposed.
            ahead = (task.target @ seen.mT * kept).mT
            left = torch.linalg.solve(seen @ right * both, ahead).mT
            back = (task.target.mT @ left * kept).mT
            right = torch.linalg.solve(left.mT @ left * both, back).mT
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
        raise ValueError("columns of a factor must be independent, got dependent ones") from None
    return Factors(left, right)


@checked
def descended(
    start: Factors, task: LinearTask, *, masks: Bool[Tensor, "step replicate rank"], rate: float
) -> Factors:
    """Return the factors after one step of gradient descent for each mask of columns.

    Replicate s keeps the columns of ``masks[t, s]`` at step t and moves them by ``rate`` times the
    gradient of the error of these columns together; the others stay. Prefixes give ordered dropout,
    masks that keep everything plain descent.

    Raises
    ------
    ValueError
        If the factors are not a stack of as many replicates as the masks have, the ranks differ,
        ``rate`` is not positive and finite, or as ``prefix_errors``.
    """
    _check_fit(start, task)
    checks.positive_finite(rate=rate)
    if (*start.left.shape[:-2], start.rank) != masks.shape[1:]:
        raise ValueError(
            f"factors must be a stack of {masks.shape[1]} replicates of rank {masks.shape[2]}, "
            f"got {tuple(start.left.shape[:-2])} and {start.rank}"
        )
    left, right = start.left, start.right
    for mask in masks.to(left)[:, :, None]:
        kept_left, kept_right = left * mask, right * mask
        missed = (task.target - kept_left @ kept_right.mT) @ task.moments
        left = left + 2 * rate * missed @ kept_right
        right = right + 2 * rate * missed.mT @ kept_left
    return Factors(left, right)


@checked
def rotated_cut_error(values: Float[Tensor, " rank"], *, kept: int) -> Float[Tensor, ""]:
    r"""Return the mean error of ``kept`` columns if balanced factors are rotated at random.

    With singular values s_i of the map, r of them, and k = r - ``kept`` columns dropped,
    k(k+2) / (r(r+2)) times the sum of s_i^2 plus k(r-k) / (r(r-1)(r+2)) times the sum of s_i s_j
    over i != j (``prop-plain-cut``), on inputs of second moments 1.

    Raises
    ------
    ValueError
        If ``kept`` lies outside 0 to the rank, or a value is negative or not finite.
    """
    rank = len(values)
    checks.at_least(1, rank=rank)
    checks.in_interval(0, rank, kept=kept)
    tensor_checks.finite(values=values)
    if tensor_checks.readable(values):
        checks.not_negative(values=float(values.min()))
    dropped = rank - kept
    squares = values.square().sum()
    own = dropped * (dropped + 2) / (rank * (rank + 2))
    shared = dropped * kept / (rank * (rank - 1) * (rank + 2)) if rank > 1 else 0.0
    return own * squares + shared * (values.sum().square() - squares)


def _both(chances: Tensor, rank: int) -> Tensor:
    if len(chances) != rank:
        raise ValueError(f"chances must have one entry a column, {rank}, got {len(chances)}")
    return joint_chances(chances)


def _check_task(task: LinearTask) -> None:
    inputs = task.target.shape[1]
    if task.moments.shape != (inputs, inputs):
        raise ValueError(f"moments must be ({inputs}, {inputs}), got {tuple(task.moments.shape)}")
    tensor_checks.finite(target=task.target, moments=task.moments)


def _check_fit(factors: Factors, task: LinearTask) -> None:
    _check_task(task)
    tensor_checks.finite(left=factors.left, right=factors.right)
    asked = tuple(task.target.shape)
    came = (factors.left.shape[-2], factors.right.shape[-2])
    if came != asked or factors.left.shape[-1] != factors.right.shape[-1]:
        raise ValueError(
            f"factors must be of a map {asked} and of one rank, got {tuple(factors.left.shape)} "
            f"and {tuple(factors.right.shape)}"
        )
