"""How good a classifier is, and how it fares with what it was not trained on.

Scores of all its answers are here; covered, corrupted, attacked and foreign images, and where in
an image a network looks, are modules of their own.
"""

from runtheory.evaluation.calibration import confidence_gap, expected_calibration_error
from runtheory.evaluation.metrics import accuracy, brier_score, cross_entropy
from runtheory.evaluation.prediction import activations, predict, score_network

__all__ = [
    "accuracy",
    "activations",
    "brier_score",
    "confidence_gap",
    "cross_entropy",
    "expected_calibration_error",
    "predict",
    "score_network",
]
