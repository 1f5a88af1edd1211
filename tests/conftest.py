"""The frame of the tests: shapes are executed, random searches repeat, workers share the cores."""

from __future__ import annotations

import os

# Before torch is loaded anywhere: one thread a worker, also in the kernels that it starts.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from jaxtyping import install_import_hook

# Every module of the package is checked at its calls: shapes and types of the annotations hold.
install_import_hook("runtheory", "beartype.beartype")

import torch
from hypothesis import HealthCheck, settings

if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)

# The same examples on every machine, up to constants of the modules that are loaded; no deadline
# and no limit of time for drawing, because a busy machine proves nothing wrong.
SLOW = [HealthCheck.too_slow]
settings.register_profile("book", deadline=None, derandomize=True, suppress_health_check=SLOW)
settings.load_profile("book")
