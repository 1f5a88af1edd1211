"""Judge evidence: an equality, an inequality, a value that chance moves, the sign of an effect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from runtheory import checks
from runtheory.intervals import Numbers, Paired, mean_interval, real, smallest_detectable

# A law is rejected where chance alone would do so once in ten thousand runs of the whole cell.
FALSE_ALARM = 1e-4
# Differences that agree to so many digits of their levels are ties: what is left is rounding.
TIE = 1e-12


@dataclass(frozen=True)
class Judgement:
    """A verdict and its numbers as pages print them; ``refusal`` says how far off a twin is."""

    measured: float
    measured_text: str
    expected_text: str
    tolerance_text: str
    verdict: str
    refusal: str = ""
    interval: tuple[float, float] | None = None
    more: dict[str, str] = field(default_factory=dict)


def identity(measured: Numbers, expected: Numbers, tolerance: float) -> Judgement:
    """Return the judgement on an equality to a relative tolerance.

    Examples
    --------
    >>> from runtheory import verdicts
    >>> verdicts.identity(0.3, 0.1 + 0.2, tolerance=1e-9).verdict
    'holds'
    """
    checks.not_negative(tolerance=tolerance)
    measured, expected = _finite(measured=measured, expected=expected)
    scale = np.maximum(np.abs(expected), np.finfo(np.float64).tiny)
    # Where zero is expected there is no scale of its own: the largest expected value lends one.
    scale = np.where(expected == 0, max(float(np.abs(expected).max()), 1.0), scale)
    difference = np.asarray(np.abs(measured - expected) / scale)
    largest = float(difference.max())
    times = largest / tolerance if tolerance else np.inf
    return Judgement(
        *_worst(measured, difference),
        expected_text=f"{_at(expected, difference):.6g}",
        tolerance_text=f"{f'relative {tolerance:.0e}' if tolerance else 'none'}, "
        f"largest difference {f'{largest:.1e}' if largest else '0'}",
        verdict="holds" if largest <= tolerance else "contradicted",
        refusal=f"{times:.2g} tolerances",
    )


def bound(measured: Numbers, limit: Numbers, *, upper: bool, tolerance: float = 0.0) -> Judgement:
    """Return the judgement on an inequality; ``upper`` says that ``limit`` lies above."""
    checks.not_negative(tolerance=tolerance)
    measured, limit = _finite(measured=measured, limit=limit)
    excess = np.asarray(measured - limit if upper else limit - measured)  # above 0: crossed
    worst = float(excess.max())
    crossed = f"{worst / tolerance:.2g} tolerances" if tolerance else f"{worst:.2g}, none allowed"
    return Judgement(
        *_worst(measured, excess),
        expected_text=f"at {'most' if upper else 'least'} {_at(limit, excess):.6g}",
        tolerance_text=f"{f'{tolerance:.1e}' if tolerance else 'none'}, "
        f"smallest slack {-worst:.2g}",
        verdict="holds" if worst <= tolerance else "contradicted",
        refusal=crossed,
    )


def law(
    measured: Numbers, expected: Numbers, standard_error: Numbers, *, degrees: Numbers = np.inf
) -> Judgement:
    """Return the judgement on a value that chance moves, at one false alarm in ten thousand.

    Each case is held to the limit that its own ``degrees`` set.
    """
    from scipy.stats import t

    measured, expected, error = _finite(
        measured=measured, expected=expected, standard_error=standard_error
    )
    if (error <= 0).any():
        raise ValueError(f"standard errors must be positive, got {error.min()}")
    if not (np.asarray(degrees) > 0).all():
        raise ValueError(f"degrees of freedom must be positive, got {degrees!r}")
    score = np.asarray(np.abs(measured - expected) / error)
    if np.shape(degrees) not in ((), (1,), score.shape):
        raise ValueError(f"degrees must be one, or one a case: {score.shape}, got {degrees!r}")
    # Bonferroni over the cases that one cell compares; t where the error is itself estimated.
    limit = np.asarray(t.ppf(1 - FALSE_ALARM / 2 / score.size, degrees))
    share = np.asarray(score / limit)  # of the own limit that each case uses
    largest = float(share.max())
    return Judgement(
        *_worst(measured, share),
        expected_text=f"{_at(expected, share):.4g}",
        tolerance_text=f"{_at(limit, share):.1f} standard errors, "
        f"largest distance {_at(score, share):.1f}",
        verdict="holds" if largest <= 1 else "contradicted",
        refusal=f"{largest:.2g} tolerances",
    )


def effect(pair: Paired, direction: str = "positive") -> Judgement:
    """Return the judgement on the sign of the mean of paired differences.

    Differences that all agree have no spread from which a chance could be computed (accuracies on
    few images tie): they are inconclusive, however far from zero.
    """
    interval = mean_interval(pair.difference)
    largest = max(np.abs(pair.treatment).max(), np.abs(pair.baseline).max())
    tied = float(np.ptp(pair.difference)) <= TIE * float(largest)
    # Along `sign` the claimed side of zero is the positive one.
    sign = 1 if direction == "positive" else -1
    verdict = "inconclusive"
    if not tied and min(sign * interval.low, sign * interval.high) > 0:
        verdict = "holds"
    elif not tied and max(sign * interval.low, sign * interval.high) < 0:
        verdict = "contradicted"
    return Judgement(
        measured=interval.mean,
        measured_text=f"{interval} over {interval.count} paired runs",
        expected_text=f"a {direction} difference",
        tolerance_text="none: all differences agree" if tied else "95 % t-interval of the mean",
        verdict=verdict,
        interval=(interval.low, interval.high),
        more={
            "levels": f"{pair.treatment.mean():.4g} against {pair.baseline.mean():.4g}",
            "seen from": f"{smallest_detectable(pair.difference):.2g} on",
        },
    )


def _finite(**evidence: Numbers) -> list[np.ndarray]:
    """Return the evidence as arrays of one shape, or of one shape and single numbers."""
    arrays = dict(zip(evidence, real(**evidence), strict=True))
    for name, array in arrays.items():
        if array.size == 0 or not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite and not empty, got {array}")
    shapes = {name: array.shape for name, array in arrays.items()}
    try:
        fits = np.broadcast_shapes(*shapes.values()) in shapes.values()
    except ValueError:
        fits = False
    if not fits:  # (3,) against (3, 1) would be compared each with each
        raise ValueError(f"evidence must be of one shape, got {shapes}")
    return list(arrays.values())


def _at(values: np.ndarray, distance: np.ndarray) -> float:
    """Return the value of the case that is furthest off."""
    worst = np.unravel_index(int(distance.argmax()), distance.shape)
    return float(np.broadcast_to(values, distance.shape)[worst])


def _worst(measured: np.ndarray, distance: np.ndarray) -> tuple[float, str]:
    value, cases = _at(measured, distance), distance.size
    text = f"{value:.6g}"
    return value, text if cases == 1 else f"{text} (the tightest of {cases} cases)"
