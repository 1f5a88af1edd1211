"""A claim is shown, then raises where its verdict is not the expected one or its twin passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import stats

from runtheory import claims, ledger
from runtheory.claims import ClaimError
from runtheory.intervals import Paired
from runtheory.ledger import KINDS
from runtheory.live import pooled_degrees
from runtheory.outcome import MIME
from tests.example_claims import CLAIM, ID, LEVELS, RECORD, SLIP, SPREAD


def slice_of(accuracy: float, unlike: int) -> None:
    rows = [{"masks": 8, "step": 20, "accuracy": accuracy}]
    arms: dict[str, Any] = {"like": {"masks": 8}, "unlike": {"masks": unlike}}
    claims.live_slice(ID, RECORD, rows, ["accuracy"], **arms)


# For each kind: the call, evidence that holds, evidence that does not, a twin that is wrong and one
# that is too near to be told from what is right, and by how much the wrong one is refused.
IDENTITY = partial(claims.identity, ID, expected=2.0, tolerance=0.01)
BOUND = partial(claims.bound, ID, at_most=1.0, tolerance=0.1)
LAW = partial(claims.law, ID, expected=1.0, standard_error=0.1)
NORMAL = stats.norm.isf(1e-4 / 2)
STUDENT = stats.t.isf(1e-4 / 2, 2)  # three seeds, which move the three arms alike
CASES = {
    "identity": (
        lambda found, twin: IDENTITY(measured=found, twin=twin),
        (2.0, 3.0, 4.0, 2.001),
        "50 tolerances",
    ),
    "bound": (
        lambda found, twin: BOUND(measured=found, twin=twin),
        (0.9, 1.5, 0.5, 0.95),
        "4 tolerances",
    ),
    "law": (
        lambda found, twin: LAW(measured=found, twin=twin),
        (1.05, 2.0, 3.0, 1.1),
        f"{19.5 / NORMAL:.2g} tolerances",
    ),
    "live_slice": (
        slice_of,
        (51.0, 70.0, 1, 7),
        f"{21 / (0.1 * np.sqrt(4 / 3)) / STUDENT:.2g} tolerances",
    ),
}
TWINNED = pytest.mark.parametrize("kind", CASES)


def pair(shift: float) -> Paired:
    return Paired(np.array([69.0, 69.6, 70.1, 70.5, 70.9]) + shift, [70.0] * 5)


def call(kind: str, *, holds: bool = True, twin: str | None = "wrong") -> None:
    """Make a call of this kind, which holds or not, with a twin that is wrong, near or None."""
    if kind == "effect":
        claims.effect(ID, pair(5.0 if holds else -5.0))
        return
    make, (right, off, wrong, near), _ = CASES[kind]
    make(right if holds else off, {"wrong": wrong, "near": near, None: None}[twin])


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    bundles: list[dict] = []

    def display(bundle: dict, raw: bool) -> None:
        assert raw
        bundles.append(bundle)

    monkeypatch.setattr("IPython.display.display", display)
    return bundles


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what puts one claim into the only ledger."""

    def enter(kind: str, **words: Any) -> None:
        entry = replace(CLAIM, kind=kind, **words)
        monkeypatch.setattr(ledger, "ledger", lambda slug: {ID: entry} if slug == "masks" else {})

    return enter


def found(shown: list[dict]) -> list[str]:
    return [bundle[MIME]["verdict"] for bundle in shown]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_shows_and_then_raises(kind: str, shown, listed) -> None:
    listed(kind, twin="" if kind == "effect" else SLIP)
    call(kind)
    assert found(shown) == ["holds"]
    with pytest.raises(ClaimError, match="the ledger expects 'holds': ✗ masks/some: contradicted"):
        call(kind, holds=False)
    assert found(shown) == ["holds", "contradicted"]
    assert "✗ contradicted" in shown[1]["text/html"]
    assert set(shown[1]) == {MIME, "text/html", "text/plain"}


@pytest.mark.parametrize("kind", ["identity", "bound", "law"])
def test_a_claim_without_a_twin_is_judged_alone(kind: str, shown, listed) -> None:
    listed(kind)
    call(kind, twin=None)
    assert found(shown) == ["holds"]
    assert "twin" not in shown[0][MIME]["more"]
    assert "refused" not in shown[0]["text/html"]
    with pytest.raises(ClaimError, match="expects 'holds'"):
        call(kind, holds=False, twin=None)


