import io

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure
from PIL import Image

from runtheory import explore


def draw(height: float, slope: float = 1.0) -> Figure:
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.plot([0, 1], [height, height + slope])
    axes.set_ylim(0, 20)
    return figure


def still(height: float) -> Figure:
    return draw(1.0)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list:
    outputs: list = []
    monkeypatch.setattr("IPython.display.display", lambda item, raw=False: outputs.append(item))
    return outputs


def widgets_of(outputs: list) -> dict:
    from ipywidgets import Widget

    state = Widget.get_manager_state()["state"]
    assert outputs[0][explore.WIDGET]["model_id"] in state
    return state


def test_one_slider_is_linked_to_its_frames(shown: list) -> None:
    values = [1, 3, 5]
    explore.frames(draw, controls={"height": values}, alt="height {}".format, start=[1])
    state = widgets_of(shown)
    links = [w["state"] for w in state.values() if w["model_name"] == "LinkModel"]
    sources = [link["source"][1] for link in links]
    assert "index" in sources
    assert 'alt="height 3"' in shown[1].data
    assert shown[1].data.startswith("<noscript>")
    assert shown[0]["text/plain"] == "height 3"


def test_two_sliders_reach_every_frame(shown: list) -> None:
    explore.frames(
        draw,
        controls={"height": [1, 3, 5], "slope": [0, 2]},
        alt=lambda height, slope: f"line at {height} with slope {slope}",
    )
    state = widgets_of(shown)
    root = state[shown[0][explore.WIDGET]["model_id"]]["state"]

    def model(reference: str) -> dict:
        return state[reference.removeprefix("IPY_MODEL_")]["state"]

    outer = model(root["children"][-1])
    rows = [model(child) for child in outer["children"]]
    assert [len(row["children"]) for row in rows] == [2, 2, 2]
    assert "line at 5 with slope 0" in model(rows[2]["children"][0])["value"]


def test_a_slider_that_does_nothing_is_refused(shown: list) -> None:
    with pytest.raises(ValueError, match="two frames are equal"):
        explore.frames(still, controls={"height": [1, 2]}, alt=str)
    assert not shown


def test_grids_that_are_too_large_are_refused(shown: list) -> None:
    with pytest.raises(ValueError, match="at most 40"):
        explore.frames(draw, controls={"height": range(41)}, alt=str)
    with pytest.raises(ValueError, match="1 or 2 controls"):
        explore.frames(draw, controls={}, alt=str)


def test_size_is_limited(shown: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "BYTES", 100)
    with pytest.raises(ValueError, match="more than 100"):
        explore.frames(draw, controls={"height": [1, 2]}, alt=str)


def test_picture_is_a_small_png_and_closes_its_figure() -> None:
    before = plt.get_fignums()
    image = explore.picture(draw(3.0))
    assert Image.open(io.BytesIO(image)).size == (300, 200)
    assert plt.get_fignums() == before


def test_picture_keeps_the_colour_of_a_thin_line() -> None:
    figure, axes = plt.subplots(figsize=(6, 4))
    for height, colour in enumerate(["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00"]):
        axes.fill_between([0, 1], height, height + 0.9, color=colour, alpha=0.3)
    axes.plot([0, 1], [2, 2.1], color="#0000FF", linewidth=0.8)
    image = Image.open(io.BytesIO(explore.picture(figure))).convert("RGB")
    colours = [pixel for _, pixel in image.getcolors(100_000) or []]
    assert [pixel for pixel in colours if pixel[2] - max(pixel[:2]) > 120]
