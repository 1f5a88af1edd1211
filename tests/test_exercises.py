from typing import Any, cast

import numpy as np
import pytest

from runtheory import exercises
from runtheory.exercises import fault


def your_turn() -> float:
    raise NotImplementedError("your turn")


def test_right_answers_are_right_and_others_get_their_reason() -> None:
    assert fault(lambda: [1.0, 2.0 + 1e-9], expected=[1.0, 2.0]) is None
    assert "differ" in str(fault(lambda: [1.0, 2.1], expected=[1.0, 2.0]))
    assert "shape" in str(fault(lambda: 1.0, expected=[1.0, 2.0]))
    assert "your turn" in str(fault(your_turn, expected=1.0))
    assert "differ" in str(fault(lambda: np.nan, expected=1.0))
    assert fault(lambda: "text", expected=1.0) is not None
    assert fault(cast(Any, dict), expected=1.0) is not None
    assert "complex" in str(fault(lambda: np.array(1 + 5j), expected=1.0))
    assert "masked" in str(
        fault(lambda: np.ma.masked_array([1.0, 9.0], [False, True]), expected=[1, 9])
    )


def test_check_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    exercises.check("one", lambda: 1.0, expected=1.0)
    exercises.check("two", your_turn, expected=1.0)
    assert [bundle[exercises.MIME]["right"] for bundle in shown] == [True, False]
    assert "not yet" in shown[1]["text/plain"]
