"""One named random stream per purpose, so that a new consumer never shifts an old one."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def stream(seed: int, purpose: str, *, device: torch.device | str = "cpu") -> torch.Generator:
    """Return the generator that belongs to ``purpose`` under ``seed``.

    The state is seeded from SHA-256 of both, so two purposes under one seed, or one purpose under
    two seeds, give unrelated numbers. The same pair gives the same numbers on the same kind of
    device, whatever else has drawn before.

    Raises
    ------
    ValueError
        If ``purpose`` is empty.
    """
    if not purpose:
        raise ValueError("a random stream needs a purpose, got an empty name")
    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    generator = torch.Generator(device=device)
    generator.manual_seed(int.from_bytes(digest[:7], "big"))
    return generator


class Streams:
    """All streams of one run: ``streams["masks"]`` makes the stream at its first use."""

    def __init__(self, seed: int, *, device: torch.device | str = "cpu") -> None:
        self.seed = seed
        self.device = torch.device(device)
        self._generators: dict[str, torch.Generator] = {}

    def __getitem__(self, purpose: str) -> torch.Generator:
        if purpose not in self._generators:
            self._generators[purpose] = stream(self.seed, purpose, device=self.device)
        return self._generators[purpose]

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state of every stream used so far (uint8 tensors on the CPU)."""
        return {purpose: g.get_state() for purpose, g in self._generators.items()}

    def load_state_dict(self, states: dict[str, Tensor]) -> None:
        """Continue every stream from ``states``; streams not named there start afresh."""
        self._generators = {}
        for purpose, state in states.items():
            self[purpose].set_state(state)
