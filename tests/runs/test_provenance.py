"""Where numbers come from: processor, versions, commit."""

from __future__ import annotations

import os
import subprocess

from runtheory.runs import provenance


def test_provenance_names_the_processor_and_no_machine() -> None:
    text = provenance.hardware("cpu", 2)
    assert text.endswith(", 2 threads")
    assert os.uname().nodename not in text
    assert sorted(provenance.versions()) == ["numpy", "python", "runtheory", "torch"]


def test_the_commit_follows_the_state_of_the_sources(tmp_path, monkeypatch) -> None:
    source = tmp_path / "checkout" / "src" / "runtheory"
    source.mkdir(parents=True)
    code = source / "__init__.py"
    code.touch()
    monkeypatch.setattr(provenance.checkout, "__file__", str(source / "checkout.py"))
    assert provenance.commit() == "unknown"  # no checkout
    (tmp_path / "checkout" / "pyproject.toml").touch()

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        call = ["git", "-C", str(tmp_path / "checkout"), *who, *arguments]
        return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()

    git("init")
    assert provenance.commit() == "uncommitted"
    git("add", ".")
    git("commit", "-m", "first")
    assert provenance.commit() == git("rev-parse", "--short=10", "HEAD")
    (tmp_path / "checkout" / "results").mkdir()
    (tmp_path / "checkout" / "results" / "new").touch()
    assert provenance.commit() != "uncommitted"  # what is recorded is no code
    code.write_text("changed = True")
    assert provenance.commit() == "uncommitted"
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == "unknown"  # no git
