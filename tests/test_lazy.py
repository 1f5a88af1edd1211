"""What packages offer can be had from them, and nothing is loaded before."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

import runtheory
from runtheory import lazy
from tools.notebooks import ROOT

SOURCE = ROOT / "src" / "runtheory"


def test_every_module_of_the_package_can_be_had_from_it() -> None:
    files = {path.stem for path in SOURCE.glob("*.py")} - {"__init__", "lazy"}
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert set(runtheory.__all__) == files | folders
    assert all(getattr(runtheory, name).__name__ == f"runtheory.{name}" for name in files | folders)


@pytest.mark.parametrize(
    "name", ["collapse", "data", "dropout", "evaluation", "information", "mixing"]
)
def test_a_package_offers_what_it_lists(name: str) -> None:
    package = import_module(f"runtheory.{name}")
    assert [one for one in package.__all__ if not hasattr(package, one)] == []
    # A function of the name of a module would hide one or the other; two are meant.
    modules = {path.stem for path in (SOURCE / name).glob("*.py")}
    assert modules & set(package.__all__) <= {"apply", "monte_carlo"}


def test_type_checkers_see_what_is_loaded_late() -> None:
    for file in (SOURCE / "__init__.py", SOURCE / "information" / "__init__.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        block = next(node for node in tree.body if isinstance(node, ast.If))
        seen = {alias.name for node in block.body for alias in node.names}
        name = ".".join(file.parent.relative_to(SOURCE.parent).parts)
        assert seen == set(import_module(name).__all__)


def test_an_unknown_name_is_no_attribute() -> None:
    load = lazy.attributes("runtheory", {"intervals": (), "plain": ("check_row",)})
    assert load("intervals").__name__ == "runtheory.intervals"
    assert load("check_row").__module__ == "runtheory.plain"
    with pytest.raises(AttributeError, match="module 'runtheory' has no attribute 'mixin'"):
        load("mixin")


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    code = "\n".join(
        [
            "import sys, runtheory, runtheory.information",
            "assert 'torch' not in sys.modules and 'scipy' not in sys.modules",
            "runtheory.mixing.draw_cutmix, runtheory.information.kl_inverse",
            "assert 'matplotlib' not in sys.modules and 'sklearn' not in sys.modules",
        ]
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_package_names_the_extra_that_brings_it() -> None:
    code = "import sys; sys.modules['matplotlib'] = None; from runtheory import plot; plot.figure()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    expected = 'runtheory.plot needs matplotlib: pip install "runtheory[labs]"'
    assert done.stderr.splitlines()[-1] == f"ImportError: {expected}"


def test_what_no_core_requirement_brings_is_imported_late_and_by_its_extra() -> None:
    """Importing any module of the package needs the core alone; an extra names what it brings."""
    brought = {"PIL", "IPython", "ipywidgets", "matplotlib", "ot", "pandas", "pooch", "requests"}
    brought |= {"sklearn", "statsmodels"}
    bare = [
        (str(path.relative_to(SOURCE)), line)
        for path in SOURCE.rglob("*.py")
        for line, module in _imports(ast.parse(path.read_text(encoding="utf-8")))
        if module in brought
    ]
    assert bare == []


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and package of the imports that no ``needed_by`` and no type check encloses."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        guarded = isinstance(node, ast.With | ast.If) and any(
            word in ast.unparse(node).splitlines()[0] for word in ("needed_by", "TYPE_CHECKING")
        )
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, str(node.module).partition(".")[0]
        elif not guarded:
            pending += ast.iter_child_nodes(node)


@pytest.mark.parametrize("name", ["runtheory", "runtheory.information"])
def test_names_that_are_loaded_late_are_listed(name: str) -> None:
    package = import_module(name)
    assert {*package.__all__, "__name__"} <= set(dir(package))
