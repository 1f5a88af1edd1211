"""Exercises for credit: the printed ones, changed, with parameters drawn from a seed.

``chapters/<slug>/credit.py`` holds a function for each answer of the solved notebook, under the
same name. Its docstring is the change that a student reads below the printed exercise. Its first
parameter is ``solved``, the printed answer; the others are what the student is given, and their
defaults say how they are drawn. Its body is the right answer to the changed exercise::

    def mask_moments(solved, kept=uniform(0.1, 0.9)):
        '''The chance to be **kept** is given. Return the variance, then the second moment.'''
        mean, variance = solved(1 - kept)
        return variance, variance + mean**2

So whoever pastes the printed answer is wrong. An exercise whose printed answer takes no parameters
asks for one that does; ``PRINTED`` holds the printed values under its name, and there both agree.
``TOLERANCES`` names the relative tolerances that are not 1e-6.
"""

from __future__ import annotations

import ast
import inspect
import random
import re
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import torch

from runtheory.exercises import fault, watched
from tools import beside, notebooks, printed
from tools.cards import Shelf
from tools.exercises import BEGIN, END, ExerciseError

ANSWER = re.compile(r"^def (\w+)\(", re.M)
HIDDEN = 5  # cases that only the marking sees
NEAR = 100  # tolerances are absolute, too: a smaller number is hardly checked
TRIES = 50  # draws until a constant and the printed answer are both wrong
Fault = tuple[str, str]


@dataclass(frozen=True)
class Draw:
    """How a parameter is drawn, given those before it."""

    draw: Callable[[random.Random, Mapping[str, Any]], Any]


def uniform(low: float, high: float, places: int = 3) -> Any:
    """Draw a number between ``low`` and ``high``, of so many decimal places."""
    return Draw(lambda source, _: round(source.uniform(low, high), places))


def whole(low: int, high: int) -> Any:
    """Draw a whole number from ``low`` to ``high``, both included."""
    return Draw(lambda source, _: source.randint(low, high))


def one_of(*values: Any) -> Any:
    """Draw one of the values."""
    return Draw(lambda source, _: source.choice(values))


