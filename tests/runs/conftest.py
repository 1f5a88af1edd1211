"""Toy recipes in a folder of their own, which the tests of runs share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runtheory import records
from runtheory.recipes import recipes


@pytest.fixture(autouse=True)
def toy_place(monkeypatch, tmp_path) -> None:
    """Make ``toy_recipes`` importable, here and in workers, and an empty folder the current one."""
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(here)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((here, os.environ.get("PYTHONPATH", ""))))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def toys(toy_place):
    return recipes(("toy_recipes",))


@pytest.fixture
def timeless() -> Callable[[records.Record], records.Record]:
    """Return what takes times and dates out of a record."""

    def without_times(record: records.Record) -> records.Record:
        rows = tuple({**row, "seconds": 0.0} for row in record.rows)
        versions = {**record.versions, "toy_recipes": "a commit"}  # it may come meanwhile
        same = replace(record, rows=rows, versions=versions)
        return replace(same, wall_seconds=0.0, date="", commit="")

    return without_times
