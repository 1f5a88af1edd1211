"""What the package offers, read from its source: names, signatures with shapes, docstrings.

Nothing is imported, so that no decorator and no hook of the tests changes what a reader is shown.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = "runtheory"
Function = ast.FunctionDef | ast.AsyncFunctionDef
WIDTH = 88  # letters of a signature on one line


@dataclass(frozen=True)
class Offer:
    """One public definition: how it is called, what it says of itself, and its own members."""

    module: str
    name: str
    kind: str  # function, class, method or property
    signature: str
    doc: str
    members: tuple[Offer, ...] = ()

    @property
    def full(self) -> str:
        """The name with its module."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Module:
    """One module: its dotted name, its file, its docstring, what it defines, what it imports."""

    name: str
    path: Path
    doc: str
    offers: tuple[Offer, ...]
    imported: Mapping[str, str]


@dataclass(frozen=True)
class Scope:
    """The names of types that a module defines, and the dotted names of what it imports."""

    aliases: Mapping[str, ast.expr]
    imported: Mapping[str, str]


@cache
def modules(root: Path) -> dict[str, Module]:
    """Return every module of the package below ``root``, by its dotted name."""
    trees, paths = {}, {}
    for path in sorted((root / "src" / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root / "src").with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        paths[name] = path
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    scopes = {
        name: Scope(dict(_aliases(tree)), dict(imports(tree))) for name, tree in trees.items()
    }
    found = {}
    for name, tree in trees.items():
        offers = tuple(_offers(name, tree, Spelled(name, scopes)))
        doc = ast.get_docstring(tree) or ""
        found[name] = Module(name, paths[name], doc, offers, scopes[name].imported)
    return found


def canonical(dotted: str, known: Mapping[str, Module]) -> str:
    """Return the dotted name under which ``dotted``, maybe offered by a package, is defined."""
    home, _, name = dotted.rpartition(".")
    while home in known and known[home].imported.get(name, dotted) != dotted:
        dotted = known[home].imported[name]
        home, _, name = dotted.rpartition(".")
    return dotted


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names that imports bind, each with the dotted name that it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield alias.asname or first, alias.name if alias.asname else first


def _aliases(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a module gives to types: words with a capital letter at the front."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name[:1].isupper() and not name.isupper() and not isinstance(node.value, ast.Call):
                yield name, node.value


class Spelled(ast.NodeTransformer):
    """Put in the place of each name of a type what it stands for where it was defined."""

    def __init__(self, module: str, scopes: Mapping[str, Scope]) -> None:
        self.module, self.scopes = module, scopes

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Return what the name stands for, spelled out in turn, or the name itself."""
        scope, home, name = self.scopes[self.module], self.module, node.id
        if name not in scope.aliases:
            home, _, name = scope.imported.get(node.id, "").rpartition(".")
        if home not in self.scopes or name not in self.scopes[home].aliases:
            return node
        meant = copy.deepcopy(self.scopes[home].aliases[name])
        result: ast.AST = Spelled(home, self.scopes).visit(meant)
        return result


def _offers(module: str, tree: ast.Module, spelled: Spelled) -> Iterator[Offer]:
    for node in tree.body:
        if getattr(node, "name", "_").startswith("_") or getattr(node, "name", "") == "main":
            continue
        doc = ast.get_docstring(node) or "" if isinstance(node, Function | ast.ClassDef) else ""
        if isinstance(node, Function):
            yield Offer(module, node.name, "function", signature(node, spelled), doc)
        elif isinstance(node, ast.ClassDef):
            members = tuple(_members(module, node, spelled))
            yield Offer(module, node.name, "class", _fields(node, spelled), doc, members)


def _members(module: str, owner: ast.ClassDef, spelled: Spelled) -> Iterator[Offer]:
    """Yield the public methods and properties, and those special ones that say what they do."""
    for node in owner.body:
        if not isinstance(node, Function):
            continue
        doc = ast.get_docstring(node) or ""
        if node.name.startswith("_") and not (node.name.startswith("__") and doc):
            continue
        marks = {ast.unparse(mark) for mark in node.decorator_list}
        kind = "property" if marks & {"property", "cached_property"} else "method"
        bound = "staticmethod" not in marks
        shown = signature(node, spelled, bound=bound)
        if kind == "property":
            shown = shown.removeprefix("()").replace(" -> ", ": ", 1)
        yield Offer(module, f"{owner.name}.{node.name}", kind, shown, doc)


def _fields(owner: ast.ClassDef, spelled: Spelled) -> str:
    """Return how a class is called: the fields of a dataclass, or its ``__init__``."""
    for node in owner.body:
        if isinstance(node, Function) and node.name == "__init__":
            return signature(node, spelled, bound=True).partition(" -> ")[0]
    if not any("dataclass" in ast.unparse(mark) for mark in owner.decorator_list):
        return ""
    shown = []
    for node in owner.body:
        if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation):
            value = f" = {_text(node.value)}" if node.value else ""
            shown.append(f"{_text(node.target)}: {_text(spelled.visit(node.annotation))}{value}")
    return _laid_out(shown, "")


def signature(node: Function, spelled: Spelled, *, bound: bool = False) -> str:
    """Return the arguments and the result of a function, every alias spelled as a shape."""
    arguments = copy.deepcopy(node.args)
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    shown = [_argument(*pair, spelled) for pair in zip(positional, defaults, strict=True)]
    shown = shown[1:] if bound else shown
    if arguments.vararg:
        shown.append("*" + _argument(arguments.vararg, None, spelled))
    elif arguments.kwonlyargs:
        shown.append("*")
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    shown += [_argument(*pair, spelled) for pair in pairs]
    if arguments.kwarg:
        shown.append("**" + _argument(arguments.kwarg, None, spelled))
    result = _text(spelled.visit(copy.deepcopy(node.returns))) if node.returns else ""
    return _laid_out(shown, f" -> {result}" if result else "")


def _argument(argument: ast.arg, default: ast.expr | None, spelled: Spelled) -> str:
    shown = argument.arg
    if argument.annotation is not None:
        shown += f": {_text(spelled.visit(argument.annotation))}"
    if default is not None:
        shown += f" = {_text(default)}" if argument.annotation else f"={_text(default)}"
    return shown


def _laid_out(arguments: list[str], result: str) -> str:
    """Return a signature on one line, or with a line for each argument where it is long."""
    line = f"({', '.join(arguments)}){result}"
    if len(line) <= WIDTH or not arguments:
        return line
    return "(\n" + "".join(f"    {one},\n" for one in arguments) + f"){result}"


def _text(node: ast.AST) -> str:
    return ast.unparse(node).replace("'", '"')
