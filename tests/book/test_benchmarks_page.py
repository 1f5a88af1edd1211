"""The page of the benchmarks is drawn from their records, and fails the build without them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from benchmarks import scaling, timing
from runtheory import records
from tests.book import tiny_book
from tests.book.test_benchmarks import measured
from tools import notebooks


def write_growth(record: records.Record, folder: Path) -> None:
    """Write a record of one question of scaling, with the setting of ``record``."""
    rows = tuple(
        {
            "question": "toy",
            "size": f"{factor:g} toys",
            "factor": factor,
            "what": "a growing toy",
            "ours_ms": factor,
            "peer": "a peer",
            "peer_ms": 2 * factor,
            "ratio": 2.0,
        }
        for factor in scaling.FACTORS
    )
    records.write(replace(record, name=scaling.NAME, rows=rows), folder)


@pytest.fixture
def source(book: Path) -> Path:
    """The tiny book with no page but that of the benchmarks."""
    (book / "_toc.yml").write_text(
        yaml.safe_dump({"format": "jb-book", "root": "book/benchmarks"}), encoding="utf-8"
    )
    page = notebooks.ROOT / "book" / "appendices" / "benchmarks.md"
    shutil.copy(page, book / "book" / "benchmarks.md")
    return book


def test_the_page_is_drawn_from_the_record(source: Path) -> None:
    record = measured()
    moved = {"comparison": "cutmix-image", "peer": "timm, per element"}
    rows = (*record.rows, {**record.rows[0], **moved})
    records.write(replace(record, rows=rows), source / "results")
    write_growth(record, source / "results")
    done = tiny_book.build(source)
    assert done.returncode == 0, done.stdout + done.stderr
    html = tiny_book.page(source, "book/benchmarks")
    assert "<p>4.00 [3.00, 5.00]</p>" in html
    assert "a growing toy: ours from 0.0625 to 16 ms, a peer from 0.125 to 32 ms" in html
    assert "<p>0.0625 toys</p>" in html
    assert 'rowspan="4"' in html
    assert timing.ABSENT in html
    assert record.hardware in html
    assert f"POT {record.versions['POT']}" in html
    assert '<span class="verdict inconclusive">~ undecided</span>' in html
    assert '<span class="verdict inconclusive">– not measured</span>' in html


def test_a_missing_or_damaged_record_fails_the_build(source: Path) -> None:
    done = tiny_book.build(source)
    assert done.returncode != 0
    assert "no record &#39;benchmarks/peers&#39;" in done.stderr.replace("'", "&#39;")
    (source / "results" / "benchmarks").mkdir(parents=True)
    (source / "results" / "benchmarks" / "peers.json").write_text(json.dumps({"rows": []}))
    done = tiny_book.build(source)
    assert done.returncode != 0
    assert "must hold" in done.stderr
