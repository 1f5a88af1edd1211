"""Example calls of :mod:`runtheory.capacity`: discrete codes."""

from __future__ import annotations

import torch

from runtheory.capacity.discrete_codes import machine, network, trials
from tests.contract.calls.common import doubles, floats, generator

HERE = "capacity.discrete_codes"


def _law(outcomes: int = 6) -> torch.Tensor:
    return doubles(outcomes).softmax(0)


def _machines() -> machine.Machines:
    return machine.draw_machines(3, 3, allowed=2, machines=2, generator=generator())


def _network() -> network.CodedNetwork:
    plain = network.draw_network(
        7, hidden=4, width=2, symbols=3, replicates=2, generator=generator()
    )
    return network.with_codes(plain, floats(2, 3, 2), by_pass=network.ByPass.INPUT)


def _learnt() -> dict:
    machines = _machines()
    shares = machines.law[..., None] * machines.targets
    return {"start": _network(), "task": trials.Task(machines.inputs, shares, shares)}


def _code() -> dict:
    return {"codes": torch.tensor([0, 2, 2, 0, 1, 0]), "law": _law()}


def _codes() -> torch.Tensor:
    return torch.tensor([[[0], [1], [2], [0], [1], [2]]]).expand(2, -1, -1)


CALLS: dict = {
    f"{HERE}.machine.draw_machines": lambda: {
        "states": 3,
        "symbols": 3,
        "allowed": 2,
        "machines": 2,
        "generator": generator(),
    },
    f"{HERE}.machine.long_run": lambda: {
        "follow": torch.tensor([[[1, 1], [0, 1]]]),
        "emitted": doubles(1, 2, 2).softmax(2),
    },
    f"{HERE}.machine.draw_counts": lambda: {
        "machines": _machines(),
        "tokens": 9,
        "generator": generator(),
    },
    f"{HERE}.measures.entropy": lambda: {"law": _law()},
    f"{HERE}.measures.code_table": lambda: {
        **_code(),
        "parts": torch.tensor([0, 1, 1, 0, 0, 1]),
    },
    f"{HERE}.measures.read_code": lambda: {
        **_code(),
        "states": torch.tensor([0, 1, 1, 0, 0, 1]),
        "targets": doubles(6, 3).softmax(1),
    },
    f"{HERE}.measures.code_targets": lambda: {**_code(), "targets": doubles(6, 3).softmax(1)},
    f"{HERE}.measures.plug_in_mean": lambda: {"law": _law(), "samples": 9},
    f"{HERE}.measures.bias_bracket": lambda: {"law": _law(), "samples": 9},
    f"{HERE}.measures.softmax_ceiling": lambda: {"change": doubles(4, 3)},
    f"{HERE}.network.draw_network": lambda: {
        "features": 7,
        "hidden": 4,
        "width": 2,
        "symbols": 3,
        "replicates": 2,
        "generator": generator(),
    },
    f"{HERE}.network.with_codes": lambda: {"net": _network(), "book": floats(2, 4, 2)},
    f"{HERE}.network.features_of": lambda: {"net": _network(), "inputs": _machines().inputs},
    f"{HERE}.network.choose_codes": lambda: {"net": _network(), "features": floats(2, 6, 2)},
    f"{HERE}.network.logits": lambda: {"net": _network(), "inputs": _machines().inputs},
    f"{HERE}.network.by_passed": lambda: {"net": _network(), "inputs": _machines().inputs},
    f"{HERE}.network.run": lambda: {"net": _network(), "inputs": _machines().inputs},
    f"{HERE}.readings.codes_of": lambda: {"net": _network(), "inputs": _machines().inputs},
    f"{HERE}.readings.numbered": lambda: {"codes": _codes()},
    f"{HERE}.readings.read_all": lambda: {"codes": _codes(), "machines": _machines()},
    f"{HERE}.readings.divergence_from_best": lambda: {
        "net": _network(),
        "machines": _machines(),
    },
    f"{HERE}.readings.k_means": lambda: {
        "features": floats(2, 6, 2),
        "machines": _machines(),
        "codes": 2,
        "generator": generator(),
    },
    f"{HERE}.readings.nearest_centres": lambda: {
        "features": floats(6, 2),
        "codes": 2,
        "law": _law(),
        "generator": generator(),
    },
    f"{HERE}.trials.expected_loss": lambda: {
        "net": _network(),
        "inputs": _machines().inputs,
        "joint": _learnt()["task"].training,
    },
    f"{HERE}.trials.trained": lambda: {
        **_learnt(),
        "steps": 2,
        "rate": 0.1,
        "generator": generator(),
    },
    f"{HERE}.trials.tuned": lambda: {
        **_learnt(),
        "steps": 2,
        "rates": (0.1, 0.2),
        "generator": generator(),
    },
    f"{HERE}.trials.steer": lambda: {
        "net": _network(),
        "inputs": _machines().inputs,
        "codes": _codes(),
        "pairs": torch.tensor([[[0, 5], [3, 1]]]).expand(2, -1, -1),
    },
}
