"""The workflows pin what they run and give each job no more than it needs."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tools.notebooks import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"actions/[a-z-]+@[0-9a-f]{40}$")


def workflow(path: Any) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


JOBS = [(path.stem, *pair) for path in FILES for pair in workflow(path)["jobs"].items()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_their_version_beside(path) -> None:
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+) # v[\d.]+$", text, re.M)
    assert len(used) == text.count("uses:")
    assert [one for one in used if not PINNED.match(one)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_says_whether_it_was_run_and_grants_nothing_by_itself(path) -> None:
    assert "not yet run" in " ".join(path.read_text(encoding="utf-8").split("name:")[0].split())
    assert workflow(path)["permissions"] == {}


@pytest.mark.parametrize(("file", "name", "job"), JOBS)
def test_a_job_that_runs_our_code_cannot_write(file: str, name: str, job: dict[str, Any]) -> None:
    steps = job["steps"]
    checkouts = [step for step in steps if "checkout" in step.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    if checkouts:
        assert job["permissions"] == {"contents": "read"}
    else:
        assert "write" in job["permissions"].values()
    assert job["timeout-minutes"] if checkouts else True


def test_linux_macos_and_windows_are_asked() -> None:
    jobs = workflow(ROOT / ".github/workflows/tests.yml")["jobs"]
    assert jobs["package"]["strategy"]["matrix"]["system"] == ["macos-latest", "windows-latest"]
    assert jobs["book"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    pinned = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    torch = re.search(r"^torch==.*", pinned, re.M)[0]
    assert any(torch in step.get("run", "") for step in jobs["package"]["steps"])
    assert any("lowest-direct" in step.get("run", "") for step in jobs["lowest"]["steps"])


def test_newer_actions_are_proposed() -> None:
    proposed = workflow(ROOT / ".github" / "dependabot.yml")["updates"]
    assert [one["package-ecosystem"] for one in proposed] == ["github-actions"]
