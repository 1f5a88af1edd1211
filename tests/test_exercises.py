import math
import sys
from typing import Any, cast

import numpy as np
import pytest
import torch

from runtheory import exercises
from runtheory.dropout import laws
from runtheory.exercises import fault


def your_turn() -> float:
    raise NotImplementedError("your turn")


def test_right_answers_are_right_and_others_get_their_reason() -> None:
    assert fault(lambda: [1.0, 2.0 + 1e-9], expected=[1.0, 2.0]) is None
    assert fault(lambda: [1.0, 2.5], expected=[1.0, 2.0]) == "[1. 2.5] came, [1. 2.] is wanted"
    assert "shape" in str(fault(lambda: 1.0, expected=[1.0, 2.0]))
    assert "your turn" in str(fault(your_turn, expected=1.0))
    assert "holds NaN" in str(fault(lambda: np.nan, expected=1.0))
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


@pytest.mark.parametrize(
    ("given", "expected", "told"),
    [
        (None, 0.25, "did you forget to return"),
        ({"a": 1}, 0.25, "of type dict"),
        (0.5, 0.25, "square root"),
        ([0.01, 0.04], [0.1, 0.2], "that is the square of"),
        (4.0, 0.25, "reciprocal"),
        (-0.25, 0.25, "sign"),
        (25.0, 0.25, "per cent"),
        (0.1667, 1 / 6, "rounded on the way"),
        ([0.2, 1.0], [1.0, 0.2], "their order"),
        ([[1.0, 3.0], [2.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]], "their order"),
        (0.3, 0.25, "0.3 came, 0.25 is wanted"),
        (0.0, 0.25, "0. came, 0.25 is wanted"),
        (float("inf"), 0.25, "inf came"),
        (list(range(40)), [0.0] * 40, "... "),
    ],
)
def test_a_wrong_answer_is_told_what_came(given: object, expected: Any, told: str) -> None:
    assert told in str(fault(cast(Any, lambda: given), expected=expected))


def test_a_known_slip_comes_before_the_usual_ones_and_a_hidden_case_keeps_its_numbers() -> None:
    slips: dict[str, Any] = {
        "labels repeated in the other order": 0.5,
        "a sum for a mean": [1.0, 2.0],
    }
    told = fault(lambda: 0.5, expected=0.25, slips=slips)
    assert told == "labels repeated in the other order; 0.5 came, 0.25 is wanted"
    hidden = fault(lambda: 0.5, expected=0.25, slips=slips, hidden=True)
    assert hidden == "labels repeated in the other order; the case is hidden"
    assert fault(lambda: 0.4, expected=0.25, hidden=True) == "the case is hidden"
    assert fault(lambda: 0.25, expected=0.25, slips=slips, hidden=True) is None


def test_a_tensor_that_requires_a_gradient_is_accepted() -> None:
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    assert fault(lambda: weight * 2, expected=[2.0, 4.0]) is None
    assert fault(cast(Any, lambda: (weight[0], 3 * weight[1])), expected=[1.0, 6.0]) is None


def test_a_tally_counts_each_check_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    monkeypatch.setattr(exercises, "_RESULTS", {})
    exercises.check("one", lambda: 1.0, expected=2.0)
    exercises.check("one", lambda: 2.0, expected=2.0)
    exercises.check("two", your_turn, expected=1.0)
    exercises.tally()
    assert shown[-1]["text/plain"] == "1 of 2 checks right"


def test_marking_raises_and_tells_what_came() -> None:
    exercises.require("one", lambda: 1.0 + 1e-9, expected=1.0)
    exercises.require("two", lambda: 1.001, expected=1.0, tolerance=1e-2)
    with pytest.raises(AssertionError, match=r"^three: 1\.37 came, 1\. is wanted$"):
        exercises.require("three", lambda: 1.37, expected=1.0)
    with pytest.raises(AssertionError, match="your turn"):
        exercises.require("four", your_turn, expected=1.0)
    with pytest.raises(AssertionError, match="did you forget to return"):
        exercises.require("five", cast(Any, lambda: None), expected=1.0)


def test_the_book_does_not_answer_its_own_questions() -> None:
    def borrowed() -> float:
        return laws.effective_rate(0.5, samples=5)

    assert exercises.fault(borrowed, expected=1 / 6) is None
    before = sys.getprofile()
    with pytest.raises(AssertionError, match=r"may not be used here: .*runtheory\.dropout\.laws"):
        exercises.require("one", borrowed, expected=1 / 6)
    with pytest.raises(AssertionError, match="is wanted"):
        exercises.require("two", borrowed, expected=1 / 7)
    used: set[str] = set()
    exercises.watched(borrowed, used)
    exercises.require("three", borrowed, expected=1 / 6, library=sorted(used))
    assert sys.getprofile() is before


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def leaves() -> float:
    sys.exit("done")


def mute() -> float:
    raise Mute


def endless() -> list:
    made: list = []
    made.append(made)
    return made


class Broken:
    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise RuntimeError("no array")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (leaves, "SystemExit: done"),
        (mute, "Mute: it cannot be shown"),
        (endless, "RecursionError"),
        (Broken, "no array"),
        (lambda: math.factorial(300), "of type int"),
        (lambda: 1 / 0, "division"),
    ],
)
def test_no_answer_stops_the_notebook(answer: Any, told: str) -> None:
    assert told in str(fault(answer, expected=1.0))
    assert len(str(fault(lambda: {}["x" * 10**6], expected=1.0))) < 2000
