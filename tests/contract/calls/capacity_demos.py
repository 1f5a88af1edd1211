"""Example calls of what the demos of the part on capacity compute with."""

from __future__ import annotations

from tests.contract.calls.common import doubles, floats, generator, labels, shares

QUBITS = "capacity.quantum_transfer_mnist"

CALLS: dict = {
    f"{QUBITS}.circuit_state": lambda: {"angles": floats(4, 3)},
    f"{QUBITS}.product_chances": lambda: {"angles": floats(4, 3)},
    f"{QUBITS}.renamed_outcomes": lambda: {"qubits": 3},
    f"{QUBITS}.sine_products": lambda: {"angles": floats(4, 3)},
    f"{QUBITS}.parity_means": lambda: {"chances": shares(4, 8)},
    f"{QUBITS}.read_frequencies": lambda: {
        "chances": shares(4, 8),
        "shots": 5,
        "generator": generator(),
    },
    f"{QUBITS}.principal_components": lambda: {
        "training": doubles(6, 4),
        "others": doubles(3, 4, seed=1),
        "components": 2,
    },
    f"{QUBITS}.head_accuracies": lambda: {
        "features": floats(12, 3),
        "labels": labels(12, 2),
        "sizes": [8, 4],
    },
}
