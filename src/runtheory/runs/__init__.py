"""Runs compute grids of cells one by one, go on where they stopped, and write records."""

from runtheory.runs.runner import RunPlan, live, run

__all__ = ["RunPlan", "live", "run"]
