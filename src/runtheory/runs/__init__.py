"""Runs: grids of cells, computed one by one, resumed where they stopped, written as records."""

from runtheory.runs.runner import RunPlan, live, run

__all__ = ["RunPlan", "live", "run"]
