"""Run every function that takes tensors on tensors without storage, as a GPU would run it.

``python -m tests.contract.devices [name ...]``. Arguments live on ``meta`` inside PyTorch's
``FakeTensorMode``: a tensor left on the CPU and a hidden ``.item()`` raise there, where a GPU would
raise or wait. One line of JSON is printed for each function.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
import io
import json
import sys
import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from tests.contract import table

DEVICE = torch.device("meta")


def moved(value: Any) -> Any:
    """Return the value on the other device: tensors, networks, and what has ``to``."""
    if isinstance(value, Tensor):
        fresh = value.detach().to(DEVICE)
        return fresh.requires_grad_(value.requires_grad)
    if isinstance(value, nn.Module):
        return value.to(DEVICE)
    if isinstance(value, list | tuple):
        return type(value)(moved(one) for one in value)
    if not isinstance(value, type) and hasattr(value, "to"):
        return value.to(DEVICE)
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and holds(value):
        there = copy.copy(value)  # as if it had been made on the device
        for field in dataclasses.fields(value):
            object.__setattr__(there, field.name, moved(getattr(value, field.name)))
        return there
    return value


def holds(value: Any) -> bool:
    """Tell whether a tensor or a network is in the value."""
    if isinstance(value, Tensor | nn.Module):
        return True
    if isinstance(value, list | tuple):
        return any(map(holds, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return any(holds(getattr(value, field.name)) for field in dataclasses.fields(value))
    return False


def run(name: str) -> tuple[str, str]:
    """Return what became of one function, and in which words."""
    call = table.calls()[name]()
    values = list(call.values())
    if not any(map(holds, values)) or any(isinstance(one, np.ndarray) for one in values):
        return "no tensors", ""
    if any(isinstance(one, torch.Generator) for one in values):
        return "draws", ""  # on the generator's device, which FakeTensorMode does not have
    try:
        there = {key: moved(value) for key, value in call.items()}
        with FakeTensorMode(allow_non_fake_inputs=True), contextlib.redirect_stdout(io.StringIO()):
            result = table.functions()[name](**there)
            if inspect.isgenerator(result):
                list(result)
    except DataDependentOutputException as error:
        return "waits", str(error)
    except Exception as error:
        return "fails", f"{type(error).__name__}: {error}"
    return "runs", ""


def main(beginnings: list[str]) -> None:
    """Print what became of each function."""
    warnings.simplefilter("ignore")
    for name in sorted(table.functions().keys() & table.calls().keys()):
        if not beginnings or any(name.startswith(one) for one in beginnings):
            became, words = run(name)
            print(json.dumps({"function": name, "became": became, "came": words[:200]}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
