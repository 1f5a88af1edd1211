"""Judge what the book claims, and show the verdict where it was measured.

The ledgers list the claims (:mod:`runtheory.ledger`). A lab calls the function of the claim's kind
with what it measured: the verdict is shown, stored in the notebook's output for the claims pages,
and one that the ledger does not expect raises. A *twin* is the nearest mistake that someone would
make: it takes the place of what was expected, and the same judge must refuse it.

Claims of your own come from a ledger of your own (:func:`runtheory.ledger.read_ledger`); each
function takes such a claim in place of the id of one of the book's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from runtheory import lazy, verdicts
from runtheory.boundary import checked
from runtheory.intervals import Numbers, Paired
from runtheory.ledger import Claim, find
from runtheory.live import live_evidence, live_family
from runtheory.outcome import MIME, Outcome
from runtheory.records import Record, Row, Value
from runtheory.verdicts import Judgement

Evidence = TypeVar("Evidence")


class ClaimError(AssertionError):
    """A claim's verdict is not the one that its ledger expects, or its twin passes."""


@checked
def identity(
    claim: str | Claim,
    *,
    measured: Numbers,
    expected: Numbers,
    tolerance: float = 1e-9,
    twin: Numbers | None = None,
) -> None:
    """Check that ``measured`` equals ``expected`` to the relative ``tolerance``.

    Raises
    ------
    KeyError
        If no ledger lists the claim.
    ValueError
        If its kind is another, if a number is not finite, or if ledger and call do not agree
        whether there is a twin.
    ClaimError
        If the verdict is not the one that the ledger expects, or the twin passes.
    """

    def judge(expected: Numbers) -> Judgement:
        return verdicts.identity(measured, expected, tolerance)

    _settle(claim, "identity", judge, expected=expected, twin=twin)


@checked
def bound(
    claim: str | Claim,
    *,
    measured: Numbers,
    at_most: Numbers | None = None,
    at_least: Numbers | None = None,
    tolerance: float = 0.0,
    twin: Numbers | None = None,
) -> None:
    """Check that ``measured`` keeps one limit, but for the absolute ``tolerance``.

    ``twin`` is a wrong limit, which the measured values cross. Raises as :func:`identity`, and
    ``ValueError`` unless exactly one of ``at_most`` and ``at_least`` is given.
    """
    if (at_most is None) == (at_least is None):
        raise ValueError(f"bound claim {find(claim).id} takes exactly one of at_most and at_least")
    upper = at_most is not None
    limit = at_most if at_most is not None else at_least
    assert limit is not None

    def judge(limit: Numbers) -> Judgement:
        return verdicts.bound(measured, limit, upper=upper, tolerance=tolerance)

    _settle(claim, "bound", judge, expected=limit, twin=twin)


@checked
def law(
    claim: str | Claim,
    *,
    measured: Numbers,
    expected: Numbers,
    standard_error: Numbers,
    degrees: Numbers = np.inf,
    twin: Numbers | None = None,
) -> None:
    """Check that ``measured`` lies within chance of ``expected``.

    ``degrees`` are the degrees of freedom, one number or one a case, where the standard error is
    itself estimated from few values. Raises as :func:`identity`, and ``ValueError`` for a standard
    error or degrees that are not positive.
    """

    def judge(expected: Numbers) -> Judgement:
        return verdicts.law(measured, expected, standard_error, degrees=degrees)

    _settle(claim, "law", judge, expected=expected, twin=twin)


@checked
def effect(claim: str | Claim, pair: Paired) -> None:
    """Check the sign of a paired difference, treatment less baseline, over independent runs.

    Both levels are shown beside the difference, and the smallest effect that so many runs of this
    spread would have seen in four of five attempts. Raises as :func:`identity`.
    """
    direction = find(claim).direction

    def judge(pair: Paired) -> Judgement:
        return verdicts.effect(pair, direction)

    _settle(claim, "effect", judge, expected=pair)


@checked
def live_slice(
    claim: str | Claim,
    record: Record,
    rows: Sequence[Row],
    columns: Sequence[str],
    *,
    like: Mapping[str, Value],
    unlike: Mapping[str, Value],
    change: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> None:
    """Check that runs made here and now could be one more seed of a record.

    ``rows`` come from :func:`runtheory.runs.live`. The record's rows of the same step that
    equal ``like`` are their family. ``unlike`` names the columns in which a neighbouring arm
    differs, with its values; that arm must refuse them. The variance over seeds is pooled over
    all arms that differ from ``like`` in those columns alone. Each number is compared after
    ``change`` (say ``np.log``). Raises as :func:`identity`, and ``KeyError`` for a column that the
    record lacks.
    """
    measured = change(np.array([[row[column] for column in columns] for row in rows], dtype=float))
    steps = [row.get("step") for row in rows]
    family = live_family(record, like, unlike)

    def judge(arm: Mapping[str, Value]) -> Judgement:
        # The twin is judged by the same spread: it gets no tolerance of its own.
        mean, error, degrees = live_evidence(
            record, columns, steps, arm=arm, family=family, change=change
        )
        return verdicts.law(measured, mean, error, degrees=degrees)

    _settle(claim, "live_slice", judge, expected=like, twin={**like, **unlike})


def _settle(
    claim: str | Claim,
    kind: str,
    judge: Callable[[Evidence], Judgement],
    *,
    expected: Evidence,
    twin: Evidence | None = None,
) -> None:
    """Judge a claim and its twin, show what came out, and raise where it is not as it should."""
    listed = find(claim)
    if listed.kind != kind:
        raise ValueError(f"the ledger calls {listed.id} {listed.kind}, the call {kind}")
    if (twin is not None) != bool(listed.twin):
        side = "the ledger" if listed.twin else "the call"
        raise ValueError(f"claim {listed.id}: only {side} has a twin")
    outcome = Outcome(listed, judge(expected), None if twin is None else judge(twin))
    bundle = {MIME: outcome.record(), "text/html": outcome.html(), "text/plain": str(outcome)}
    lazy.display(bundle, module=__name__)
    if outcome.verdict != listed.verdict:
        raise ClaimError(f"the ledger expects '{listed.verdict}': {outcome}")
    if outcome.twin is not None and outcome.twin.verdict != "contradicted":
        raise ClaimError(f"the twin of {listed.id} passes as well: {listed.twin}")
