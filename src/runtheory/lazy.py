"""What is loaded late: names that a package offers (PEP 562), and packages that an extra brings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any


def attributes(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """Return the module-level ``__getattr__`` of ``package``.

    ``homes`` maps a module, named from the package on, to the names that the package offers from
    it; a module without names is offered itself.
    """
    modules = {name for name, offered in homes.items() if not offered}
    home = {name: module for module, offered in homes.items() for name in offered}

    def load(name: str) -> Any:
        if name in modules:
            return import_module(f"{package}.{name}")
        if name in home:
            return getattr(import_module(f"{package}.{home[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load


@contextmanager
def needed_by(module: str, *, extra: str) -> Iterator[None]:
    """Say in one sentence what to install where an import of ``module`` finds no package.

    Raises
    ------
    ImportError
        For the ``ModuleNotFoundError`` of a package that ``extra`` brings.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        what = f'{module} needs {package}: pip install "runtheory[{extra}]"'
        raise ImportError(what, name=error.name) from error


class Bundle(dict[str, Any]):
    """An output in several forms; where IPython prints it, outside a notebook, it is the text."""

    def __str__(self) -> str:
        return str(self["text/plain"])


def display(bundle: Mapping[str, Any], *, module: str) -> None:
    """Show an output in several forms: a notebook takes its choice, a terminal the plain text.

    Raises
    ------
    ImportError
        As :func:`needed_by`, if IPython is not there.
    """
    with needed_by(module, extra="labs"):
        from IPython.display import display as show
    show(Bundle(bundle), raw=True)  # type: ignore[no-untyped-call]
