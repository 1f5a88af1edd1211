"""The benchmarks' harness, on toy ways and a clock that the test turns; nothing here is timed."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import __main__ as program
from benchmarks import harness, mixing, peers, scaling, table, targets, timing
from benchmarks.targets import Target, Verdict
from benchmarks.timing import Comparison, Way
from runtheory import records
from tools import notebooks


@dataclass
class Clock:
    """A clock that only steps move."""

    now: float = 0.0
    order: list[str] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def way(self, name: str, *seconds: float, scale: float = 1.0) -> Way:
        """Return a way whose calls take ``seconds``, one after the other and round again."""
        left = list(seconds)

        def step() -> None:
            self.order.append(name)
            self.now += left[0]
            left.append(left.pop(0))

        return Way(name, step, scale)


def toy(clock: Clock) -> Comparison:
    """Return a comparison whose first call of each way, the untimed one, takes 100 seconds."""
    return Comparison(
        "toy",
        "a toy",
        clock.way("ours", 100, 1, 2, 4, 8, 5),
        (
            clock.way("slow", 100, 3, 2, 40, 40, 20),
            Way("absent"),
            clock.way("part", 100, 1, 1, 1, 1, 1, scale=10),
            Way("twice", derived=lambda turn: 2 * turn["also"], note="not run"),
        ),
        also=(clock.way("also", 100, 1, 2, 4, 8, 5),),
        rounds=5,
    )


def test_ratio_and_quartiles_are_of_the_rounds() -> None:
    clock = Clock()
    comparison = toy(clock)
    rows = timing.rows(comparison, timing.take_turns(comparison, clock=clock))
    slow, absent, part, twice = rows
    # The rounds' ratios are 3, 1, 10, 5 and 4; the ratio of the medians would be 20 / 4.
    assert (slow["ratio_low"], slow["ratio"], slow["ratio_high"]) == (3, 4, 5)
    assert (slow["ours_low_ms"], slow["ours_ms"], slow["ours_high_ms"]) == (2000, 4000, 5000)
    assert slow["peer_ms"] == 20_000
    assert part["peer_ms"] == 10_000
    assert (twice["ratio_low"], twice["ratio"], twice["ratio_high"]) == (2, 2, 2)
    assert (absent["ratio"], absent["peer_ms"], absent["note"]) == (None, None, timing.ABSENT)
    assert [row["peer"] for row in rows] == ["slow", "absent", "part", "twice"]


def test_quartiles_are_interpolated() -> None:
    assert timing.quartiles([4, 1, 2, 3]) == (1.75, 2.5, 3.25)


def test_ways_take_turns_there_and_back() -> None:
    clock = Clock()
    comparison = Comparison("x", "x", clock.way("a", 1), (clock.way("b", 2),), rounds=2, repeats=2)
    seconds = timing.take_turns(comparison, clock=clock)
    assert "".join(clock.order) == "bbaa" + "aabb" + "bbaa"
    assert seconds == {"a": [1, 1], "b": [2, 2]}
    with pytest.raises(ValueError, match="at least two rounds, got 1"):
        timing.take_turns(replace(comparison, rounds=1), clock=clock)


def measured() -> records.Record:
    clock, device = Clock(), torch.device("cpu")
    rows = harness.measured([toy(clock)], rounds=None, device=device, clock=clock)
    return harness.described(rows, device, threads=1, seconds=2.0)


def test_harness_prints_and_records_what_it_measured(tmp_path: Path) -> None:
    record = measured()
    records.write(record, tmp_path)
    assert records.read("benchmarks/peers", tmp_path) == record
    shown = harness.report(record)
    assert record.hardware in shown
    assert f"POT {record.versions['POT']}" in shown
    (line,) = [line for line in shown.splitlines() if "slow" in line]
    assert line.split() == ["a", "toy", "4,000", "slow", "4.00", "[3.00,", "5.00]", "20,000"]
    assert "not measured: absent, which cannot be imported here" in shown
    (line,) = [line for line in shown.splitlines() if "a toy" not in line and "absent  " in line]
    assert line.split("absent")[1].split() == ["–", "–", *timing.ABSENT.split()]


def test_rounds_can_be_asked_for_and_what_keeps_no_memory_goes_first() -> None:
    clock, device = Clock(), torch.device("cpu")
    first = replace(toy(clock), key="first", keeps_memory=False)
    rows = harness.measured([toy(clock), first], rounds=2, device=device, clock=clock)
    assert [row["comparison"] for row in rows] == ["first"] * 4 + ["toy"] * 4
    assert {row["rounds"] for row in rows} == {2}


def test_main_hands_over_what_the_command_line_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    asked: list[argparse.Namespace] = []
    monkeypatch.setattr(harness, "run", asked.append)
    assert program.main(["--only", "bounds", "--rounds", "3"]) == 0
    assert (asked[0].only, asked[0].rounds, asked[0].record) == (["bounds"], 3, False)
    with pytest.raises(SystemExit):
        program.main(["--only", "bounds", "--record"])


def test_make_bench_writes_only_when_asked() -> None:
    def lines(*more: str) -> str:
        command = ["make", "--no-print-directory", "-n", "bench", *more]
        done = subprocess.run(
            command, cwd=notebooks.ROOT, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "-m benchmarks" in lines()
    assert "--record" not in lines()
    assert "--record" in lines("RECORD=1")


def test_packages_that_are_not_there_leave_a_way_without_a_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(peers, "torchvision_transforms", lambda: None)
    one = mixing.batch((4, 1, 8, 8), torch.device("cpu"))
    assert mixing.timm_step(one, "elem") is None
    assert mixing.torchvision_step(one) is None


@pytest.mark.parametrize("kind", ["float32", "bytes", "channels-last"])
def test_every_way_of_cutmix_mixes_a_batch(kind: str) -> None:
    one = mixing.batch((4, 1, 8, 8), torch.device("cpu"), kind=kind)
    before = one.images.clone()
    for make in (
        mixing.ours,
        mixing.into_buffer,
        mixing.in_place,
        mixing.slices_on_a_clone,
        mixing.roll_and_slice,
    ):
        found: Any = make(one)()
        images, targets = found
        assert images.shape == one.images.shape
        assert images.dtype == one.images.dtype
        torch.testing.assert_close(targets.sum(1), torch.ones(4))
    assert torch.equal(one.images, before)
    assert set(mixing.GROWING) == set(scaling.FACTORS)


FAKE = """
import torch
for name in ("nms", "qnms"):
    torch.library.register_fake(f"torchvision::{name}")(lambda stub: stub)
