"""The files around the package agree with one another, and the house style holds."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import runtheory
from tools import lock
from tools.notebooks import ROOT
from tools.shown import lines_of

VENDORED = {
    "1551f4f60c37af51121f.woff2": "9834b82ad26e2a37583d22676a12dd2e",
    "7a3337626410ca2f4071.woff2": "e42a88444448ac3d60549cc7c1ff2c8a",
    "d878b0a6a1144760244f.woff2": "8ea8791754915a898a3100e63e32978a",
    "embed.js": "8f6d2d3f856d8595d1841dec3019d99b",
}
HEAVY = ("matplotlib", "ipywidgets", "sklearn", "scipy", "IPython", "ot")
FUNCTION_LINES, FILE_LINES = 40, 300


def project() -> dict[str, object]:
    loaded = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return loaded["project"]


def pins() -> dict[str, Version]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def test_lock_meets_what_the_project_asks_for() -> None:
    unmet = [
        str(requirement)
        for requirement in lock.build_and_run_requirements()
        if (name := canonicalize_name(requirement.name)) not in pins()
        or pins()[name] not in requirement.specifier
    ]
    assert unmet == []


def test_lock_is_complete() -> None:
    needed = {canonicalize_name(name) for name in lock.closure(lock.build_and_run_requirements())}
    assert needed - set(pins()) == set()


def test_lock_fits_every_platform() -> None:
    assert pins()["torch"] == Version("2.13.0")
    assert [name for name, version in pins().items() if version.local] == []
    assert [name for name in pins() if name.startswith(lock.PLATFORM)] == []


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


def test_folders_inside_the_wheel_are_not_empty() -> None:
    """Git keeps no empty folder, and an installation fails where one of these is missing."""
    loaded = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = loaded["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert [name for name in folders if not any((ROOT / name).iterdir())] == []


def test_version_is_one() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project()["version"] == runtheory.__version__


def test_vendored_files_are_unchanged() -> None:
    folder = ROOT / "book" / "vendor" / "html-manager"
    digests = {name: hashlib.sha256((folder / name).read_bytes()) for name in VENDORED}
    found = {name: digest.hexdigest()[:32] for name, digest in digests.items()}
    assert found == VENDORED


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
