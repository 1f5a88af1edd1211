"""The code that a recipe runs: its module and every module that this one imports, and so on."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "runtheory"


@cache
def code_digest(module: str) -> str:
    """Return a digest of the code of ``module`` and of all that it imports, directly or not.

    Followed are modules of this package and of that of ``module``. Docstrings, comments and layout
    do not count. A package counts where a name is taken from it that is no module.
    """
    code = {name: ast.dump(_bare(tree)) for name, tree in modules_of(module).items()}
    return hashlib.sha256(json.dumps(sorted(code.items())).encode()).hexdigest()


def modules_of(module: str) -> dict[str, ast.Module]:
    """Return the modules that :func:`code_digest` covers, by name: ``module`` and what it uses."""
    roots = {PACKAGE, module.partition(".")[0]}
    trees: dict[str, ast.Module] = {}  # what is here has been followed: circles end
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in trees:
            trees[name] = _parsed(name)
            imported = _imports(trees[name], name)
            waiting += [one for one in imported if one.partition(".")[0] in roots]
    return trees


@cache
def _path(module: str) -> Path | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # what was taken for its package is a module
        return None
    return Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None


def _parsed(module: str) -> ast.Module:
    path = _path(module)
    if path is None:
        raise ValueError(f"{module} must be an importable module with a source file")
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.Module, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module)
            for alias in node.names:
                part = f"{base}.{alias.name}"
                yield part if _path(part) else base


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
