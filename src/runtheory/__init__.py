"""Tested implementations that accompany the executable book *Runnable Theory*.

Each technique has a package and a chapter of its own; ``interplay`` and ``factorial`` serve the
chapter that joins them. Nothing is imported until it is asked for, so ``import runtheory`` loads
no widget, no plotting library and no scikit-learn.
"""

from typing import TYPE_CHECKING

from runtheory import lazy

if TYPE_CHECKING:
    from runtheory import (
        boundary,
        capacity,
        checkout,
        checks,
        claims,
        collapse,
        comparison,
        course,
        data,
        dropout,
        durable,
        evaluation,
        exercises,
        explore,
        factorial,
        hypothesis_tests,
        information,
        instruments,
        interplay,
        intervals,
        ledger,
        live,
        mixing,
        modes,
        nets,
        noise,
        outcome,
        plain,
        plot,
        randomness,
        recipes,
        records,
        runs,
        shapes,
        tensor_checks,
        training,
        verdicts,
    )

__version__ = "0.3.0"

__all__ = [
    "boundary",
    "capacity",
    "checkout",
    "checks",
    "claims",
    "collapse",
    "comparison",
    "course",
    "data",
    "dropout",
    "durable",
    "evaluation",
    "exercises",
    "explore",
    "factorial",
    "hypothesis_tests",
    "information",
    "instruments",
    "interplay",
    "intervals",
    "ledger",
    "live",
    "mixing",
    "modes",
    "nets",
    "noise",
    "outcome",
    "plain",
    "plot",
    "randomness",
    "recipes",
    "records",
    "runs",
    "shapes",
    "tensor_checks",
    "training",
    "verdicts",
]

__getattr__ = lazy.attributes(__name__, dict.fromkeys(__all__, ()))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
