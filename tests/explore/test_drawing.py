"""The same picture drawn by matplotlib."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from runtheory.explore.drawing import draw, picture
from tests.explore.pictures import X, bars, every_kind, parabola


def test_a_curve_is_drawn_as_it_is_given() -> None:
    (axes,) = draw(parabola(1.0, "double")).axes
    assert np.allclose(axes.lines[0].get_ydata(), 2 * (1 + X**2))
    assert (axes.get_xlabel(), axes.get_ylim()) == ("x (m)", (0, 12))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Curve", "End"]
    plt.close("all")


def test_every_kind_is_drawn() -> None:
    first, second = draw(every_kind()).axes
    assert first.get_yscale() == "log"
    assert [text.get_text() for text in first.get_xticklabels()] == ["a", "b"]
    assert first.lines[0].get_drawstyle() == "steps-post"
    assert second.get_ylim() == (1.5, -0.5)
    assert [text.get_text() for text in second.texts] == ["1", "-1", "0.25", ""]
    plt.close("all")


def test_bars_lie_or_stand() -> None:
    lying, upright = draw(bars()).axes
    assert [bar.get_width() for bar in lying.patches] == [0.4, 0.6]
    assert [bar.get_height() for bar in upright.patches] == [0.4, 0.6]
    plt.close("all")


@pytest.mark.parametrize(("dpi", "size"), [(100, (300, 200)), (200, (600, 400))])
def test_picture_is_a_small_png_and_closes_its_figure(dpi: int, size: tuple[int, int]) -> None:
    before = plt.get_fignums()
    figure = plt.figure(figsize=(3, 2))
    image = picture(figure, dpi=dpi)
    assert Image.open(io.BytesIO(image)).size == size
    assert plt.get_fignums() == before


def test_a_picture_without_dots() -> None:
    with pytest.raises(ValueError, match="dpi must lie in"):
        picture(plt.figure(), dpi=0)
    plt.close("all")


def test_picture_keeps_the_colour_of_a_thin_line() -> None:
    figure, axes = plt.subplots(figsize=(6, 4))
    for height, colour in enumerate(["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00"]):
        axes.fill_between([0, 1], height, height + 0.9, color=colour, alpha=0.3)
    axes.plot([0, 1], [2, 2.1], color="#0000FF", linewidth=0.8)
    image = Image.open(io.BytesIO(picture(figure))).convert("RGB")
    colours = [pixel for _, pixel in image.getcolors(100_000) or []]
    assert [pixel for pixel in colours if pixel[2] - max(pixel[:2]) > 120]
