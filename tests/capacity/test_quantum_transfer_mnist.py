"""Circuits of turned qubits: whole matrices, products in a loop, readings, heads."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.capacity import quantum_transfer_mnist as quantum
from runtheory.randomness import stream

HADAMARD = np.array([[1.0, 1.0], [1.0, -1.0]]) / math.sqrt(2)


def angles_of(seed: int, batch: int = 3, qubits: int = 3) -> torch.Tensor:
    return 2 * torch.randn(batch, qubits, generator=stream(seed, "angles"), dtype=torch.float64)


def whole_circuit(angles: np.ndarray, hadamard: bool = True) -> np.ndarray:
    """Return the first column of the matrix of the whole circuit, by Kronecker products."""
    qubits, matrix = len(angles), np.ones((1, 1))
    for angle in angles:
        c, s = math.cos(angle / 2), math.sin(angle / 2)
        turn = np.array([[c, -s], [s, c]])
        matrix = np.kron(matrix, HADAMARD @ turn if hadamard else turn)
    for control in range(qubits - 1):
        gate = np.zeros((2**qubits, 2**qubits))
        for bits in itertools.product((0, 1), repeat=qubits):
            after = list(bits)
            after[control + 1] ^= bits[control]
            places = [int("".join(map(str, one)), 2) for one in (after, bits)]
            gate[places[0], places[1]] = 1
        matrix = gate @ matrix
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(2**qubits), atol=1e-12)
    return matrix[:, 0]


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), qubits=st.integers(1, 4), hadamard=st.booleans())
def test_gates_one_by_one_are_the_whole_matrix(seed: int, qubits: int, hadamard: bool) -> None:
    angles = angles_of(seed, qubits=qubits)
    found = quantum.circuit_state(angles, hadamard=hadamard)
    torch.testing.assert_close(found.square().sum(1), torch.ones(3, dtype=torch.float64))
    for row, state in zip(angles.numpy(), found.numpy(), strict=True):
        np.testing.assert_allclose(state, whole_circuit(row, hadamard), atol=1e-12)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), qubits=st.integers(1, 6))
def test_chances_are_renamed_products(seed: int, qubits: int) -> None:
    angles = angles_of(seed, qubits=qubits)
    chances = quantum.circuit_state(angles).square()
    products = quantum.product_chances(angles)
    torch.testing.assert_close(chances[:, quantum.renamed_outcomes(qubits)], products)
    torch.testing.assert_close(quantum.parity_means(products), quantum.sine_products(angles))


def test_products_in_a_loop() -> None:
    angles = angles_of(0)
    chances, sines = quantum.product_chances(angles), quantum.sine_products(angles)
    for place, bits in enumerate(itertools.product((0, 1), repeat=3)):
        for row in range(3):
            sine = [math.sin(float(angle)) for angle in angles[row]]
            chance = math.prod((1 - 2 * b) * s / 2 + 0.5 for b, s in zip(bits, sine, strict=True))
            product = math.prod(s for b, s in zip(bits, sine, strict=True) if b)
            assert float(chances[row, place]) == pytest.approx(chance, abs=1e-14)
            assert float(sines[row, place]) == pytest.approx(product, abs=1e-14)


def test_the_chances_that_the_demo_works_by_hand() -> None:
    angles = torch.tensor([[math.pi / 6, math.pi / 2]])
    before = torch.tensor([[0.75, 0.0, 0.25, 0.0]])
    torch.testing.assert_close(quantum.product_chances(angles), before)
    after = torch.tensor([[0.75, 0.0, 0.0, 0.25]])
    torch.testing.assert_close(quantum.circuit_state(angles).square(), after)


def test_renaming_is_one_to_one() -> None:
    for qubits in (1, 2, 5):
        assert sorted(quantum.renamed_outcomes(qubits).tolist()) == list(range(2**qubits))


def test_shares_of_readings_have_the_multinomial_error() -> None:
    chances = quantum.product_chances(angles_of(1, batch=1))
    read = quantum.read_frequencies(
        chances.expand(4000, -1), shots=20, generator=stream(0, "readings")
    )
    torch.testing.assert_close(read.sum(1), torch.ones(4000, dtype=torch.float64))
    errors = (read - chances).square().sum(1)
    expected = float(1 - chances.square().sum()) / 20
    assert abs(float(errors.mean()) - expected) < 4 * float(errors.std()) / math.sqrt(4000)


def test_components_are_uncorrelated_with_deviation_one() -> None:
    draw = stream(0, "features")
    training = torch.randn(50, 6, generator=draw, dtype=torch.float64) @ torch.diag(
        torch.arange(1.0, 7.0, dtype=torch.float64)
    )
    inside, outside = quantum.principal_components(training, training[:3], components=2)
    torch.testing.assert_close(inside.T @ inside / 50, torch.eye(2, dtype=torch.float64))
    torch.testing.assert_close(outside, inside[:3])
    largest = torch.linalg.eigvalsh(torch.cov(training.T, correction=0))[-2:].sum()
    centred = training - training.mean(0)
    fitted = inside @ torch.linalg.lstsq(inside, centred).solution
    assert float(fitted.square().sum() / 50) == pytest.approx(float(largest))


def test_a_head_tells_far_classes_and_guesses_noise() -> None:
    labels = torch.arange(90) % 3
    features = torch.nn.functional.one_hot(labels).double()
    assert quantum.head_accuracies(features, labels, sizes=(60, 20, 10)) == [100.0, 100.0]
    noise = torch.randn(90, 3, generator=stream(0, "noise"))
    (score,) = quantum.head_accuracies(noise, labels, sizes=(60, 30))
    assert score < 70


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="angles must be finite"):
        quantum.circuit_state(torch.tensor([[math.nan]]))
    with pytest.raises(ValueError, match="qubits must lie in"):
        quantum.product_chances(torch.zeros(1, 13))
    with pytest.raises(ValueError, match="outcomes must be 2, 4"):
        quantum.parity_means(torch.ones(1, 6) / 6)
    with pytest.raises(ValueError, match="shots must be at least 1"):
        quantum.read_frequencies(torch.ones(1, 4), shots=0, generator=stream(0, "r"))
    with pytest.raises(ValueError, match="components must lie in"):
        quantum.principal_components(torch.zeros(4, 2), torch.zeros(1, 2), components=3)
    with pytest.raises(ValueError, match="sizes must be two or more and sum to 4"):
        quantum.head_accuracies(torch.zeros(4, 2), torch.arange(4), sizes=(2, 1))
