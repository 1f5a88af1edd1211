"""Noise as a teacher."""
