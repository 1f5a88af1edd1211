"""Layers of a few discrete codes: what they hold, what they cost, and what a swap of codes does."""
