"""Recipes of multi-sample dropout: accuracy, gradient noise and the time of a step."""
