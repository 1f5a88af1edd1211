"""What is shown of a claim: a record that the pages read, a box, and a sentence."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from runtheory import verdicts
from runtheory.intervals import Paired, smallest_detectable
from runtheory.ledger import KINDS, Claim
from runtheory.outcome import Outcome

CLAIM = Claim("masks/some", "Something is so.", "thm-some", "identity")
PAIR = Paired([75.0, 74.9, 75.1, 75.02], 70.0)
EFFECT = Outcome(replace(CLAIM, kind="effect"), verdicts.effect(PAIR))
SAME = verdicts.identity(2.0, 2.0, 0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_is_json_with_all_that_the_pages_print(kind: str) -> None:
    stored = json.loads(json.dumps(Outcome(replace(CLAIM, kind=kind), SAME).record()))
    texts = ("measured_text", "expected_text", "tolerance_text")
    stated = ("id", "statement", "source", "kind", "direction", "twin")
    assert set(stored) == {
        *("verdict", "measured", "interval", "more", "expected_verdict", *texts, *stated)
    }
    assert isinstance(stored["measured"], float)
    assert all(isinstance(stored[text], str) and stored[text] for text in texts)
    assert (stored["id"], stored["statement"]) == ("masks/some", "Something is so.")
    assert (stored["source"], stored["kind"]) == ("thm-some", kind)
    assert stored["expected_verdict"] == stored["verdict"] == "holds"
    assert (stored["interval"], stored["more"]) == (None, {})


def test_a_twin_is_refused_by_so_much_or_passes() -> None:
    wrong, near = (verdicts.identity(2.0, expected, 0.01) for expected in (3.0, 2.001))
    claim = replace(CLAIM, twin="The nearest slip.")
    assert Outcome(claim, SAME, wrong).record()["more"] == {"twin": "refused by 33 tolerances"}
    assert Outcome(claim, SAME, near).record()["more"] == {"twin": "passes as well"}
    assert "twin refused by 33 tolerances" in str(Outcome(claim, SAME, wrong))


def test_an_effect_stores_its_interval_both_levels_and_what_could_be_seen() -> None:
    stored = EFFECT.record()
    low, high = stats.ttest_1samp(PAIR.difference, 0.0).confidence_interval(0.95)
    interval = stored["interval"]
    assert isinstance(interval, tuple)
    np.testing.assert_allclose(interval, (low, high), rtol=1e-9)
    least = smallest_detectable(PAIR.difference)
    assert stored["more"] == {"levels": "75 against 70", "seen from": f"{least:.2g} on"}
    assert "<b>levels</b> 75 against 70" in EFFECT.html()
    assert f"seen from {least:.2g} on" in str(EFFECT)


def test_a_claim_that_was_stated_after_it_was_seen_says_so() -> None:
    late = replace(EFFECT, claim=replace(EFFECT.claim, stated="after"))
    assert "stated after it was seen" in str(late)
    assert "<b>stated</b> after it was seen" in late.html()
    assert "stated" not in str(EFFECT)


def test_the_box_escapes_what_the_ledger_says() -> None:
    outcome = Outcome(replace(CLAIM, statement="a < b & c > d"), SAME)
    assert "a &lt; b &amp; c &gt; d" in outcome.html()
    assert outcome.record()["statement"] == "a < b & c > d"
