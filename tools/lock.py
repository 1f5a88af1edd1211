"""Write requirements.lock: everything that the package, the book and the tests need, pinned.

The pins are the versions installed here; the list is not what happens to be installed, but what
follows from pyproject.toml. Run it by ``make lock`` in an environment that is known to work.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.notebooks import ROOT

HEADER = """\
# Every package of the book's environment, pinned. Made by `make lock`, not by hand: the packages
# that pyproject.toml leads to, at the versions of an environment in which all tests passed.
# Pins carry no local version: torch=={torch} is met by the build for the CPU as by one for CUDA.
# What only one platform needs (CUDA libraries, Windows' terminal) is left for pip to resolve.
"""
EXTRAS = ("book", "test")
# They depend on the machine's accelerator or system; pip picks what fits torch.
PLATFORM = ("nvidia-", "cuda-", "triton", "pywin", "colorama", "appnope")


def build_and_run_requirements(root: Path = ROOT) -> list[Requirement]:
    """Return what pyproject.toml asks for: to run, to build the book, to test, to install."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra in EXTRAS:
        lines += project["project"]["optional-dependencies"][extra]
    # Editable installs need it, and --no-build-isolation takes it from the environment.
    return [Requirement(line) for line in [*lines, "editables"]]


def closure(requirements: list[Requirement]) -> dict[str, str]:
    """Return name and public version of every installed package that ``requirements`` lead to."""
    pins: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    pending = list(requirements)
    while pending:
        wanted = pending.pop()
        name = canonicalize_name(wanted.name)
        key = (name, frozenset(wanted.extras))
        if key in seen or name.startswith(PLATFORM) or not _applies(wanted):
            continue
        seen.add(key)
        found = metadata.distribution(wanted.name)
        pins[found.metadata["Name"]] = found.version.split("+")[0]
        for line in found.requires or []:
            needed = Requirement(line)
            if _applies(needed, wanted.extras):
                pending.append(needed)
    return pins


def _applies(requirement: Requirement, extras: set[str] | None = None) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in extras or {""})


def text(pins: dict[str, str]) -> str:
    """Return the lock file's text."""
    lines = [f"{name}=={pins[name]}" for name in sorted(pins, key=str.lower)]
    return HEADER.format(torch=pins["torch"]) + "\n".join(lines) + "\n"


def main() -> int:
    """Write the lock file of this repository."""
    path = ROOT / "requirements.lock"
    path.write_text(text(closure(build_and_run_requirements())), encoding="utf-8")
    print(f"{path.name}: {len(path.read_text().splitlines()) - HEADER.count(chr(10))} pins")
    return 0


if __name__ == "__main__":
    sys.exit(main())
