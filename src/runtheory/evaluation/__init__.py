"""How good a classifier is, and how it fares with what it was not trained on.

Scores of all its answers are here; covered, corrupted, attacked and foreign images, and where in
an image a network looks, are modules of their own.
"""

from runtheory.evaluation.attack import fast_gradient_sign
from runtheory.evaluation.calibration import (
    adaptive_calibration_error,
    classwise_calibration_error,
    confidence_gap,
    expected_calibration_error,
)
from runtheory.evaluation.corruption import add_noise, blur, brightness, contrast, pixelate
from runtheory.evaluation.localisation import (
    class_activation_map,
    intersection_over_union,
    localise,
)
from runtheory.evaluation.metrics import accuracy, brier_score, cross_entropy
from runtheory.evaluation.occlusion import occlude_boundary, occlude_centre
from runtheory.evaluation.outliers import area_under_curve, max_probability, negative_energy
from runtheory.evaluation.prediction import activations, predict, score_network
from runtheory.evaluation.temperature import fit_temperature

__all__ = [
    "accuracy",
    "activations",
    "adaptive_calibration_error",
    "add_noise",
    "area_under_curve",
    "blur",
    "brier_score",
    "brightness",
    "class_activation_map",
    "classwise_calibration_error",
    "confidence_gap",
    "contrast",
    "cross_entropy",
    "expected_calibration_error",
    "fast_gradient_sign",
    "fit_temperature",
    "intersection_over_union",
    "localise",
    "max_probability",
    "negative_energy",
    "occlude_boundary",
    "occlude_centre",
    "pixelate",
    "predict",
    "score_network",
]
