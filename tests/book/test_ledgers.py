"""What pages print of a verdict, of a source and of a letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.tiny_book import record
from tests.book.tiny_texts import LAW
from tools.ledgers import Finding
from tools.sphinx_runtheory.cards import bases
from tools.sphinx_runtheory.claims import linked, source_text


def test_sources_are_read_as_theorems_or_citations() -> None:
    assert source_text("thm-one") == "{prf:ref}`thm-one`"
    assert source_text("cite:known2020 Table 1") == "{cite:t}`known2020` Table 1"
    assert source_text("cite:known2020") == "{cite:t}`known2020`"
    assert source_text("a run of ours") == "a run of ours"


def test_labels_within_a_sentence_are_links() -> None:
    known = {"thm-one", "prop-two-halves"}
    text = linked("after prop-two-halves and thm-one's proof, thm-none, one/thm-one", known)
    assert text == (
        "after {prf:ref}`prop-two-halves` and {prf:ref}`thm-one`'s proof, thm-none, one/thm-one"
    )
    assert linked("{prf:ref}`thm-one`", known) == "{prf:ref}`thm-one`"


def finding(**changes: object) -> Finding:
    return Finding("one/law", Path("x"), 1, record(LAW, **changes))


def test_the_fields_that_pages_print() -> None:
    more = {"levels": "2 against 1", "seen from": "0.3 on", "twin": "refused by 7 tolerances"}
    found = finding(more=more, interval=[-0.5, 1.25])
    printed = {
        "name": "law",
        "measured": "−0.123",
        "text": "-0.123456 (the tightest of 3 cases)",
        "expected": "0.5",
        "tolerance": "1e-9",
        "verdict": "✓ holds",
        "interval": "[-0.5, 1.25]",
        **more,
    }
    assert {name: found.field(name) for name in printed} == printed
    assert finding().field("interval") == finding().field("levels") == "none"
    for unknown in ("colour", "id", ""):
        with pytest.raises(KeyError):
            found.field(unknown)


@pytest.mark.parametrize(
    ("tex", "letters"),
    [
        ("X", ["X"]),
        ("X, X_i", ["X"]),
        (r"\lambda_W, \lambda_H", [r"\lambda"]),
        (r"\hat R, \bar g", ["R", "g"]),
        (r"V_{\mathrm{mix}}", ["V"]),
        (r"\mathrm B", ["B"]),
        (r"w^{(j)}, h^{(j)}, a_j", ["w", "h", "a"]),
        (r"u, \mu_u, t_u, h_u", ["u", r"\mu", "t", "h"]),
        (r"f(x, y)", ["f"]),
        (r"\lVert g \rVert", ["g"]),
    ],
)
def test_the_letters_that_a_symbol_is_built_on(tex: str, letters: list[str]) -> None:
    assert bases(tex) == letters
