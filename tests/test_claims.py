import json

import numpy as np
import pytest

from runtheory import claims
from runtheory.claims import Claim, ClaimError, evaluate


def claim(kind: str, **more: str) -> Claim:
    return Claim("some-claim", "Something is so.", "thm-some", kind, "lab_some", **more)


def test_identity_holds_and_fails_by_its_tolerance() -> None:
    expected = np.array([1.0, 2.0, 0.0])
    assert evaluate(claim("identity"), measured=expected, expected=expected).verdict == "holds"
    off = expected + np.array([0.0, 1e-3, 0.0])
    found = evaluate(claim("identity"), measured=off, expected=expected, tolerance=1e-4)
    assert found.verdict == "contradicted"
    assert found.measured == off[1]
    near = evaluate(claim("identity"), measured=off, expected=expected, tolerance=1e-2)
    assert near.verdict == "holds"


def test_identity_judges_an_expected_zero_by_the_largest_value() -> None:
    zero = evaluate(claim("identity"), measured=[1e-6], expected=[0.0])
    assert zero.verdict == "contradicted"
    small = evaluate(claim("identity"), measured=[1e-6, 1e6], expected=[0.0, 1e6])
    assert small.verdict == "holds"


def test_bound_looks_at_the_worst_case_in_either_direction() -> None:
    upper = evaluate(claim("bound"), measured=[0.1, 0.9], at_most=[0.2, 0.8])
    assert (upper.verdict, upper.measured) == ("contradicted", 0.9)
    lower = evaluate(claim("bound"), measured=[0.3, 0.9], at_least=[0.2, 0.8])
    assert (lower.verdict, lower.expected_text) == ("holds", "at least 0.2")
    with pytest.raises(ValueError, match="exactly one"):
        evaluate(claim("bound"), measured=1.0, at_most=2.0, at_least=0.0)


def test_law_takes_its_tolerance_from_the_standard_error() -> None:
    law = claim("law")
    assert evaluate(law, measured=1.3, expected=1.0, standard_error=0.1).verdict == "holds"
    assert evaluate(law, measured=1.5, expected=1.0, standard_error=0.1).verdict == "contradicted"
    few = evaluate(law, measured=1.5, expected=1.0, standard_error=0.1, degrees=3)
    assert few.verdict == "holds"  # the t law has heavy tails at three degrees of freedom
    with pytest.raises(ValueError, match="positive"):
        evaluate(law, measured=1.0, expected=1.0, standard_error=0.0)


def test_law_cries_wolf_no_more_often_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "FALSE_ALARM", 0.05)
    draws = np.random.default_rng(0).normal(size=(2000, 8))
    verdicts = [
        evaluate(claim("law"), measured=row, expected=0.0, standard_error=1.0).verdict
        for row in draws
    ]
    share = np.mean([verdict == "contradicted" for verdict in verdicts])
    assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000) + 0.002


@pytest.mark.parametrize(
    ("shift", "direction", "verdict"),
    [
        (5.0, "positive", "holds"),
        (5.0, "negative", "contradicted"),
        (-5.0, "positive", "contradicted"),
        (-5.0, "negative", "holds"),
        (0.0, "positive", "inconclusive"),
    ],
)
def test_effect_has_three_verdicts(shift: float, direction: str, verdict: str) -> None:
    differences = np.array([-1.0, -0.4, 0.1, 0.5, 0.9]) + shift
    found = evaluate(claim("effect", direction=direction), measured=differences)
    assert found.verdict == verdict
    assert found.interval is not None
    assert found.interval[0] < found.measured < found.interval[1]


@pytest.mark.parametrize(
    ("kind", "evidence", "message"),
    [
        ("identity", {"measured": np.nan, "expected": 1.0}, "finite"),
        ("identity", {"measured": [], "expected": []}, "not empty"),
        ("identity", {"expected": 1.0}, "takes"),
        ("effect", {"measured": [1.0, 2.0], "expected": 1.0}, "takes"),
        ("effect", {"measured": [1.0]}, "at least two"),
    ],
)
def test_evidence_that_does_not_fit_is_refused(kind: str, evidence: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(claim(kind), **evidence)


def test_check_shows_then_raises(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[dict] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    monkeypatch.setattr(claims, "ledger", lambda: {"some-claim": claim("identity")})
    claims.check("some-claim", measured=1.0, expected=1.0)
    with pytest.raises(ClaimError, match="expects 'holds'"):
        claims.check("some-claim", measured=2.0, expected=1.0)
    assert [bundle[claims.MIME]["verdict"] for bundle in shown] == ["holds", "contradicted"]
    assert "contradicted" in shown[1]["text/html"]
    json.dumps(shown)
    with pytest.raises(KeyError, match="no ledger lists"):
        claims.check("another", measured=1.0)


def test_an_effect_that_the_ledger_expects_to_be_open_stays_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: None)
    open_claim = claim("effect", verdict="inconclusive")
    monkeypatch.setattr(claims, "ledger", lambda: {"some-claim": open_claim})
    claims.check("some-claim", measured=[-1.0, 1.0, 0.1])
    with pytest.raises(ClaimError, match="expects 'inconclusive'"):
        claims.check("some-claim", measured=[1.0, 1.1, 0.9])


@pytest.mark.parametrize("field", [{"kind": "guess"}, {"verdict": "perhaps"}, {"direction": "up"}])
def test_a_ledger_line_with_an_unknown_word_is_refused(field: dict) -> None:
    words = {"kind": "law", **field}
    with pytest.raises(ValueError, match="some-claim"):
        Claim("some-claim", "Something.", "thm-some", lab="lab_some", **words)


def test_the_book_s_ledgers_are_readable_and_their_ids_differ() -> None:
    assert claims.ledger()
