"""Claims that the book makes, and the verdicts that its notebooks reach.

A chapter's ``claims.toml`` lists its claims. A lab calls :func:`check` with what it measured: the
verdict is shown, stored in the notebook's output for the claims page, and an unexpected one raises.
"""

from __future__ import annotations

import html
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from runtheory.intervals import Numbers, mean_interval

MIME = "application/vnd.runtheory.claim+json"
KINDS = ("identity", "bound", "law", "effect")
VERDICTS = ("holds", "inconclusive", "contradicted")
SYMBOLS = {"holds": "✓", "inconclusive": "~", "contradicted": "✗"}
# A law is rejected where chance alone would do so once in ten thousand runs of the whole cell.
FALSE_ALARM = 1e-4


class ClaimError(AssertionError):
    """A claim's verdict is not the one that its ledger expects."""


@dataclass(frozen=True)
class Claim:
    """One line of a ledger; ``direction`` is the sign that an effect is claimed to have."""

    id: str
    statement: str
    source: str
    kind: str
    lab: str
    verdict: str = "holds"
    direction: str = "positive"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"claim {self.id}: kind must be one of {KINDS}, got {self.kind!r}")
        if self.verdict not in VERDICTS:
            raise ValueError(
                f"claim {self.id}: verdict must be in {VERDICTS}, got {self.verdict!r}"
            )
        if self.direction not in ("positive", "negative"):
            raise ValueError(f"claim {self.id}: direction is a sign, got {self.direction!r}")


@dataclass(frozen=True)
class Outcome:
    """What a lab found about one claim; numbers as they are printed on the claims page."""

    claim: Claim
    measured: float
    measured_text: str
    expected_text: str
    tolerance_text: str
    verdict: str
    interval: tuple[float, float] | None = None

    def record(self) -> dict[str, object]:
        """Return the outcome as it is stored in the notebook."""
        stored = asdict(self)
        claim = stored.pop("claim")
        expected = claim.pop("verdict")
        return {**claim, "expected_verdict": expected, **stored}

    def __str__(self) -> str:
        return (
            f"{SYMBOLS[self.verdict]} {self.claim.id}: {self.verdict}. {self.claim.statement} "
            f"Measured {self.measured_text}; expected {self.expected_text}; "
            f"tolerance {self.tolerance_text}."
        )

    def html(self) -> str:
        """Return a box that reads alike in Jupyter, in Colab and in the book."""
        row = " · ".join(
            f"<b>{name}</b> {html.escape(text)}"
            for name, text in (
                ("measured", self.measured_text),
                ("expected", self.expected_text),
                ("tolerance", self.tolerance_text),
            )
        )
        return (
            f'<div class="runtheory-claim {self.verdict}" '
            'style="border-left:4px solid;padding:.4em .8em;margin:.4em 0">'
            f"<b>{SYMBOLS[self.verdict]} {self.verdict}</b> "
            f"<code>{html.escape(self.claim.id)}</code> ({self.claim.kind})<br>"
            f"{html.escape(self.claim.statement)}<br><small>{row}</small></div>"
        )


def ledger_folder() -> Path:
    """Return the folder of the chapters: the checkout's, or the copy inside the installed wheel."""
    checkout = Path(__file__).parents[2] / "chapters"
    if checkout.is_dir():
        return checkout
    return Path(str(resources.files("runtheory") / "_book" / "chapters"))


