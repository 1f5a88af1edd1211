"""The code that a recipe runs: its module and every module that this one imports, and so on.

Followed are modules of this package and those of the user, wherever their files lie, but not what
is installed (under ``site-packages``) or belongs to Python: that has a version.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "runtheory"
INSTALLED = frozenset({"site-packages", "dist-packages"})


@cache
def code_digest(module: str) -> str:
    """Return a digest of the code of ``module`` and of all that it imports, directly or not.

    Docstrings, comments and layout do not count. A package counts where a name is taken from it
    that is no module. What is imported by a name made at run time is not followed.
    """
    code = {name: ast.dump(_bare(tree)) for name, tree in modules_of(module).items()}
    return hashlib.sha256(json.dumps(sorted(code.items())).encode()).hexdigest()


@cache
def package_digest() -> str:
    """Return a digest of every source file of this package, comments and all."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def modules_of(module: str) -> dict[str, ast.Module]:
    """Return the modules that :func:`code_digest` covers, by name: ``module`` and what it uses."""
    trees = {module: _parsed(module)}  # what is here has been followed: circles end
    waiting = [module]
    while waiting:
        name = waiting.pop()
        for one in _imports(trees[name], name):
            if one not in trees and _is_own(_root(one)) and _path(one):
                trees[one] = _parsed(one)
                waiting.append(one)
    return trees


@cache
def foreign_packages(module: str) -> tuple[str, ...]:
    """Return the top-level names that the user's modules among :func:`modules_of` import.

    Installed packages and parts of Python alike; none for a recipe of this package. As the digest,
    it is that of the code as it was first read: a process asks it once for every cell.
    """
    users = {name: tree for name, tree in modules_of(module).items() if _root(name) != PACKAGE}
    names = {_root(one) for name, tree in users.items() for one in _imports(tree, name)}
    return tuple(sorted(name for name in names if not _is_own(name)))


@cache
def users_files(module: str) -> Mapping[str, list[Path]]:
    """Return the files of the user's modules among :func:`modules_of`, by top-level name."""
    files: dict[str, list[Path]] = {}
    for name in sorted(modules_of(module)):
        path = _path(name)
        if _root(name) != PACKAGE and path is not None:
            files.setdefault(_root(name), []).append(path)
    return files


def _root(module: str) -> str:
    return module.partition(".")[0]


@cache
def _is_own(root: str) -> bool:
    """Say whether a top-level module is this package, or neither installed nor Python's own."""
    if root == PACKAGE:
        return True
    try:
        spec = find_spec(root)
    except (ImportError, ValueError):  # ``__main__`` has no spec
        return False
    if spec is None or spec.origin in ("built-in", "frozen"):
        return False
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
    return bool(places) and not any(map(_is_installed, places))


def _is_installed(place: str) -> bool:
    path = Path(place).resolve()
    standard = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
    return not INSTALLED.isdisjoint(path.parts) or not standard.isdisjoint(path.parents)


@cache
def _path(module: str) -> Path | None:
    if module == "__main__":  # a script, which another process does not find by this name
        return None
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):  # what was taken for its package is a module
        return None
    return Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None


def _parsed(module: str) -> ast.Module:
    path = _path(module)
    if path is None:
        raise ValueError(f"{module} must be an importable module with a source file")
    if path.suffix != ".py":  # compiled: its bytes stand for its code
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return ast.Module([ast.Assign([], ast.Constant(digest))], [])
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.Module, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
                # ``import one.two`` binds ``one``, whose own names can then be used.
                if alias.asname is None and _root(alias.name) != PACKAGE:
                    yield from _above(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module)
            for alias in node.names:
                part = f"{base}.{alias.name}"
                yield part if _is_own(_root(base)) and _path(part) else base


def _above(module: str) -> Iterator[str]:
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def _absolute(node: ast.ImportFrom, module: str) -> str:
    if node.level == 0:
        return node.module or ""
    path = _path(module)
    above = node.level - (path is not None and path.name == "__init__.py")
    package = module.rsplit(".", above)[0] if above else module
    return f"{package}.{node.module}" if node.module else package


def _bare(tree: ast.Module) -> ast.Module:
    """Take out the strings that stand alone, as docstrings do."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)]  # type: ignore[attr-defined]
    return tree


def _is_text(node: ast.AST) -> bool:
    constant = node.value if isinstance(node, ast.Expr) else None
    return isinstance(constant, ast.Constant) and isinstance(constant.value, str)
