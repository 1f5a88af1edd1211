"""How an explorable is put out: as stored numbers, as a picture, as sliders of a running kernel."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runtheory import lazy
from runtheory.explore.settings import MIME, start_of

if TYPE_CHECKING:
    from ipywidgets import Widget

WIDGET = "application/vnd.jupyter.widget-view+json"


def encoded(image: bytes) -> str:
    """Return the bytes of an image as text."""
    return base64.b64encode(image).decode("ascii")


def show(stored: Mapping[str, Any], image: bytes, *, text: str, view: Widget) -> None:
    """Put out an explorable: a kernel's page takes the view, the book's page what is stored."""
    told = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
    bundle = {WIDGET: told, MIME: dict(stored), "image/png": encoded(image), "text/plain": text}
    lazy.display(bundle, module=__name__)


def linked(stored: Mapping[str, Any]) -> Widget:
    """Return sliders whose frames are linked to them in the browser (``jslink``)."""
    with lazy.needed_by(__name__, extra="labs"):
        from ipywidgets import HTML

    sliders, first = _sliders(stored), start_of(stored)
    tags = [tag(*one) for one in zip(stored["pictures"], stored["texts"], strict=True)]
    width = len(stored["controls"][-1]["labels"])
    # One stack for each value of the first control, in a stack over these.
    rows = [tags[at : at + width] for at in range(0, len(tags), width)]
    stacks = [_stack([HTML(one) for one in row], sliders[-1], first[-1]) for row in rows]
    return _box(
        [*sliders, stacks[0] if len(sliders) == 1 else _stack(stacks, sliders[0], first[0])]
    )


def redrawn(stored: Mapping[str, Any], draw: Callable[[Sequence[int]], bytes]) -> Widget:
    """Return sliders over an image that ``draw`` makes of their places, in the kernel."""
    with lazy.needed_by(__name__, extra="labs"):
        from ipywidgets import Image

    sliders = _sliders(stored)
    image = Image(value=draw(start_of(stored)), format="png")

    def moved(_: object) -> None:
        image.value = draw([slider.index for slider in sliders])

    for slider in sliders:
        slider.observe(moved, names="index")
    return _box([*sliders, image])


def tag(image: str, text: str) -> str:
    """Return the HTML of a picture, its bytes or where it lies, with its text alternative."""
    source = image if "." in image else f"data:image/png;base64,{image}"
    return (
        f'<img src="{html.escape(source)}" alt="{html.escape(text)}" '
        'style="max-width:100%;height:auto">'
    )


def _sliders(stored: Mapping[str, Any]) -> list[Widget]:
    with lazy.needed_by(__name__, extra="labs"):
        from ipywidgets import Layout, SelectionSlider

    return [
        SelectionSlider(
            options=[(label, position) for position, label in enumerate(control["labels"])],
            index=control["start"],
            description=control["name"],
            layout=Layout(width="100%", max_width="40em"),
            style={"description_width": "initial"},
        )
        for control in stored["controls"]
    ]


def _stack(children: list[Any], slider: Widget, index: int) -> Widget:
    with lazy.needed_by(__name__, extra="labs"):
        from ipywidgets import Stack, jslink

    stack = Stack(children, selected_index=index)
    jslink((slider, "index"), (stack, "selected_index"))
    return stack


def _box(children: list[Any]) -> Widget:
    with lazy.needed_by(__name__, extra="labs"):
        from ipywidgets import VBox

    box = VBox(children)
    box.add_class("runtheory-explorable")
    return box