def numbers(*shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Draw a tensor of that shape, float64, its entries between ``low`` and ``high``."""

    def draw(source: random.Random, _: Mapping[str, Any]) -> torch.Tensor:
        count = int(np.prod(shape))
        flat = [round(source.uniform(low, high), 2) for _ in range(count)]
        return torch.tensor(flat, dtype=torch.float64).reshape(shape)

    return Draw(draw)


def drawn(function: Callable[[random.Random, Mapping[str, Any]], Any]) -> Any:
    """Draw by a function of the source of chance and of the parameters before this one."""
    return Draw(function)


@dataclass(frozen=True)
class Case:
    """Arguments, and the number or numbers that are wanted."""

    arguments: Mapping[str, Any]
    wanted: Any


@dataclass(frozen=True)
class Task:
    """A changed exercise for credit."""

    name: str
    printed: printed.Exercise
    changed: FunctionType
    solved: Callable[..., Any]
    tolerance: float = 1e-6
    at_print: Mapping[str, Any] = field(default_factory=dict)
    imports: str = ""

    @property
    def change(self) -> str:
        """What is changed, in the student's words."""
        return inspect.getdoc(self.changed) or ""

    def answer(self, **arguments: Any) -> Any:
        """Return the right answer."""
        return self.changed(self.solved, **arguments)

    def parameters(self) -> dict[str, Draw]:
        """Return how each parameter is drawn, in order."""
        listed = list(inspect.signature(self.changed).parameters.values())[1:]
        return {one.name: one.default for one in listed}

    def case(self, source: random.Random) -> Case:
        """Draw one case."""
        given: dict[str, Any] = {}
        for name, draw in self.parameters().items():
            given[name] = draw.draw(source, given)
        return Case(given, self.answer(**given))

    def cases(self, seed: str) -> list[Case]:
        """Draw the case that is shown and the hidden ones.

        Raises
        ------
        ExerciseError
            If no draw refuses both the shown number as a constant and the printed answer.
        """
        source = random.Random(f"{seed}: {self.name}")
        for _ in range(TRIES):
            shown, *hidden = [self.case(source) for _ in range(1 + HIDDEN)]
            lazy = partial(_always, shown.wanted), self.pasted
            if all(any(self.refuses(one, case) for case in hidden) for one in lazy):
                return [shown, *hidden]
        raise ExerciseError(f"{self.name}: the shown number or the printed answer passes")

    def printed_case(self) -> Case:
        """Return the case of the printed values."""
        return Case(self.at_print, self.answer(**self.at_print))

    def refuses(self, answer: Callable[..., Any], case: Case) -> bool:
        """Tell whether an answer is wrong in a case; what it warns of does not count."""
        given, wanted = case.arguments, case.wanted
        with warnings.catch_warnings(action="ignore"):
            told = fault(lambda: answer(**given), expected=wanted, tolerance=self.tolerance)
        return told is not None

    def library(self, cases: Iterable[Case]) -> tuple[str, ...]:
        """Return the modules of the book's package that the right answer itself makes use of."""
        used: set[str] = set()
        for case in cases:
            watched(partial(self.answer, **case.arguments), used)
        return tuple(sorted(used))

    def pasted(self, **arguments: Any) -> Any:
        """Return what the printed answer makes of the arguments, in their order."""
        return self.solved(*arguments.values())

    def solution(self) -> str:
        """Return the answer cell as nbgrader wants it, the solution between its marks."""
        source = inspect.getsource(self.changed)
        definition = ast.parse(source).body[0]
        assert isinstance(definition, ast.FunctionDef)
        lines = source.splitlines()[definition.body[1].lineno - 1 :]  # behind the docstring
        body = textwrap.dedent("\n".join(lines))
        if any(isinstance(one, ast.Name) and one.id == "solved" for one in ast.walk(definition)):
            kept = [x for x in self.printed.source.splitlines() if x.strip() not in (BEGIN, END)]
            body = "\n".join([*kept, "", f"solved = {self.name}", body])
        inner = textwrap.indent("\n".join([BEGIN, body, END]), "    ")
        return f"def {self.name}({', '.join(self.parameters())}):\n{inner}"


def _always(value: Any, **_: Any) -> Any:
    return value


def plain_numbers(wanted: Any) -> Any:
    """Return numbers, lists and tensors as plain numbers and lists of them."""
    if isinstance(wanted, list | tuple):
        return [plain_numbers(one) for one in wanted]
    return np.asarray(wanted, dtype=np.float64).tolist()


def read_tasks(folder: Path) -> list[Task]:
    """Return the exercises for credit of the technique in ``folder``, in the order of the page.

    Raises
    ------
    ExerciseError
        If a function of ``credit.py`` has the name of no answer, or an answer no function.
    """
    solved = notebooks.read(folder / "solutions.ipynb")
    module = beside.load(folder / "credit.py")
    changed, scope = _functions(module), printed.answers(solved)
    imports = printed.imports(solved, folder / "credit.py")
    at_print, tolerances = getattr(module, "PRINTED", {}), getattr(module, "TOLERANCES", {})
    found = []
    for one in printed.exercises(solved):
        names = [name for name in ANSWER.findall(one.source) if name in changed]
        if len(names) != 1:
            told = f"needs one function in credit.py for exercise {one.number}, got {names}"
            raise ExerciseError(f"{folder.name}: {told}")
        name = names[0]
        rest = tolerances.get(name, Task.tolerance), at_print.get(name, {}), imports
        found.append(Task(name, one, changed.pop(name), scope[name], *rest))
    if changed:
        raise ExerciseError(f"{folder.name}: credit.py changes {[*changed]}, which no answer has")
    return found


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """Return the module's own public functions."""
    named = {name: one for name, one in vars(module).items() if isinstance(one, FunctionType)}
    return {
        name: one
        for name, one in named.items()
        if one.__module__ == module.__name__ and not name.startswith("_")
    }


def faults(shelf: Shelf) -> Iterator[Fault]:
    """Yield what is wrong with the exercises for credit, tried with drawn cases: file, sentence."""
    for card in shelf.cards:
        file = f"{card.folder}/credit.py"
        try:
            listed = read_tasks(shelf.root / card.folder)
        except Exception as error:
            yield file, f"{type(error).__name__}: {error}"
            continue
        for task in listed:
            yield from ((file, f"{task.name}: {text}") for text in _task_faults(task))


def _task_faults(task: Task) -> Iterator[str]:
    if not task.printed.minutes:
        yield "the printed exercise does not say its level and its minutes"
    if not task.change.endswith("."):
        yield "its docstring says what is changed, in whole sentences"
    if not all(isinstance(one, Draw) for one in task.parameters().values()):
        yield "every parameter but `solved` has a default that says how it is drawn"
        return
    try:
        if task.at_print and task.refuses(lambda **_: task.solved(), task.printed_case()):
            yield "with the printed values it does not give the printed answer"
        for case in task.cases("check"):
            if task.refuses(task.answer, case):
                yield f"the answer is not the same twice for {dict(case.arguments)}"
            wanted = np.abs(np.asarray(plain_numbers(case.wanted), dtype=np.float64))
            if np.any((wanted > 0) & (wanted < NEAR * task.tolerance)):
                yield f"a number is too near 0 for the tolerance: {wanted.tolist()}"
    except Exception as error:
        yield f"{type(error).__name__}: {error}"