def read_ledger(path: Path) -> list[Claim]:
    """Return the claims of one ``claims.toml``, in order."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("claim", [])
    return [Claim(**entry) for entry in entries]


@cache
def ledger() -> dict[str, Claim]:
    """Return every claim of the book by its id; an id that is used twice raises ``ValueError``."""
    found: dict[str, Claim] = {}
    for path in sorted(ledger_folder().glob("*/claims.toml")):
        for claim in read_ledger(path):
            if claim.id in found:
                raise ValueError(
                    f"claim id {claim.id!r} is used twice, again in {path.parent.name}"
                )
            found[claim.id] = claim
    return found


def check(claim_id: str, **evidence: Numbers) -> None:
    """Show the verdict on a claim of the ledger and raise where it is not the expected one.

    ``evidence`` by the claim's kind:

    - identity: ``measured``, ``expected``, ``tolerance`` (relative; 1e-9 if not given);
    - bound: ``measured`` and one of ``at_most``, ``at_least``; ``tolerance`` (absolute; 0);
    - law: ``measured``, ``expected``, ``standard_error``, and ``degrees`` of freedom where the
      standard error is itself estimated from few values;
    - effect: ``measured``, the paired differences over seeds.

    Raises
    ------
    KeyError
        If no ledger lists the claim.
    ValueError
        If the evidence does not fit the kind, or is not finite.
    ClaimError
        If the verdict differs from the one that the ledger expects.
    """
    from IPython.display import display

    outcome = evaluate(find(claim_id), **evidence)
    bundle = {MIME: outcome.record(), "text/html": outcome.html(), "text/plain": str(outcome)}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
    if outcome.verdict != outcome.claim.verdict:
        raise ClaimError(f"the ledger expects '{outcome.claim.verdict}': {outcome}")


def find(claim_id: str) -> Claim:
    """Return a claim by its id."""
    if claim_id not in ledger():
        raise KeyError(f"no ledger lists the claim {claim_id!r}; there are {sorted(ledger())}")
    return ledger()[claim_id]


def evaluate(claim: Claim, **evidence: Numbers) -> Outcome:
    """Return the verdict on ``claim``; pure, see :func:`check` for the evidence."""
    judges: dict[str, tuple[Callable[..., Outcome], set[str]]] = {
        "identity": (_identity, {"measured", "expected", "tolerance"}),
        "bound": (_bound, {"measured", "at_most", "at_least", "tolerance"}),
        "law": (_law, {"measured", "expected", "standard_error", "degrees"}),
        "effect": (_effect, {"measured"}),
    }
    judge, allowed = judges[claim.kind]
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in evidence.items()}
    if not set(arrays) <= allowed or "measured" not in arrays:
        raise ValueError(
            f"{claim.kind} claim {claim.id} takes {sorted(allowed)}, got {list(arrays)}"
        )
    for name, array in arrays.items():
        if array.size == 0 or not np.isfinite(array).all():
            raise ValueError(f"claim {claim.id}: {name} must be finite and not empty, got {array}")
    return judge(claim, **arrays)


def _identity(
    claim: Claim, measured: np.ndarray, expected: np.ndarray, tolerance: np.ndarray | float = 1e-9
) -> Outcome:
    scale = np.maximum(np.abs(expected), np.finfo(np.float64).tiny)
    # Where zero is expected there is no scale of its own: the largest expected value lends one.
    scale = np.where(expected == 0, max(float(np.abs(expected).max()), 1.0), scale)
    difference = np.abs(measured - expected) / scale
    worst = np.unravel_index(int(difference.argmax()), difference.shape)
    return Outcome(
        claim=claim,
        measured=float(np.broadcast_to(measured, difference.shape)[worst]),
        measured_text=_cases(np.broadcast_to(measured, difference.shape), worst),
        expected_text=f"{np.broadcast_to(expected, difference.shape)[worst]:.6g}",
        tolerance_text=(
            f"relative {float(tolerance):.0e}, largest difference {difference.max():.1e}"
        ),
        verdict="holds" if difference.max() <= float(tolerance) else "contradicted",
    )


def _bound(
    claim: Claim,
    measured: np.ndarray,
    at_most: np.ndarray | None = None,
    at_least: np.ndarray | None = None,
    tolerance: np.ndarray | float = 0.0,
) -> Outcome:
    if (at_most is None) == (at_least is None):
        raise ValueError(f"bound claim {claim.id} takes exactly one of at_most and at_least")
    limit = at_least if at_most is None else at_most
    assert limit is not None
    slack = measured - limit if at_most is None else limit - measured
    worst = np.unravel_index(int(slack.argmin()), slack.shape)
    word = "at least" if at_most is None else "at most"
    return Outcome(
        claim=claim,
        measured=float(np.broadcast_to(measured, slack.shape)[worst]),
        measured_text=_cases(np.broadcast_to(measured, slack.shape), worst),
        expected_text=f"{word} {np.broadcast_to(limit, slack.shape)[worst]:.6g}",
        tolerance_text=f"{float(tolerance):.1e}, smallest slack {slack.min():.2g}",
        verdict="holds" if slack.min() >= -float(tolerance) else "contradicted",
    )


def _law(
    claim: Claim,
    measured: np.ndarray,
    expected: np.ndarray,
    standard_error: np.ndarray,
    degrees: np.ndarray | float = np.inf,
) -> Outcome:
    from scipy.stats import t

    if (standard_error <= 0).any():
        raise ValueError(
            f"claim {claim.id}: standard errors must be positive, got {standard_error}"
        )
    score = np.abs(measured - expected) / standard_error
    # Bonferroni over the cases that one cell compares; t where the error is itself estimated.
    limit = float(np.max(t.ppf(1 - FALSE_ALARM / 2 / score.size, degrees)))
    worst = np.unravel_index(int(score.argmax()), score.shape)
    return Outcome(
        claim=claim,
        measured=float(np.broadcast_to(measured, score.shape)[worst]),
        measured_text=_cases(np.broadcast_to(measured, score.shape), worst),
        expected_text=f"{np.broadcast_to(expected, score.shape)[worst]:.4g}",
        tolerance_text=f"{limit:.1f} standard errors, largest distance {score.max():.1f}",
        verdict="holds" if score.max() <= limit else "contradicted",
    )


def _effect(claim: Claim, measured: np.ndarray) -> Outcome:
    interval = mean_interval(measured)
    sign = 1 if claim.direction == "positive" else -1
    verdict = "inconclusive"
    if min(sign * interval.low, sign * interval.high) > 0:
        verdict = "holds"
    elif max(sign * interval.low, sign * interval.high) < 0:
        verdict = "contradicted"
    return Outcome(
        claim=claim,
        measured=interval.mean,
        measured_text=f"{interval} over {interval.count} paired runs",
        expected_text=f"a {claim.direction} difference",
        tolerance_text="95 % t-interval of the mean",
        verdict=verdict,
        interval=(interval.low, interval.high),
    )


def _cases(values: np.ndarray, worst: tuple[np.intp, ...]) -> str:
    text = f"{values[worst]:.6g}"
    return text if values.size == 1 else f"{text} (the tightest of {values.size} cases)"