@TWINNED
def test_a_planted_twin_that_passes_is_shown_and_raises(kind: str, shown, listed) -> None:
    listed(kind, twin=SLIP)
    with pytest.raises(ClaimError, match=rf"^the twin of {ID} passes as well: The nearest slip\."):
        call(kind, twin="near")
    assert found(shown) == ["holds"]


@TWINNED
def test_a_refused_twin_is_shown_with_how_many_tolerances(kind: str, shown, listed) -> None:
    listed(kind, twin=SLIP)
    call(kind)
    (bundle,) = shown
    refused = f"refused by {CASES[kind][2]}"
    assert bundle[MIME]["more"] == {"twin": refused}
    assert bundle[MIME]["twin"] == SLIP
    assert f"<b>twin</b> {refused}" in bundle["text/html"]
    assert f"twin {refused}." in bundle["text/plain"]


def test_a_twin_must_cross_the_bound_by_more_than_its_tolerance(shown, listed) -> None:
    listed("bound", twin=SLIP)
    claims.bound(ID, measured=[0.9, 0.2], at_least=0.1, tolerance=0.1, twin=0.31)
    with pytest.raises(ClaimError, match="passes as well"):
        claims.bound(ID, measured=[0.9, 0.2], at_least=0.1, tolerance=0.1, twin=0.29)
    claims.bound(ID, measured=0.9, at_most=1.0, twin=0.5)
    assert shown[-1][MIME]["more"]["twin"] == "refused by 0.4, none allowed"


