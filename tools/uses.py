"""Where definitions are used: the labs, and the statements that the claims of their cells check."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from runtheory.ledger import KINDS
from tools.api import Module, canonical, imports, modules
from tools.ledgers import read_ledgers
from tools.notebooks import code_cells, notebook_paths, read
from tools.shown import parsed


@dataclass
class Uses:
    """The pages whose code uses one definition, and the labels of what a claim's cell checks."""

    labs: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)


@cache
def uses(root: Path) -> dict[str, Uses]:
    """Return the uses of every definition that a notebook uses, by its dotted name."""
    known = modules(root)
    sources = {claim.id: claim.source for claim in read_ledgers(root).claims.values()}
    found: dict[str, Uses] = defaultdict(Uses)
    for path in notebook_paths(root):
        if path.name == "solutions.ipynb":
            continue
        page = path.relative_to(root).with_suffix("").as_posix()
        bound: dict[str, str] = {}
        for _, cell in code_cells(read(path)):
            tree = parsed(cell.source)
            bound |= dict(imports(tree))
            names = set(_used(tree, bound, known))
            labels = [sources.get(claim, "") for claim in _claims(tree)]
            for name in names:
                _add(found[name].labs, page)
                for label in labels:
                    _add(found[name].statements, label)
    return dict(found)


def _used(tree: ast.AST, bound: Mapping[str, str], known: Mapping[str, Module]) -> Iterator[str]:
    """Yield the dotted names that code reads, as they are where they are defined."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            first, _, rest = ast.unparse(node).partition(".")
            if first in bound:
                yield canonical(f"{bound[first]}.{rest}".rstrip("."), known)


def _claims(tree: ast.AST) -> Iterator[str]:
    """Yield the ids of the claims that a cell judges."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        first = node.args[0] if node.args else None
        if node.func.attr in KINDS and isinstance(first, ast.Constant):
            yield str(first.value)


def _add(names: list[str], name: str) -> None:
    if name and name not in names:
        names.append(name)
