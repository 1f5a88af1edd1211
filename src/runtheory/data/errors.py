"""The one error that this package raises when a data set cannot be had."""

from __future__ import annotations


class DataError(RuntimeError):
    """A data set cannot be had: one line that names the file, what was tried and the way out."""
