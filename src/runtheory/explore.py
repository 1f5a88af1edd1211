"""Interactive figures that live in Jupyter and on a static page without a kernel.

The frames are rendered beforehand over a small grid. Sliders and frames are linked in the browser
(``jslink``), so the book's own copy of the widget manager brings the stored state to life.
"""

from __future__ import annotations

import base64
import html
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure

FRAMES = 40
BYTES = 600_000
WIDGET = "application/vnd.jupyter.widget-view+json"


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
        For other than one or two controls, more than 40 frames, two equal neighbouring frames
        (a slider that does nothing), or more than 600 kB in all.
    """
    from IPython.display import HTML, display

    grid = list(itertools.product(*controls.values()))  # the last control varies fastest
    if len(controls) not in (1, 2) or not 0 < len(grid) <= FRAMES:
        raise ValueError(f"1 or 2 controls and at most {FRAMES} frames, got {len(grid)} frames")
    images = [picture(draw(*values)) for values in grid]
    if len(set(images)) < len(images):
        raise ValueError("two frames are equal: the slider would do nothing there")
    if sum(map(len, images)) > BYTES:
        raise ValueError(f"frames take {sum(map(len, images))} bytes, more than {BYTES}")
    first = tuple(start or [0] * len(controls))
    texts = [alt(*values) for values in grid]
    shown = _first_index(controls, first)
    view = _linked(controls, first, [_tag(i, t) for i, t in zip(images, texts, strict=True)])
    fallback = f"<noscript>{_tag(images[shown], texts[shown])}</noscript>"
    bundle = {WIDGET: _view(view), "image/png": _encode(images[shown]), "text/plain": texts[shown]}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
    display(HTML(fallback))  # type: ignore[no-untyped-call]


def picture(figure: Figure) -> bytes:
    """Return the figure as a small PNG and close it.

    128 colours, chosen to cover the range: a palette by frequency drops the colour of a thin line.
    """
    import matplotlib.pyplot as plt
    from PIL import Image

    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=100, facecolor="white")
    plt.close(figure)
    small = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(128, method=Image.Quantize.MAXCOVERAGE).save(
        small, format="png", optimize=True
    )
    return small.getvalue()


def _linked(
    controls: Mapping[str, Sequence[object]], first: tuple[int, ...], tags: list[str]
) -> Widget:
    from ipywidgets import HTML, VBox

    sliders = [
        _slider(name, values, index)
        for (name, values), index in zip(controls.items(), first, strict=True)
    ]
    width = len(list(controls.values())[-1])
    # One stack for each value of the first control, in a stack over these.
    rows = [tags[i : i + width] for i in range(0, len(tags), width)]
    stacks = [_stack([HTML(tag) for tag in row], sliders[-1], first[-1]) for row in rows]
    body = stacks[0] if len(controls) == 1 else _stack(stacks, sliders[0], first[0])
    box = VBox([*sliders, body])
    box.add_class("runtheory-explorable")
    return box


def _slider(name: str, values: Sequence[object], index: int) -> Widget:
    from ipywidgets import Layout, SelectionSlider

    return SelectionSlider(
        options=[(str(value), position) for position, value in enumerate(values)],
        index=index,
        description=name,
        layout=Layout(width="100%", max_width="40em"),
        style={"description_width": "initial"},
    )


def _stack(children: list[Any], slider: Widget, index: int) -> Widget:
    from ipywidgets import Stack, jslink

    stack = Stack(children, selected_index=index)
    jslink((slider, "index"), (stack, "selected_index"))
    return stack


def _view(widget: Widget) -> dict[str, object]:
    return {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}


def _first_index(controls: Mapping[str, Sequence[object]], first: tuple[int, ...]) -> int:
    index = 0
    for values, position in zip(controls.values(), first, strict=True):
        index = index * len(values) + position
    return index


def _encode(image: bytes) -> str:
    return base64.b64encode(image).decode("ascii")


def _tag(image: bytes, text: str) -> str:
    return (
        f'<img src="data:image/png;base64,{_encode(image)}" alt="{html.escape(text)}" '
        'style="max-width:100%;height:auto">'
    )
