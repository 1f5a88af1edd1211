"""The form of an excuse: what comes in place of a refusal, and why it is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

RESULT = "a result"


@dataclass(frozen=True)
class Excuse:
    """Why ``came`` (by variant: a result, or an error's name) is right for these arguments."""

    reason: str
    places: tuple[tuple[str, str], ...]  # function, argument
    came: dict[str, str]

    def each(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield function, argument, variant and what comes."""
        for function, argument in self.places:
            for variant, came in self.came.items():
                yield function, argument, variant, came
