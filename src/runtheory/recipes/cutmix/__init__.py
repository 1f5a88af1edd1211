"""Recipes of CutMix: networks under mixing and erasing, and the patch model of rare features."""
