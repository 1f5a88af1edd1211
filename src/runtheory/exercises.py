"""Checks that tell a reader whether her answer to an exercise is right, and if not, what came."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, TypeVar

import numpy as np

from runtheory import lazy
from runtheory.boundary import checked
from runtheory.intervals import Numbers, real

MIME = "application/vnd.runtheory.exercise+json"
PACKAGE = "runtheory"
SAID = 1000  # letters of an error that are shown
ROUNDED = 1e-3  # an answer that is nearer than this, and not near enough
_RESULTS: dict[str, bool] = {}  # of this run of the notebook, by the names of the checks

Result = TypeVar("Result")


@checked
def check(
    name: str,
    answer: Callable[[], Numbers],
    *,
    expected: Numbers,
    tolerance: float = 1e-6,
    slips: Mapping[str, Numbers] | None = None,
    hidden: bool = False,
) -> None:
    """Show whether ``answer()`` equals ``expected`` to ``tolerance``; never raises.

    The tolerance is relative, and absolute at once.

    An answer that raises, has another shape or is not a number is "not yet", with the reason, so
    that a notebook of open exercises still runs from top to bottom. See :func:`fault`.
    """
    reason = fault(answer, expected=expected, tolerance=tolerance, slips=slips, hidden=hidden)
    word = "✓ right" if reason is None else "✗ not yet"
    text = f"{word}: {name}" + ("" if reason is None else f" ({reason})")
    _RESULTS[name] = reason is None
    stored: dict[str, object] = {MIME: {"name": name, "right": reason is None}}
    _show(text, "holds" if reason is None else "inconclusive", stored)


@checked
def require(
    name: str,
    answer: Callable[[], Numbers],
    *,
    expected: Numbers,
    tolerance: float = 1e-6,
    library: Sequence[str] = (),
) -> None:
    """Raise unless ``answer()`` equals ``expected`` to ``tolerance``, as in :func:`check`.

    Of this package an answer may call functions of the modules in ``library`` alone: else the book
    would answer its own question. The message tells what came and what was wanted: whoever marks
    sees it, and who gets her marked work back. Show a reader :func:`check` instead.

    Raises
    ------
    AssertionError
        If the answer is wrong, raises, or calls another module of this package.
    """
    used: set[str] = set()
    reason = fault(lambda: watched(answer, used), expected=expected, tolerance=tolerance)
    borrowed = sorted(used.difference(library))
    if reason is None and borrowed:
        reason = f"the book's package may not be used here: {', '.join(borrowed)}"
    if reason is not None:
        raise AssertionError(f"{name}: {reason}")


@checked
def watched(answer: Callable[[], Result], used: set[str]) -> Result:
    """Return ``answer()``, and put the modules of this package that it entered into ``used``."""

    def watch(frame: FrameType, event: str, _: object) -> None:
        module = str(frame.f_globals.get("__name__"))
        if event == "call" and module.partition(".")[0] == PACKAGE:
            used.add(module)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        return answer()
    finally:
        sys.setprofile(before)


def tally() -> None:
    """Show how many of the checks that ran so far were right; each counts once, by its last run."""
    right, count = sum(_RESULTS.values()), len(_RESULTS)
    _show(f"{right} of {count} checks right", "holds" if right == count else "inconclusive", {})


@checked
def fault(
    answer: Callable[[], Numbers],
    *,
    expected: Numbers,
    tolerance: float = 1e-6,
    slips: Mapping[str, Numbers] | None = None,
    hidden: bool = False,
) -> str | None:
    """Return what is wrong with ``answer()``, or ``None`` where it is right.

    ``slips`` are known wrong answers, each under the sentence that its author is told. Of a
    ``hidden`` case nobody is told the numbers. A tensor that requires a gradient is accepted.

    Examples
    --------
    >>> from runtheory.exercises import fault
    >>> fault(lambda: 0.4, expected=0.25)
    '0.4 came, 0.25 is wanted'
    >>> fault(lambda: 0.5, expected=0.25)
    'that is the square root of what is wanted; 0.5 came, 0.25 is wanted'
    >>> fault(lambda: 0.75, expected=0.25, slips={"that is the share that is kept": 0.75})
    'that is the share that is kept; 0.75 came, 0.25 is wanted'
    """
    try:
        value = answer()
    except (Exception, SystemExit) as error:
        return _told(error)
    if value is None:
        return "nothing came: did you forget to return it?"
    try:
        (given,) = real(answer=_without_gradient(value))
    except Exception as error:  # what an answer holds may raise whatever it likes
        kind = type(value).__name__
        return f"numbers are wanted, and the answer is of type {kind}: {_told(error)}"
    wanted = np.asarray(expected, dtype=np.float64)
    if given.shape != wanted.shape:
        return f"the answer has shape {given.shape}, expected {wanted.shape}"
    if np.allclose(given, wanted, rtol=tolerance, atol=tolerance):
        return None
    named = next(_slips(given, wanted, tolerance, slips or {}), "")
    numbers = (
        "the case is hidden" if hidden else f"{_shown(given)} came, {_shown(wanted)} is wanted"
    )
    return "; ".join(filter(None, (named, numbers)))


def _told(error: BaseException) -> str:
    """Return an error in one short line, also one that cannot say what it is."""
    try:
        said = str(error)
    except Exception:
        said = "it cannot be shown"
    return f"{type(error).__name__}: {said[:SAID]}"


def _slips(
    given: np.ndarray, wanted: np.ndarray, tolerance: float, slips: Mapping[str, Numbers]
) -> Iterator[str]:
    """Yield what is known of a wrong answer, the author's own slips first."""

    def near(other: Numbers, within: float = tolerance) -> bool:
        array = np.asarray(other, dtype=np.float64)
        return array.shape == given.shape and np.allclose(given, array, rtol=within, atol=tolerance)

    yield from (text for text, slip in slips.items() if near(slip))
    if np.isnan(given).any():
        yield "the answer holds NaN"
    with np.errstate(all="ignore"):
        usual = {
            "the sign is the other way": -wanted,
            "a share is wanted, not per cent": 100 * wanted,
            "that is the square root of what is wanted": np.sqrt(wanted),
            "that is the square of what is wanted": wanted**2,
            "that is the reciprocal of what is wanted": 1 / wanted,
        }
    yield from (text for text, slip in usual.items() if near(slip))
    if near(wanted, ROUNDED):
        yield (
            f"close, but not to the relative {tolerance:g} that is asked for: "
            "rounded on the way, or only nearly the right formula"
        )
    if np.allclose(np.sort(given, axis=None), np.sort(wanted, axis=None), rtol=tolerance):
        yield "the numbers are right, their order is not"


def _without_gradient(value: Any) -> Any:
    """Return a tensor as its numbers alone, also in lists and tuples."""
    if isinstance(value, list | tuple):
        return [_without_gradient(one) for one in value]
    return value.detach() if hasattr(value, "detach") else value


def _shown(numbers: np.ndarray) -> str:
    """Return a few numbers as text."""
    return " ".join(np.array2string(numbers, precision=4, threshold=8, edgeitems=3).split())


def _show(text: str, kind: str, stored: dict[str, object]) -> None:
    box = (
        f'<div class="runtheory-claim {kind}" style="border-left:4px solid;padding:.4em .8em">'
        f"{html.escape(text)}</div>"
    )
    lazy.display({**stored, "text/html": box, "text/plain": text}, module=__name__)