"""


def test_a_package_whose_operators_are_missing_is_imported_with_stubs(tmp_path: Path) -> None:
    folder = tmp_path / "torchvision"
    (folder / "transforms" / "v2").mkdir(parents=True)
    (folder / "__init__.py").write_text(FAKE, encoding="utf-8")
    (folder / "transforms" / "__init__.py").touch()
    (folder / "transforms" / "v2" / "__init__.py").write_text("CutMix = 'found'", encoding="utf-8")
    code = (
        "from pathlib import Path\nfrom benchmarks import peers\n"
        f"peers.FOLDER = Path({str(tmp_path)!r})\npeers.offer_folder()\n"
        "assert peers.torchvision_transforms().CutMix == 'found'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=notebooks.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def verdict(least: float, most: float, quartiles: tuple[float, float, float] | None) -> str:
    return Verdict(Target("t", "c", "p", least=least, most=most), quartiles).word


@pytest.mark.parametrize(
    ("quartiles", "word"),
    [
        ((0.8, 1.0, 1.2), targets.MET),
        ((0.7, 1.0, 1.1), targets.UNDECIDED),
        ((0.9, 1.1, 1.3), targets.UNDECIDED),
        ((0.7, 1.0, 1.3), targets.UNDECIDED),
        ((0.1, 0.2, 0.7), targets.NOT_MET),
        ((1.3, 1.4, 1.5), targets.NOT_MET),
        (None, targets.UNMEASURED),
    ],
)
def test_verdicts(quartiles: tuple[float, float, float] | None, word: str) -> None:
    assert verdict(0.8, 1.2, quartiles) == word


def test_a_target_reads_its_quantity_from_the_row() -> None:
    rows = measured().rows
    asked = [
        Target("faster", "toy", "slow", least=3),
        Target("share", "toy", "slow", "ours / peer", most=0.3),
        Target("time", "toy", "slow", "ours, ms", most=1999),
        Target("gone", "toy", "absent", least=1),
        Target("unknown", "toy", "nobody", least=1),
    ]
    found = targets.verdicts(rows, asked)
    assert found[0].quartiles == (3, 4, 5)
    assert found[1].quartiles == (1 / 5, 1 / 4, 1 / 3)
    assert found[2].quartiles == (2000, 4000, 5000)
    words = [one.word for one in found]
    missing = targets.UNMEASURED
    assert words == [targets.MET, targets.UNDECIDED, targets.NOT_MET, missing, missing]


def test_a_target_that_is_not_met_says_why() -> None:
    target = Target("small", "toy", "slow", most=2, reason="it is large")
    missed, met, unknown = (Verdict(target, q) for q in ((3, 4, 5), (1, 1, 2), None))
    assert table.target_cells(missed)[0] == "small (why not: it is large)"
    assert table.target_cells(met)[0] == table.target_cells(unknown)[0] == "small"


def test_numbers_as_they_are_printed() -> None:
    printed = [table.number(value) for value in (0.012345, 1.0, 23.456, 99.96, 12345.6, None)]
    assert printed == ["0.0123", "1.00", "23.5", "100", "12,346", "–"]


def test_shipped_record_names_its_setting_and_has_a_row_for_every_target() -> None:
    record = records.read("benchmarks/peers")
    assert re.search(r"1 thread$", record.hardware)
    assert record.config["clock"] == "processor time"
    assert {"torch", "numpy", "runtheory", "scipy", "POT", "timm"} <= set(record.versions)
    assert [v.target.statement for v in targets.verdicts(record.rows) if not v.quartiles] == []
    growth = records.read("benchmarks/scaling")
    assert min(row["rounds"] for row in (*record.rows, *growth.rows)) >= 5
    absent = {str(row["peer"]) for row in record.rows if row["note"] == timing.ABSENT}
    assert {name.partition(",")[0] for name in absent} <= {"torchvision", "timm"}
    assert {row["factor"] for row in growth.rows} == set(scaling.FACTORS)
