"""Example calls of what stands beside the packages: streams, intervals, tables, records, plots."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("agg")

from matplotlib.figure import Figure
from matplotlib.pyplot import close

from runtheory import explore
from runtheory.comparison import Difference
from runtheory.course.reports import Report
from runtheory.intervals import Interval
from runtheory.records import Record
from tests.contract.calls.common import array

PAC_BAYES = Path(__file__).parents[3] / "chapters" / "pac_bayes"


def _rows() -> list[dict]:
    levels = [(a, b, seed) for a in (0, 1) for b in (0, 1) for seed in range(3)]
    return [
        {"a": a, "b": b, "seed": seed, "score": float(a + 2 * b + 0.1 * seed * (1 + a * b))}
        for a, b, seed in levels
    ]


def _record() -> Record:
    return Record(
        chapter="chapter",
        name="name",
        preset="tiny",
        config={"grid": {}},
        seeds=(0, 1, 2),
        rows=tuple(
            {"arm": arm, "seed": s, "score": s + len(arm)} for arm in "xy" for s in range(3)
        ),
        commit="unknown",
        versions={},
        wall_seconds=1.0,
        date="2026-01-01",
        hardware="none",
    )


AXES = explore.Axis("x", (0, 1)), explore.Axis("y", (0, 2))
PICTURE = explore.Picture(
    [explore.Panel(*AXES, [explore.Line("line", [0, 1], [0, 2])])], {"end": 2.0}
)


def _axes():
    close("all")
    return Figure().subplots()


def _difference() -> Difference:
    return Difference({}, "y", Interval(0.1, 0.0, 0.2, 0.05, 3))


CALLS: dict = {
    "randomness.stream": lambda: {"seed": 3, "purpose": "masks", "device": "cpu"},
    "randomness.process_rank": dict,
    "randomness.of_rank": lambda: {"purpose": "masks", "rank": 2},
    "hypothesis_tests.mcnemar": lambda: {
        "first_right": np.array([True, False, True]),
        "second_right": np.array([False, False, True]),
    },
    "hypothesis_tests.resampled_t": lambda: {"differences": array(4)},
    "hypothesis_tests.five_by_two_f": lambda: {"differences": array(5, 2)},
    "intervals.mean_interval": lambda: {"values": array(5), "confidence": 0.9},
    "intervals.smallest_detectable": lambda: {"values": array(5), "confidence": 0.9, "power": 0.8},
    "intervals.residual_deviation": lambda: {"table": array(4, 3)},
    "factorial.variance_table": lambda: {
        "rows": _rows(),
        "measure": "score",
        "factors": ("a", "b"),
        "block": "seed",
    },
    "factorial.contrasts": lambda: {
        "rows": _rows(),
        "measure": "score",
        "weights": {"a": {(0, 0): -0.5, (0, 1): -0.5, (1, 0): 0.5, (1, 1): 0.5}},
        "factors": ("a", "b"),
    },
    "factorial.holm": lambda: {"p_values": [0.01, 0.2, 0.5]},
    "comparison.differences": lambda: {
        "record": _record(),
        "measure": "score",
        "axis": "arm",
        "baseline": "x",
        "where": (),
    },
    "comparison.table": lambda: {
        "compared": [_difference()],
        "measure": "score",
        "axis": "arm",
        "baseline": "x",
    },
    "exercises.check": lambda: {
        "name": "first",
        "answer": lambda: 1.0,
        "expected": 1.0,
        "tolerance": 1e-6,
    },
    "exercises.fault": lambda: {
        "answer": lambda: 1.0,
        "expected": 1.0,
        "tolerance": 1e-6,
        "slips": {"half of it": 0.5},
        "hidden": True,
    },
    "exercises.require": lambda: {
        "name": "first",
        "answer": lambda: 1.0,
        "expected": 1.0,
        "tolerance": 1e-6,
        "library": ["runtheory.checks"],
    },
    "exercises.watched": lambda: {"answer": lambda: 1.0, "used": set()},
    "exercises.tally": dict,
    "course.reports.notebooks": lambda: {"paths": [PAC_BAYES]},
    "course.reports.read": lambda: {"path": PAC_BAYES / "exercises.ipynb", "name": "one"},
    "course.reports.table": lambda: {"reports": [Report("one")]},
    "records.read": lambda: {"name": "cutmix/rare_features"},
    "records.names": dict,
    "plot.figure": lambda: {"columns": 1, "rows": 1, "width": 7.0, "height": 3.0},
    "plot.label": lambda: {"axes": _axes(), "x": "x", "y": "y", "title": "t", "legend": False},
    "plot.capitalised": lambda: {"text": "test loss"},
    "plot.doubling_axis": lambda: {"axes": _axes(), "counts": [1, 2, 4]},
    "plot.plain_log_axis": lambda: {"axes": _axes()},
    "plot.curve_with_interval": lambda: {
        "axes": _axes(),
        "x": array(3),
        "runs": array(4, 3),
        "name": "n",
        "index": 0,
    },
    "plot.points_with_interval": lambda: {
        "axes": _axes(),
        "x": array(2),
        "groups": [array(4), array(3)],
        "name": "n",
        "index": 0,
    },
    "explore.drawing.draw": lambda: {"picture": PICTURE},
    "explore.drawing.picture": lambda: {"figure": Figure(), "dpi": 100.0},
}
