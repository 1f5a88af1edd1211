"""Provenance names processor, versions and commit, never a host name, user or path."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import numpy as np
import torch

import runtheory
from runtheory import checkout


def hardware(device: str, threads: int) -> str:
    """Return the name of the GPU, or of the CPU with the number of threads that one cell uses."""
    if torch.device(device).type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"{_processor()}, {threads} thread{'s' if threads > 1 else ''}"


def versions() -> dict[str, str]:
    """Return the versions of what the numbers depend on."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "runtheory": runtheory.__version__,
    }


def commit() -> str:
    """Return the short hash of the checkout whose ``src`` runs.

    "uncommitted" where ``src`` differs from the last commit or there is none, "unknown" outside a
    checkout or without git.
    """
    root = checkout.root()
    if root is None:
        return "unknown"
    source = root / "src"
    try:
        changed = _git(source, "status", "--porcelain", "--", ".")  # empty: as committed
        return "uncommitted" if changed else _git(source, "rev-parse", "--short=10", "HEAD")
    except FileNotFoundError:
        return "unknown"
    except subprocess.CalledProcessError:
        # Git answers, but this is no repository (an unpacked archive) or has no commit yet.
        return "uncommitted" if (root / ".git").exists() else "unknown"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    return finished.stdout.strip()


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
