"""The public functions, their example calls, and what is documented as right."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import runtheory

FOLDER = Path(__file__).parent / "calls"
# What no reader calls with data: command lines, recipes, and what judges the book itself.
LEFT_OUT = {
    "recipes",
    "checkout",
    "ledger",
    "live",
    "modes",
    "durable",
    "plain",
    "verdicts",
    "lazy",
}
LEFT_OUT |= {"boundary", "checks", "tensor_checks"}  # the checks themselves
# How explorables are stored, which the book's tools read: readers call what draws and shows them.
LEFT_OUT |= {f"explore.{name}" for name in ("grid", "settings", "stored", "views")}


def walked() -> Iterator[str]:
    """Yield the name of every module with public functions, without the package's own name."""
    for found in pkgutil.walk_packages(runtheory.__path__, "runtheory."):
        name = found.name.removeprefix("runtheory.")
        if not {name, name.partition(".")[0]} & LEFT_OUT and "__main__" not in name:
            yield name


@cache
def functions() -> dict[str, Callable[..., Any]]:
    """Return every public function by its name below the package."""
    found: dict[str, Callable[..., Any]] = {}
    for module_name in walked():
        module = importlib.import_module(f"runtheory.{module_name}")
        for name, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__ == module.__name__
            if own and not name.startswith("_"):
                found[f"{module_name}.{name}"] = value
    return found


@cache
def calls() -> dict[str, Callable[[], dict[str, Any]]]:
    """Return, by function, what makes the arguments of its example call."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem not in ("common", "__init__"):
            found |= importlib.import_module(f"tests.contract.calls.{path.stem}").CALLS
    return found


def package(function: str) -> str:
    return function.partition(".")[0]
