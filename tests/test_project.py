"""The files around the package agree with one another, and the house style holds."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import runtheory
from tools.notebooks import ROOT
from tools.shown import lines_of

HEAVY = ("matplotlib", "ipywidgets", "sklearn", "scipy", "IPython", "ot")
PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^ ;]+)")
PLATFORM = re.compile("nvidia-|cuda-|triton|pywin")  # what pip picks for the machine
FUNCTION_LINES, FILE_LINES = 40, 300


def project() -> dict[str, object]:
    loaded = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return loaded["project"]


def requirements() -> Iterator[Requirement]:
    """Yield what the project asks for: to run, in every extra, and to be built."""
    loaded = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = loaded["project"]["optional-dependencies"].values()
    for line in itertools.chain(loaded["project"]["dependencies"], *extras):
        yield Requirement(line)
    yield from map(Requirement, loaded["build-system"]["requires"])


def pins(name: str = "requirements.lock") -> dict[str, Version]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pairs = [PIN.match(line) for line in lines if line[:1] not in ("", "#", " ")]
    return {canonicalize_name(found["name"]): Version(found["version"]) for found in pairs}


def missing(names: Iterable[Requirement], pinned: Mapping[str, Version]) -> set[str]:
    """Return what installed packages need, from ``names`` on, and ``pinned`` does not hold."""
    lacking: set[str] = set()
    seen, pending = set(), list(names)
    while pending:
        wanted = pending.pop()
        name, extras = canonicalize_name(wanted.name), wanted.extras or {""}
        applies = not wanted.marker or wanted.marker.evaluate({"extra": ""})
        if name == "runtheory" or not applies or (name, *extras) in seen or PLATFORM.match(name):
            continue
        seen.add((name, *extras))
        lacking |= {name} - set(pinned)
        for line in metadata.distribution(name).requires or []:
            needed = Requirement(line)
            asked = [needed.marker.evaluate({"extra": one}) for one in extras if needed.marker]
            if not needed.marker or any(asked):
                needed.marker = None
                pending.append(needed)
    return lacking


def test_lock_meets_what_the_project_asks_for() -> None:
    pinned = {**pins(), "runtheory": Version(runtheory.__version__)}
    unmet = [
        str(requirement)
        for requirement in requirements()
        if pinned[canonicalize_name(requirement.name)] not in requirement.specifier
    ]
    assert unmet == []


def test_lock_is_complete() -> None:
    assert missing(requirements(), pins()) == set()
    assert "requests" in missing(requirements(), {"pooch": Version("1")})


def test_lock_fits_every_platform() -> None:
    assert pins()["torch"] == Version("2.13.0")
    assert [name for name, version in pins().items() if version.local] == []
    assert [name for name in pins() if PLATFORM.match(name)] == []
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "; sys_platform == 'win32'" in text
    assert "; sys_platform == 'darwin'" in text


def test_every_pin_but_that_of_pytorch_has_its_digests() -> None:
    hashed = pins("requirements.hashed.txt")
    assert hashed == {name: one for name, one in pins().items() if name != "torch"}
    text = (ROOT / "requirements.hashed.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=\w)", text, flags=re.M)[1:]
    assert len(entries) == len(hashed)
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_marks_exercises_has_its_digests_and_the_pins_of_the_book() -> None:
    marking = pins("requirements.nbgrader.txt")
    assert str(marking["nbgrader"]) == "0.9.6"
    assert {name for name in marking if marking[name] != pins().get(name, marking[name])} == set()
    text = (ROOT / "requirements.nbgrader.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=\w)", text, flags=re.M)[1:]
    assert len(entries) == len(marking)
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_a_pin_out_of_range_would_be_seen() -> None:
    assert pins()["torch"] not in Requirement("torch>=2.14").specifier


def test_conda_and_binder_get_the_same_pins() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["dependencies"] == [
        "python=3.11",
        "pip",
        {"pip": ["-r requirements.lock", "-e ."]},
    ]
    assert str(project()["requires-python"]) == ">=3.11"


def test_version_is_one() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project()["version"] == runtheory.__version__


def test_import_is_light() -> None:
    code = f"import sys, runtheory; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def python_files() -> list[Path]:
    folders = ("src", "tools", "benchmarks", "tests")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    long = [f.name for f in functions(ast.parse(source)) if lines_of(f) > FUNCTION_LINES]
    assert long == []
    assert len(source.splitlines()) <= FILE_LINES


def test_a_package_with_an_escape_that_is_none_may_be_compiled_late() -> None:
    compile(r"PATTERN = '\d'", "late.py", "exec")
    with pytest.raises(DeprecationWarning):  # every other warning is an error
        warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_make_names_its_targets() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    named = {line.split()[0] for line in done.stdout.splitlines()}
    assert named >= {"book", "test", "serve", "execute", "check", "bench", "clean", "help"}


def test_make_refuses_an_old_python(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.1\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "check", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Python 3.10.1" in done.stderr
    assert not (tmp_path / "venv" / ".installed").exists()


def test_an_interrupted_installation_leaves_no_stamp(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    # An environment whose pip fails half way: the old stamp must go and no new one may come.
    fake = venv / "bin" / "python"
    fake.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\nexit 1\n')
    fake.chmod(0o755)
    (venv / ".installed").touch()
    subprocess.run(["touch", "-d", "2000-01-01", str(venv / ".installed")], check=True)
    done = subprocess.run(
        ["make", "check", f"PYTHON={sys.executable}", f"VENV={venv}"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0
    assert not (venv / ".installed").exists()


def test_docstrings_cite_what_the_bibliography_holds() -> None:
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    key = re.compile(r"\[([a-z]+[12]\d{3}[a-z]*)[],]")
    cited = {
        found: path.relative_to(ROOT)
        for path in (ROOT / "src").rglob("*.py")
        for found in key.findall(path.read_text(encoding="utf-8"))
    }
    assert len(cited) > 10
    missing = {found: path for found, path in cited.items() if f"{{{found}," not in bibliography}
    assert not missing
