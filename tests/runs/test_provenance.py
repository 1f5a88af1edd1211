"""Where numbers come from: processor, versions, commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import sklearn

from runtheory.runs import provenance


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    call = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()


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

    place = tmp_path / "checkout"
    git(place, "init")
    assert provenance.commit() == "uncommitted"
    git(place, "add", ".")
    git(place, "commit", "-m", "first")
    assert provenance.commit() == git(place, "rev-parse", "--short=10", "HEAD")
    (tmp_path / "checkout" / "results").mkdir()
    (tmp_path / "checkout" / "results" / "new").touch()
    assert provenance.commit() != "uncommitted"  # what is recorded is no code
    code.write_text("changed = True")
    assert provenance.commit() == "uncommitted"
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == "unknown"  # no git


def test_the_users_own_modules_are_versioned_by_their_commit(tmp_path, monkeypatch) -> None:
    place = tmp_path / "project"
    place.mkdir()
    code = place / "users_recipe_module.py"
    code.write_text("import json, numpy\nfrom sklearn.datasets import load_digits\n")
    monkeypatch.syspath_prepend(str(place))

    def own() -> str:
        return provenance.versions(code.stem)[code.stem]

    assert own() == "unknown"  # no repository
    assert provenance.versions(code.stem)["scikit-learn"] == sklearn.__version__
    git(place, "init")
    assert own() == "uncommitted"
    git(place, "add", code.name)
    git(place, "commit", "-m", "first")
    assert own() == git(place, "rev-parse", "--short=10", "HEAD")
    (place / "notes.txt").touch()
    assert own() != "uncommitted"  # no code of the recipe
    code.write_text("changed = True")
    assert own() == "uncommitted"
    git(place, "rm", "--cached", code.name)
    (place / ".gitignore").write_text("*.py")
    assert own() == "uncommitted"  # and not the last commit's


def test_recipes_of_the_package_have_the_versions_that_they_had() -> None:
    assert provenance.versions("runtheory.recipes.interplay") == provenance.versions()


@pytest.mark.parametrize(
    "script", ["sleep 20", "exit 7", r"printf '\377'", "exec /nonexistent/interpreter"]
)
def test_a_git_that_does_not_answer_costs_no_cell(tmp_path, monkeypatch, script: str) -> None:
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(provenance, "GIT_SECONDS", 0.2)
    assert provenance.commit() in ("unknown", "uncommitted")
    assert provenance.commit_of([Path(__file__)]) in ("unknown", "uncommitted")
