"""Sliders of a running kernel: linked frames, and an image drawn anew."""

from __future__ import annotations

from collections.abc import Sequence

from runtheory.explore import MIME, views
from runtheory.explore.settings import index_of
from tests.explore.pictures import stored


def frames() -> dict:
    told = {"kind": "frames", "controls": stored()["controls"]}
    return told | {"pictures": [str(n) for n in range(6)], "texts": [f"<{n}>" for n in range(6)]}


def test_two_sliders_reach_every_frame() -> None:
    first, second, outer = views.linked(frames()).children
    assert (first.index, second.index) == (1, 0)
    assert (outer.selected_index, outer.children[0].selected_index) == (1, 0)
    shown = outer.children[2].children[1].value
    assert 'base64,5" alt="&lt;5&gt;"' in shown


def test_a_moved_slider_draws_its_picture() -> None:
    told, asked = stored(), []

    def draw(places: Sequence[int]) -> bytes:
        asked.append(index_of(told, places))
        return str(asked[-1]).encode()

    *sliders, image = views.redrawn(told, draw).children
    assert [slider.description for slider in sliders] == ["height", "kind"]
    assert image.value == b"2"
    sliders[0].index = 2
    assert image.value == b"4"
    sliders[1].index = 1
    assert image.value == b"5"
    assert asked == [2, 4, 5]


def test_what_is_put_out(monkeypatch) -> None:
    outputs: list = []
    monkeypatch.setattr("IPython.display.display", lambda item, raw: outputs.append(item))
    view = views.linked(frames())
    views.show(frames(), b"png", text="words", view=view)
    (bundle,) = outputs
    assert bundle[MIME] == frames()
    assert bundle[views.WIDGET]["model_id"] == view.model_id
    assert bundle["image/png"] == views.encoded(b"png") == "cG5n"
    assert bundle["text/plain"] == "words"
