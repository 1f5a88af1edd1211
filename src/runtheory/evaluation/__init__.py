"""How good a classifier is: accuracy, cross-entropy, Brier score and calibration."""

from runtheory.evaluation.metrics import accuracy, brier_score, calibration_error, cross_entropy
from runtheory.evaluation.prediction import measure, predict

__all__ = [
    "accuracy",
    "brier_score",
    "calibration_error",
    "cross_entropy",
    "measure",
    "predict",
]
