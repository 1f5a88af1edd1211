"""Peers that the book does not depend on: from the environment, else from a folder of wheels.

``make bench`` lays torchvision and timm into ``FOLDER`` without what they depend on. What is
measured of them is Python; the compiled operators of torchvision, which a wheel for another build
of PyTorch cannot load, are declared without a body so that its files can be imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import torch

FOLDER = Path(__file__).resolve().parents[1] / "_build" / "peers"
COMPILED = ("nms", "qnms")  # those that are named when torchvision is imported
_STUBS: list[torch.library.Library] = []  # an operator lives as long as its library


def offer_folder() -> None:
    """Let packages of ``FOLDER`` be found, after those of the environment."""
    if FOLDER.is_dir() and str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))


@cache
def torchvision_transforms() -> ModuleType | None:
    """Return ``torchvision.transforms.v2``, or None where it cannot be had."""
    try:
        return importlib.import_module("torchvision.transforms.v2")
    except ImportError:
        return None
    except RuntimeError:  # an operator does not exist
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    _STUBS.append(library)
    for name in COMPILED:
        library.define(f"{name}(Tensor stub) -> Tensor")
    try:
        return importlib.import_module("torchvision.transforms.v2")
    except (ImportError, RuntimeError):
        return None


def timm_mixup() -> ModuleType | None:
    """Return timm's module of CutMix and mixup, or None where timm is absent.

    The package imports torchvision; the one module that is needed does not, and is loaded alone.
    """
    found = importlib.util.find_spec("timm")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "data" / "mixup.py"
    spec = importlib.util.spec_from_file_location("timm_mixup", path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
