"""For whoever teaches: what students handed in."""

from runtheory.course import reports

__all__ = ["reports"]
