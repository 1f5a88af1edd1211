"""Explorables of pictures, for what no curve shows: one frame for each place of the sliders."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runtheory.boundary import checked
from runtheory.explore.drawing import picture
from runtheory.explore.settings import described, index_of, start_of
from runtheory.explore.views import encoded, linked, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FRAMES = 40
BYTES = 600_000


@checked
def frames(
    draw: Callable[..., Figure],
    *,
    controls: Mapping[str, Sequence[object]],
    alt: Callable[..., str],
    start: Sequence[int] | None = None,
) -> None:
    """Show the figure ``draw(**values)`` under one slider for each of the one or two ``controls``.

    Parameters
    ----------
    draw
        Takes one value for each control, positionally in the order of ``controls``, and returns a
        matplotlib figure; all frames have the same size.
    controls
        The label of each slider and the values it runs over; at most 40 combinations.
    alt
        Takes the same values and returns the frame's text alternative.
    start
        The index of the first frame shown, one for each control (0 if not given).

    Raises
    ------
    ValueError
        For other than one or two controls, a start for another number of them, more than 40 frames,
        two equal frames (a slider that does nothing), or more than 600 kB in all.
    """
    grid = list(itertools.product(*controls.values()))  # the last control varies fastest
    if len(controls) not in (1, 2) or not 0 < len(grid) <= FRAMES:
        raise ValueError(f"1 or 2 controls and at most {FRAMES} frames, got {len(grid)} frames")
    told = described(controls, start)
    images = [picture(draw(*values)) for values in grid]
    if len(set(images)) < len(images):
        raise ValueError("two frames are equal: the slider would do nothing there")
    if sum(map(len, images)) > BYTES:
        raise ValueError(f"frames take {sum(map(len, images))} bytes, more than {BYTES}")
    stored: dict[str, Any] = {"kind": "frames", "title": "Figure with sliders", "controls": told}
    stored |= {"pictures": [encoded(one) for one in images]}
    stored |= {"texts": [alt(*values) for values in grid]}
    first = index_of(stored, start_of(stored))
    show(stored, images[first], text=stored["texts"][first], view=linked(stored))
