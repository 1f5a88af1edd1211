"""What a lab shows and stores of a claim: as a record for the pages, as text and as a box."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass

from runtheory.ledger import Claim
from runtheory.verdicts import Judgement

MIME = "application/vnd.runtheory.claim+json"
SYMBOLS = {"holds": "✓", "inconclusive": "~", "contradicted": "✗"}
AFTER = "after it was seen"
STATED = ("id", "statement", "source", "kind", "direction", "twin")  # what an output repeats


@dataclass(frozen=True)
class Outcome:
    """The judgement on one claim, and on its twin where it has one."""

    claim: Claim
    judgement: Judgement
    twin: Judgement | None = None

    @property
    def verdict(self) -> str:
        """The verdict on the claim."""
        return self.judgement.verdict

    def record(self) -> dict[str, object]:
        """Return the outcome as it is stored in the notebook."""
        stored = asdict(self.judgement) | {name: getattr(self.claim, name) for name in STATED}
        more = stored.pop("more")
        del stored["refusal"]
        return stored | {"expected_verdict": self.claim.verdict, "more": more | self._twin()}

    def _twin(self) -> dict[str, str]:
        if self.twin is None:
            return {}
        refused = self.twin.verdict == "contradicted"
        return {"twin": f"refused by {self.twin.refusal}" if refused else "passes as well"}

    def _rows(self) -> dict[str, str]:
        return {
            "measured": self.judgement.measured_text,
            "expected": self.judgement.expected_text,
            "tolerance": self.judgement.tolerance_text,
            **self.judgement.more,
            **self._twin(),
            **({"stated": AFTER} if self.claim.stated == "after" else {}),
        }

    def __str__(self) -> str:
        numbers = "; ".join(f"{name} {text}" for name, text in self._rows().items())
        sign = SYMBOLS[self.verdict]
        return f"{sign} {self.claim.id}: {self.verdict}. {self.claim.statement} {numbers}."

    def html(self) -> str:
        """Return a box that reads alike in Jupyter, in Colab and in the book."""
        rows = " · ".join(
            f"<b>{name}</b> {html.escape(text)}" for name, text in self._rows().items()
        )
        return (
            f'<div class="runtheory-claim {self.verdict}" '
            'style="border-left:4px solid;padding:.4em .8em;margin:.4em 0">'
            f"<b>{SYMBOLS[self.verdict]} {self.verdict}</b> "
            f"<code>{html.escape(self.claim.id)}</code> ({self.claim.kind.replace('_', ' ')})<br>"
            f"{html.escape(self.claim.statement)}<br><small>{rows}</small></div>"
        )
