r"""Five features as angles of a small quantum circuit, simulated exactly [sarkar2024quantum].

Each feature turns a qubit of its own ($R_y$), a Hadamard gate follows on each, then a cascade of
CNOT gates, each qubit controlling the next. All amplitudes are real. A reading shows an outcome,
a string of bits; outcomes are numbered with the first qubit as the highest bit. The chances of the
outcomes are what a classical head reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks, lazy, tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import Labels

Angles = Float[Tensor, "batch qubit"]
Outcomes = Float[Tensor, "batch outcome"]
MOST = 12  # qubits: a state of more would not fit a notebook


@checked
def circuit_state(angles: Angles, *, hadamard: bool = True) -> Outcomes:
    """Return the amplitudes after the gates, applied one after another to the state of zeros.

    ``angles`` are in radians. Without ``hadamard`` these gates are left out.

    Raises
    ------
    ValueError
        If an angle is not finite, or there are no qubits or more than twelve.

    Examples
    --------
    >>> import torch
    >>> from runtheory.capacity.quantum_transfer_mnist import circuit_state
    >>> circuit_state(torch.tensor([[0.0]])).square()
    tensor([[0.5000, 0.5000]])
    """
    qubits = _check_angles(angles)
    state = angles.new_zeros((len(angles), 2**qubits))
    state[:, 0] = 1
    state = state.reshape(-1, *(2,) * qubits)
    for qubit in range(qubits):
        cosine, sine = (angles[:, qubit] / 2).cos(), (angles[:, qubit] / 2).sin()
        turn = torch.stack([cosine, -sine, sine, cosine], dim=1).reshape(-1, 2, 2)
        state = _one_qubit(state, turn, qubit)
        if hadamard:
            gate = angles.new_tensor([[1.0, 1.0], [1.0, -1.0]]) / math.sqrt(2)
            state = _one_qubit(state, gate.expand(len(angles), 2, 2), qubit)
    for control in range(qubits - 1):
        state = _controlled_not(state, control)
    return state.reshape(len(angles), -1)


@checked
def product_chances(angles: Angles) -> Outcomes:
    r"""Return the chances before the CNOT gates: independent bits, 0 with $(1+\sin\theta_i)/2$.

    Raises
    ------
    ValueError
        As :func:`circuit_state`.
    """
    _check_angles(angles)
    chances = angles.new_ones((len(angles), 1))
    for column in angles.sin().T:
        bit = torch.stack([1 + column, 1 - column], dim=1) / 2  # (batch, value of the bit)
        chances = (chances[:, :, None] * bit[:, None, :]).flatten(1)
    return chances


@checked
def renamed_outcomes(qubits: int) -> Int64[Tensor, " outcome"]:
    """Return, for each outcome before the cascade of CNOT gates, its number after it.

    A bit becomes the parity of itself and all bits before it.

    Raises
    ------
    ValueError
        If there are no qubits or more than twelve.

    Examples
    --------
    >>> from runtheory.capacity.quantum_transfer_mnist import renamed_outcomes
    >>> renamed_outcomes(2)  # 10 becomes 11, and 11 becomes 10
    tensor([0, 1, 3, 2])
    """
    checks.in_interval(1, MOST, qubits=qubits)
    bits = _bits(qubits).cumsum(1) % 2
    return (bits * 2 ** torch.arange(qubits - 1, -1, -1)).sum(1)


@checked
def sine_products(angles: Angles) -> Outcomes:
    r"""Return $\prod_{i \in T} \sin\theta_i$ for every set T of qubits, the first as highest bit.

    Raises
    ------
    ValueError
        As :func:`circuit_state`.
    """
    qubits = _check_angles(angles)
    inside = _bits(qubits).bool().to(angles.device)  # (set, qubit)
    return torch.where(inside, angles.sin()[:, None, :], angles.new_ones(())).prod(2)


@checked
def parity_means(chances: Outcomes) -> Outcomes:
    """Return the mean of (-1)^(sum of the bits in T) for every set T of qubits.

    ``chances`` are those before the cascade. An invertible linear map of them.

    Raises
    ------
    ValueError
        If the number of outcomes is no power of two from 2 to 4096, or a chance is not finite.
    """
    tensor_checks.finite(chances=chances)
    qubits = chances.shape[1].bit_length() - 1
    if chances.shape[1] != 2**qubits or not 1 <= qubits <= MOST:
        raise ValueError(f"outcomes must be 2, 4, ... or 4096, got {chances.shape[1]}")
    bits = _bits(qubits)
    signs = 1 - 2 * ((bits @ bits.T) % 2)  # (outcome, set)
    return chances @ signs.to(chances)


@checked
def read_frequencies(chances: Outcomes, *, shots: int, generator: torch.Generator) -> Outcomes:
    """Return how often each outcome is read in ``shots`` independent readings, as shares.

    Raises
    ------
    ValueError
        If ``shots`` is not positive, a chance is negative or not finite, or all of a row are zero.
    """
    checks.at_least(1, shots=shots)
    tensor_checks.finite(chances=chances)
    if tensor_checks.readable(chances):
        checks.not_negative(chances=chances.detach().cpu().numpy())
        checks.positive(totals=chances.detach().sum(1).cpu().numpy())
    read = torch.multinomial(chances, shots, replacement=True, generator=generator)
    counts = torch.zeros_like(chances).scatter_add_(1, read, torch.ones_like(read).to(chances))
    return counts / shots


@checked
def principal_components(
    training: Float[Tensor, "train feature"],
    others: Float[Tensor, "other feature"],
    *,
    components: int,
) -> tuple[Float[Tensor, "train component"], Float[Tensor, "other component"]]:
    """Return both parts in the leading principal components of the first, of deviation 1 there.

    Raises
    ------
    ValueError
        If a value is not finite, or the training part has less than ``components`` directions.
    """
    tensor_checks.finite(training=training, others=others)
    checks.in_interval(1, min(training.shape), components=components)
    mean = training.mean(0)
    _, sizes, directions = torch.linalg.svd(training - mean, full_matrices=False)
    checks.positive(size=float(sizes[components - 1]))
    scale = math.sqrt(len(training)) / sizes[:components]
    onto = directions[:components].T * scale
    return (training - mean) @ onto, (others - mean) @ onto


@checked
def head_accuracies(
    features: Float[Tensor, "batch feature"], labels: Labels, *, sizes: Sequence[int]
) -> list[float]:
    """Return the accuracy (per cent) of a linear softmax head on each part but the first.

    The examples come in parts of these ``sizes``. The head is trained on the first, by
    scikit-learn's logistic regression with a penalty of half the squared weights on the summed
    loss.

    Raises
    ------
    ValueError
        If a value is not finite, there are fewer than two parts, or they do not make up the
        examples.
    """
    with lazy.needed_by(__name__, extra="data"):
        from sklearn.linear_model import LogisticRegression

    tensor_checks.finite(features=features)
    tensor_checks.equal_lengths(features=features, labels=labels)
    checks.at_least(1, sizes=list(sizes))
    if len(sizes) < 2 or sum(sizes) != len(features):
        raise ValueError(f"sizes must be two or more and sum to {len(features)}, got {sizes}")
    inputs = [part.numpy() for part in features.detach().cpu().double().split(list(sizes))]
    targets = [part.numpy() for part in labels.cpu().split(list(sizes))]
    head = LogisticRegression(max_iter=2000, tol=1e-3).fit(inputs[0], targets[0])
    later = zip(inputs[1:], targets[1:], strict=True)
    return [100 * float(head.score(*part)) for part in later]


def _check_angles(angles: Tensor) -> int:
    tensor_checks.finite(angles=angles)
    checks.in_interval(1, MOST, qubits=angles.shape[1])
    return int(angles.shape[1])


def _bits(qubits: int) -> Tensor:
    """Return the bits of each number below 2^qubits (number, qubit), the highest first."""
    places = torch.arange(qubits - 1, -1, -1)
    return torch.arange(2**qubits)[:, None] // 2**places % 2


def _one_qubit(state: Tensor, gates: Tensor, qubit: int) -> Tensor:
    """Apply to one qubit each example's own gate (batch, to, from)."""
    last = state.movedim(qubit + 1, -1)
    turned = torch.einsum("b...f,btf->b...t", last, gates)
    return turned.movedim(-1, qubit + 1)


def _controlled_not(state: Tensor, control: int) -> Tensor:
    """Flip the qubit after ``control`` where that one is 1."""
    first = state.movedim((control + 1, control + 2), (0, 1))
    flipped = torch.stack([first[0], first[1].flip(0)])
    return flipped.movedim((0, 1), (control + 1, control + 2))
