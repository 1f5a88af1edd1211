"""Checks that tell a reader whether her answer to an exercise is right."""

from __future__ import annotations

import html
from collections.abc import Callable

import numpy as np

from runtheory import lazy
from runtheory.boundary import checked
from runtheory.intervals import Numbers, real

MIME = "application/vnd.runtheory.exercise+json"


@checked
def check(
    name: str, answer: Callable[[], Numbers], *, expected: Numbers, tolerance: float = 1e-6
) -> None:
    """Show whether ``answer()`` equals ``expected`` to the relative ``tolerance``; never raises.

    An answer that raises, has another shape or is not a number is "not yet", with the reason, so
    that a notebook of open exercises still runs from top to bottom.
    """
    reason = fault(answer, expected=expected, tolerance=tolerance)
    word = "✓ right" if reason is None else "✗ not yet"
    text = f"{word}: {name}" + ("" if reason is None else f" ({reason})")
    kind = "holds" if reason is None else "inconclusive"
    box = (
        f'<div class="runtheory-claim {kind}" style="border-left:4px solid;padding:.4em .8em">'
        f"{html.escape(text)}</div>"
    )
    stored = {"name": name, "right": reason is None}
    lazy.display({MIME: stored, "text/html": box, "text/plain": text}, module=__name__)


@checked
def fault(
    answer: Callable[[], Numbers], *, expected: Numbers, tolerance: float = 1e-6
) -> str | None:
    """Return what is wrong with ``answer()``, or ``None`` where it is right.

    Examples
    --------
    >>> from runtheory.exercises import fault
    >>> fault(lambda: 0.5, expected=0.25)
    'the numbers differ from the right ones'
    """
    try:
        (given,) = real(answer=answer())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    wanted = np.asarray(expected, dtype=np.float64)
    if given.shape != wanted.shape:
        return f"the answer has shape {given.shape}, expected {wanted.shape}"
    if not np.allclose(given, wanted, rtol=tolerance, atol=tolerance):
        return "the numbers differ from the right ones"
    return None
