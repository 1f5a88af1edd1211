"""Explorables of numbers: lines, points, bars and heat maps that a page draws itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from runtheory.boundary import checked
from runtheory.explore.drawing import draw, picture
from runtheory.explore.grid import stored_grid
from runtheory.explore.marks import Picture
from runtheory.explore.settings import Values, start_of
from runtheory.explore.stored import picture_at, words_at
from runtheory.explore.views import redrawn, show


@checked
def curves(
    compute: Callable[..., Picture],
    *,
    controls: Mapping[str, Values],
    title: str,
    start: Sequence[int] | None = None,
) -> None:
    """Show the numbers of ``compute(*values)`` as a figure under one to three sliders.

    Parameters
    ----------
    compute
        Takes one value for each control, in the order of ``controls``, and returns the
        ``Picture``: panels with axes and marks, and the readings that a screen reader is told at
        each move. Between settings only numbers differ.
    controls
        The label of each slider and its values: a sequence, or ``Smooth`` values between which the
        page interpolates.
    title
        What the figure shows, a caption of some words.
    start
        The index of the first value shown, one for each control (0 if not given).

    Raises
    ------
    ValueError
        For other than one to three controls, settings that differ in more than numbers, a step that
        changes nothing, a ``Smooth`` slider whose picture halfway between two values is off by more
        than a fiftieth of an axis, or more than 30 kB in all.

    Examples
    --------
    >>> from runtheory.explore import Axis, Line, Panel, Picture
    >>> axes = Axis("step", (0, 2)), Axis("loss (nats)", (0, 4))
    >>> Picture([Panel(*axes, [Line("loss", [0, 1, 2], [4, 2, 1])])], {"loss (nats)": 1.0}).readings
    {'loss (nats)': 1.0}
    """
    stored = stored_grid(compute, controls, title=title, start=start)

    def image(places: Sequence[int]) -> bytes:
        return picture(draw(picture_at(stored, places)))

    first = start_of(stored)
    view = redrawn(stored, image)
    show(stored, image(first), text=words_at(stored, first), view=view)