@pytest.mark.parametrize("called", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_the_ledger_and_that_of_the_call_agree(
    kind: str, called: str, shown, listed
) -> None:
    listed(kind, twin="" if called == "effect" else SLIP)
    if kind == called:
        call(called)
        return
    with pytest.raises(ValueError, match=f"the ledger calls {ID} {kind}, the call {called}"):
        call(called)
    assert not shown


@TWINNED
def test_a_twin_that_the_ledger_does_not_name_is_refused(kind: str, shown, listed) -> None:
    listed(kind)
    with pytest.raises(ValueError, match=f"claim {ID}: only the call has a twin"):
        call(kind)
    assert not shown


@pytest.mark.parametrize("kind", ["identity", "bound", "law", "effect"])
def test_a_twin_that_the_call_does_not_compute_is_refused(kind: str, shown, listed) -> None:
    listed(kind, twin=SLIP)
    with pytest.raises(ValueError, match=f"claim {ID}: only the ledger has a twin"):
        call(kind, twin=None)
    assert not shown


def test_a_twin_of_zero_is_a_twin(shown, listed) -> None:
    listed("identity", twin=SLIP)
    claims.identity(ID, measured=2.0, expected=2.0, twin=0)
    assert len(shown) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_claim_that_the_ledger_expects_contradicted_stays_so(kind: str, shown, listed) -> None:
    listed(kind, verdict="contradicted", twin="" if kind == "effect" else SLIP)
    if kind == "live_slice":  # far from both arms
        slice_of(70.0, unlike=1)
    else:
        call(kind, holds=False)
    assert found(shown) == ["contradicted"]
    assert shown[0][MIME]["expected_verdict"] == "contradicted"
    with pytest.raises(ClaimError, match="expects 'contradicted': ✓"):
        call(kind)


def test_an_effect_that_the_ledger_expects_to_be_open_stays_open(shown, listed) -> None:
    listed("effect", verdict="inconclusive")
    claims.effect(ID, pair(0.0))
    for shift in (5.0, -5.0):
        with pytest.raises(ClaimError, match="expects 'inconclusive'"):
            claims.effect(ID, pair(shift))
    assert found(shown) == ["inconclusive", "holds", "contradicted"]


def test_an_effect_is_judged_in_the_direction_of_its_ledger(shown, listed) -> None:
    listed("effect", direction="negative")
    claims.effect(ID, pair(-5.0))
    with pytest.raises(ClaimError, match="contradicted"):
        claims.effect(ID, pair(5.0))
    assert shown[0][MIME]["expected_text"] == "a negative difference"


def test_a_claim_that_no_ledger_lists_is_refused(shown, listed) -> None:
    listed("identity")
    with pytest.raises(KeyError, match="lists the claim 'masks/other'; the nearest are masks/some"):
        claims.identity("masks/other", measured=1.0, expected=1.0)
    with pytest.raises(KeyError, match="no ledger of the book lists the claim 'boxes/some'"):
        claims.effect("boxes/some", pair(5.0))
    assert not shown


def test_a_bound_has_exactly_one_limit(shown, listed) -> None:
    listed("bound")
    for limits in ({}, {"at_most": 2.0, "at_least": 0.0}):
        with pytest.raises(ValueError, match="exactly one of at_most and at_least"):
            claims.bound(ID, measured=1.0, **limits)


def test_evidence_that_is_no_number_is_shown_nowhere(shown, listed) -> None:
    listed("law")
    with pytest.raises(ValueError, match="measured must be finite"):
        claims.law(ID, measured=np.nan, expected=1.0, standard_error=0.1)
    assert not shown


def test_a_law_takes_degrees_of_freedom(shown, listed) -> None:
    listed("law")
    claims.law(ID, measured=1.5, expected=1.0, standard_error=0.1, degrees=3)
    with pytest.raises(ClaimError, match="contradicted"):
        claims.law(ID, measured=1.5, expected=1.0, standard_error=0.1, degrees=300)


def test_a_live_slice_is_held_against_the_same_steps(shown, listed) -> None:
    listed("live_slice", twin=SLIP)
    early = [{"step": 10, "accuracy": 30.5}, {"step": 20, "accuracy": 50.5}]
    arms: dict[str, Any] = {"like": {"masks": 8}, "unlike": {"masks": 1}}
    claims.live_slice(ID, RECORD, early, ["accuracy"], **arms)
    exchanged = [{**row, "step": 30 - row["step"]} for row in early]
    with pytest.raises(ClaimError, match="contradicted"):
        claims.live_slice(ID, RECORD, exchanged, ["accuracy"], **arms)
    # A row without a step is the end of a run.
    claims.live_slice(ID, RECORD, [{"accuracy": 50.5}], ["accuracy"], **arms)


def test_a_live_slice_compares_after_the_change(shown, listed) -> None:
    listed("live_slice", twin=SLIP)
    rows, arms = [{"step": 20, "accuracy": 51.0}], {"like": {"masks": 8}, "unlike": {"masks": 1}}
    claims.live_slice(ID, RECORD, rows, ["accuracy"], **arms, change=np.log)
    assert shown[0][MIME]["measured"] == np.log(51.0)
    logs = np.log([[30 + off, 50.5 + off, 50 + off] for off in SPREAD.values()])
    error = np.sqrt(logs.var(axis=0, ddof=1).mean() * 4 / 3)
    distance = abs(np.log(51.0) - logs[:, 2].mean()) / error
    limit = stats.t.isf(1e-4 / 2, pooled_degrees(logs.T))
    said = f"{limit:.1f} standard errors, largest distance {distance:.1f}"
    assert shown[0][MIME]["tolerance_text"] == said


def test_a_live_slice_and_its_twin_are_judged_by_one_spread(shown, listed) -> None:
    # By its own spread the quiet arm would refuse 53, and the noisy neighbour would let it pass.
    listed("live_slice", twin=SLIP)
    scale = {1: 3.0, 7: 0.1, 8: 0.1}
    rows = tuple(
        {**row, "accuracy": LEVELS[row["masks"]] + scale[row["masks"]] * SPREAD[row["seed"]]}
        for row in RECORD.rows
    )
    live = [{"step": 20, "accuracy": 53.0}]
    arms: dict[str, Any] = {"like": {"masks": 8}, "unlike": {"masks": 1}}
    claims.live_slice(ID, replace(RECORD, rows=rows), live, ["accuracy"], **arms)
    stored = shown[0][MIME]
    error = 0.1 * np.sqrt((9 + 0.01 + 0.01) / 3 * 4 / 3)
    assert stored["tolerance_text"].endswith(f"largest distance {3 / error:.1f}")
    assert stored["more"]["twin"] == f"refused by {23 / error / STUDENT:.2g} tolerances"


def test_a_column_that_the_record_lacks_is_named(shown, listed) -> None:
    listed("live_slice", twin=SLIP)
    rows = [{"step": 20, "accuracy": 50.0, "loss": 1.0}]
    with pytest.raises(KeyError, match="'loss'"):
        claims.live_slice(ID, RECORD, rows, ["loss"], like={"masks": 8}, unlike={"masks": 1})
    with pytest.raises(KeyError, match="'mask'"):
        claims.live_slice(ID, RECORD, rows, ["accuracy"], like={"masks": 8}, unlike={"mask": 1})
    with pytest.raises(ValueError, match="0 steps"):
        claims.live_slice(ID, RECORD, [], ["accuracy"], like={"masks": 8}, unlike={"masks": 1})
    assert not shown
