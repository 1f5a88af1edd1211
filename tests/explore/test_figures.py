"""The call of a lab: what it puts out, live and stored."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from runtheory import explore
from tests.explore.pictures import CONTROLS, TITLE, parabola, stored


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list:
    outputs: list = []
    monkeypatch.setattr("IPython.display.display", lambda item, raw: outputs.append(item))
    return outputs


def test_the_numbers_are_put_out_with_a_picture_and_words(shown: list) -> None:
    explore.curves(parabola, controls=CONTROLS, title=TITLE, start=(1, 0))
    (bundle,) = shown
    assert bundle[explore.MIME] == stored()
    assert bundle["text/plain"] == "A parabola. height: 1, kind: plain; end (m) 5"
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.size == (480, 300)


def test_nothing_is_put_out_for_a_slider_that_does_nothing(shown: list) -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        explore.curves(lambda _: parabola(0.0, "plain"), controls={"a": (1, 2)}, title=TITLE)
    assert shown == []
