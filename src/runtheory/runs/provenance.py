"""Provenance names processor, versions and commit, never a host name, user or path."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch

import runtheory
from runtheory import checkout
from runtheory.boundary import checked
from runtheory.recipes.source import foreign_packages, users_files

GIT_SECONDS = 10  # a git that takes longer is not waited for


@checked
def hardware(device: str, threads: int) -> str:
    """Return the name of the GPU, or of the CPU with the number of threads that one cell uses."""
    if torch.device(device).type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"{_processor()}, {threads} thread{'s' if threads > 1 else ''}"


@checked
def versions(module: str | None = None) -> dict[str, str]:
    """Return the versions of what the numbers depend on.

    For a recipe whose ``module`` is the user's own, also those of the installed packages that her
    modules import; the version of each of these modules is the commit of its repository.
    """
    own = {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "runtheory": runtheory.__version__,
    }
    if module is None:
        return own
    used = [name for root in foreign_packages(module) for name in _distributions().get(root, [])]
    installed = {name: importlib.metadata.version(name) for name in sorted(set(used))}
    users = {name: commit_of(files) for name, files in users_files(module).items()}
    return {**installed, **users, **own}


@checked
def commit_of(files: Sequence[Path]) -> str:
    """Return the short hash of the repository in which ``files`` lie, as :func:`commit` does."""
    folder = files[0].parent
    # An ignored file would look as committed.
    return _state(folder, ["--ignored", "--", *map(str, files)], repository=True)


def commit() -> str:
    """Return the short hash of the checkout whose ``src`` runs.

    "uncommitted" where ``src`` differs from the last commit or there is none, "unknown" outside a
    checkout or without git.
    """
    root = checkout.root()
    if root is None:
        return "unknown"
    return _state(root / "src", ["--", "."], repository=(root / ".git").exists())


def _state(folder: Path, places: Sequence[str], *, repository: bool) -> str:
    try:
        changed = _git(folder, "status", "--porcelain", *places)  # empty: as committed
        return "uncommitted" if changed else _git(folder, "rev-parse", "--short=10", "HEAD")
    except subprocess.CalledProcessError as error:
        # Git answers, but this is no repository (an unpacked archive) or has no commit yet.
        none = "not a git repository" in error.stderr
        return "uncommitted" if repository and not none else "unknown"
    except (OSError, ValueError, subprocess.SubprocessError):  # none, slow, or of odd letters
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    finished = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=GIT_SECONDS,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
    return finished.stdout.strip()


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Return the installed packages that bring a top-level module; none brings Python's own."""
    return importlib.metadata.packages_distributions()


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
