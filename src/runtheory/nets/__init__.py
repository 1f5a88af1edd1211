"""The networks of the book have a body and a head, and are drawn from a generator."""

from runtheory.nets.classifier import Activations, Classifier, as_classifier, feature_count
from runtheory.nets.convolutional import small_convnet
from runtheory.nets.initialisation import build, initialise
from runtheory.nets.linear import linear_head, perceptron
from runtheory.nets.residual import residual_net

__all__ = [
    "Activations",
    "Classifier",
    "as_classifier",
    "build",
    "feature_count",
    "initialise",
    "linear_head",
    "perceptron",
    "residual_net",
    "small_convnet",
]
