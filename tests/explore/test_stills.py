import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from runtheory import explore
from runtheory.explore import stills


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


def test_every_frame_is_stored_with_its_words(shown: list) -> None:
    explore.frames(draw, controls={"height": [1, 3, 5]}, alt="height {}".format, start=[1])
    (bundle,) = shown
    stored = bundle[explore.MIME]
    assert stored["kind"] == "frames"
    assert stored["texts"] == ["height 1", "height 3", "height 5"]
    assert len(set(stored["pictures"])) == 3
    assert stored["controls"] == [{"name": "height", "labels": ["1", "3", "5"], "start": 1}]
    assert bundle["image/png"] == stored["pictures"][1]
    assert bundle["text/plain"] == "height 3"


def test_two_sliders_store_every_frame(shown: list) -> None:
    explore.frames(
        draw,
        controls={"height": [1, 3, 5], "slope": [0, 2]},
        alt=lambda height, slope: f"line at {height} with slope {slope}",
    )
    texts = shown[0][explore.MIME]["texts"]
    assert len(texts) == 6
    assert texts[4] == "line at 5 with slope 0"


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
    monkeypatch.setattr(stills, "BYTES", 100)
    with pytest.raises(ValueError, match="more than 100"):
        explore.frames(draw, controls={"height": [1, 2]}, alt=str)
