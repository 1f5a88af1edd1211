"""Plant small faults in the package and ask its tests: ``python -m tools.mutants [count] [seed]``.

A mutant changes one comparison, one operator of arithmetic, one constant or one default. A seeded
sample of them is drawn; for each, the file is changed in a copy of the tree, and the test of its
module is run there, for a recipe also the one that compares its numbers with its record. A mutant
that no test notices *survived*: it is printed with its line. A test that fails on the copy without
a fault kills nothing: it is named and its mutants are not counted.
"""

from __future__ import annotations

import ast
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tools.notebooks import ROOT

SECONDS = 300  # of a processor for one test: a busy machine kills no mutant
HANGING = 3600  # of a clock, for what waits without computing
LOADED = ("torch", "scipy.stats", "scipy.optimize", "hypothesis", "jaxtyping", "beartype")
# A recipe's numbers are held by its record, which is looked at for all recipes in one place.
RECORDS = "tests/contract/test_recipes.py::test_the_record_is_that_of_the_full_preset"
COPIED = ("src", "tests", "tools", "results", "chapters", "demos", "pyproject.toml")
SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True)
class Mutant:
    """One fault: the file, the line, what changed, and the changed source."""

    file: Path
    line: int
    what: str
    source: str


def mutants(file: Path, source: str) -> list[Mutant]:
    """Return every mutant of one file."""
    return [planted(file, source, number) for number in range(places(source))]


def places(source: str) -> int:
    """Return in how many places a source can be changed."""
    return sum(1 for _ in _places(ast.parse(source)))


def planted(file: Path, source: str, number: int) -> Mutant:
    """Return the mutant that is changed in one of its places."""
    tree = ast.parse(source)
    node = next(one for place, one in enumerate(_places(tree)) if place == number)
    what = _change(node)
    return Mutant(file, node.lineno, what, ast.unparse(ast.fix_missing_locations(tree)))


def _places(tree: ast.AST) -> Iterator[Any]:
    """Yield what can be changed: not annotations, not texts, not what is said in an error."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Raise | ast.AnnAssign | ast.JoinedStr | ast.arg):
            continue
        if isinstance(child, ast.BinOp | ast.BoolOp) and type(child.op) in SWAPS:
            yield child
        if isinstance(child, ast.Compare) and type(child.ops[0]) in SWAPS:
            yield child
        number = isinstance(child, ast.Constant) and type(child.value) in (int, float)
        if number and hasattr(child, "lineno"):
            yield child
        if not (isinstance(child, ast.Subscript) and _is_shape(child)):
            yield from _places(child)


def _is_shape(node: ast.Subscript) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id[:1].isupper()


def _change(node: Any) -> str:
    """Change the node in place and return the change in words."""
    if isinstance(node, ast.Constant):
        old: Any = node.value
        node.value = old + 1
        return f"{old} -> {old + 1}"
    operator = node.ops[0] if isinstance(node, ast.Compare) else node.op
    new = SWAPS[type(operator)]()
    if isinstance(node, ast.Compare):
        node.ops[0] = new
    else:
        node.op = new
    return f"{type(operator).__name__} -> {type(new).__name__}"


def sample(root: Path, count: int, seed: int) -> list[Mutant]:
    """Return a sample over the package's modules that have a test of their name."""
    files = sorted((root / "src" / "runtheory").rglob("*.py"))
    sources = {
        file: file.read_text(encoding="utf-8") for file in files if test_of(root, file).is_file()
    }
    every = [(file, place) for file, text in sources.items() for place in range(places(text))]
    drawn = random.Random(seed).sample(every, min(count, len(every)))
    return [planted(file.relative_to(root), sources[file], place) for file, place in drawn]


def test_of(root: Path, file: Path) -> Path:
    """Return the test of a module."""
    inner = file.relative_to(root / "src" / "runtheory")
    return root / "tests" / inner.with_name(f"test_{inner.name}")


def fails(tree: Path, test: Path) -> bool:
    """Tell whether a test fails in the copy ``tree``, or does not end."""
    child = os.fork()  # what it needs of other people's packages is loaded already
    if child == 0:
        _ask(tree, test)
    _, status = os.waitpid(child, 0)
    return status != 0


def _ask(tree: Path, test: Path) -> NoReturn:
    """Run the test in this process and end it, with the status 0 where it passed."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    signal.alarm(HANGING)
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(silent, stream)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("runtheory", "tests")]:
        del sys.modules[name]
    sys.path[:0] = paths = [str(tree / "src"), str(tree)]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    os.chdir(tree)
    status = 1
    loaded = "ignore::pytest.PytestAssertRewriteWarning"  # hypothesis is, and the tests' own is not
    try:
        options = ["-q", "-x", "-p", "no:cacheprovider", "-W", loaded]
        asked = [str(test), *([RECORDS] if "recipes" in test.parts else [])]
        status = int(pytest.main([*options, *asked]))
    finally:
        os._exit(status)


def is_killed(tree: Path, mutant: Mutant) -> bool:
    """Tell whether the module's test fails with the fault in the copy ``tree``."""
    file = tree / mutant.file
    original = file.read_text(encoding="utf-8")
    file.write_text(mutant.source, encoding="utf-8")
    try:
        return fails(tree, test_of(tree, file))
    finally:
        file.write_text(original, encoding="utf-8")


def fate(tree: Path, mutant: Mutant, sound: dict[Path, bool]) -> str:
    """Return what became of a mutant; ``sound`` holds what is known of the tests without it."""
    if not is_killed(tree, mutant):
        return "survived"
    test = test_of(tree, tree / mutant.file)
    if test not in sound:
        sound[test] = not fails(tree, test)
    return "killed" if sound[test] else "untested"


def main(count: int = 60, seed: int = 0) -> None:
    """Print each mutant with what became of it, and how many were killed."""
    fates: list[str] = []
    sound: dict[Path, bool] = {}
    for name in LOADED:
        import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / name)
        for mutant in sample(tree, count, seed):
            fates.append(fate(tree, mutant, sound))
            print(f"{fates[-1]:8} {mutant.file}:{mutant.line} {mutant.what}", flush=True)
    print(f"{fates.count('killed')} of {len(fates) - fates.count('untested')} killed")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
