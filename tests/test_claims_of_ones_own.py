"""A project of one's own has claims, ledgers and records of its own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from runtheory import claims
from runtheory.claims import ClaimError
from runtheory.ledger import Claim, by_id, read_ledger
from runtheory.outcome import MIME
from runtheory.records import of_rows, read, write

LEDGER = """
[[claim]]
id = "paper/half"
statement = "It is one half."
source = "our own"
kind = "identity"
"""


def test_a_claim_of_ones_own_is_checked_without_a_ledger_of_the_book(monkeypatch) -> None:
    shown: list[dict] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    mine = Claim("paper/half", "It is one half.", "own", "law", twin="A third.")
    law = {"measured": 0.51, "expected": 0.5, "standard_error": 0.01}
    claims.law(mine, **law, twin=1 / 3)
    (stored,) = (bundle[MIME] for bundle in shown)
    assert (stored["id"], stored["verdict"]) == ("paper/half", "holds")
    with pytest.raises(ValueError, match="the ledger calls paper/half law, the call identity"):
        claims.identity(mine, measured=1.0, expected=1.0)
    with pytest.raises(ClaimError, match="the twin of paper/half passes as well"):
        claims.law(mine, **law, twin=0.505)


def test_a_script_prints_the_sentence_and_not_what_a_notebook_stores(capsys) -> None:
    mine = Claim("paper/half", "It is one half.", "own", "identity")
    claims.identity(mine, measured=0.5, expected=0.5)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("✓ paper/half: holds. It is one half. measured 0.5; expected 0.5")


def test_a_ledger_in_any_folder_gives_its_claims(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: None)
    path = tmp_path / "paper" / "claims.toml"
    path.parent.mkdir()
    path.write_text(LEDGER)
    mine = by_id(read_ledger(path))
    claims.identity(mine["paper/half"], measured=0.5, expected=0.5)
    with pytest.raises(ClaimError, match="paper/half: contradicted"):
        claims.identity(mine["paper/half"], measured=0.6, expected=0.5)


def test_a_ledger_in_the_folder_where_one_works(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "paper").mkdir()
    monkeypatch.chdir(tmp_path / "paper")
    Path("claims.toml").write_text(LEDGER)
    assert list(by_id(read_ledger(Path("claims.toml")))) == ["paper/half"]
    Path("claims.toml").write_text(LEDGER.replace("paper/", "other/"))
    with pytest.raises(ValueError, match=r"paper/claims\.toml: claim other/half must begin with"):
        read_ledger(Path("claims.toml"))


def test_a_record_of_ones_own_rows_needs_nothing_else(tmp_path: Path) -> None:
    rows = [{"seed": s, "loss": np.float64(s) / 2, "norm": math.nan} for s in (3, 4, 3)]
    record = of_rows("paper/widths", rows)
    assert read("paper/widths", write(record, tmp_path).parents[1]) == record
    assert record.rows[0] == {"seed": 3, "loss": 1.5, "norm": None}
    assert (record.seeds, record.commit, record.hardware) == ((3, 4), "unknown", "unknown")
    assert of_rows("paper/one", [{"loss": 1.0}]).seeds == (0,)
    named = of_rows("paper/widths", rows, hardware="one core", seeds=(3,), wall_seconds=2.0)
    assert (named.hardware, named.seeds, named.wall_seconds) == ("one core", (3,), 2.0)
    with pytest.raises(ValueError, match="named chapter/name, got 'widths'"):
        of_rows("widths", rows)
    with pytest.raises(TypeError):
        of_rows("paper/widths", rows, machine="fast")
