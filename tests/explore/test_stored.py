"""The words and the table of a stored explorable."""

from __future__ import annotations

from runtheory.explore import Bars, Panel, Picture, Smooth, stored
from runtheory.explore.grid import shape_of, stored_grid
from tests.explore.pictures import bars, parabola
from tests.explore.pictures import stored as made


def test_words() -> None:
    assert stored.words_at(made(), (2, 1)) == "A parabola. height: 2, kind: double; end (m) 12"
    frames = {"kind": "frames", "controls": made()["controls"], "texts": list("abcdef")}
    assert stored.words_at(frames, (1, 1)) == "d"


def test_an_axis_may_have_names_alone() -> None:
    def moved(value: float) -> Picture:
        line = Bars("share", [0.1 * value, 0.6], [0, 1], flat=True)
        panel = bars().panels[0]
        return Picture([Panel(panel.x, panel.y, [line])], {"share": value})

    told = stored_grid(moved, {"value": (1.0, 2.0)}, title="t")
    assert shape_of(stored.picture_at(told, (1,))) == shape_of(moved(2.0))


def test_the_table_has_a_row_for_each_setting() -> None:
    head, rows = stored.table(made())
    assert head == ["height", "kind", "end (m)"]
    assert rows[0] == ["0", "plain", "4"]
    assert rows[-1] == ["2", "double", "12"]
    assert len(rows) == 6


def test_a_long_slider_has_five_rows_with_both_ends() -> None:
    places = [0.1 * k for k in range(21)]
    controls = {"height": Smooth(places)}
    told = stored_grid(lambda height: parabola(height, "plain"), controls, title="t")
    _, rows = stored.table(told)
    assert [row[0] for row in rows] == ["0", "0.5", "1", "1.5", "2"]


def test_the_table_of_frames_says_what_they_show() -> None:
    frames = {"kind": "frames", "controls": made()["controls"], "texts": list("abcdef")}
    head, rows = stored.table(frames)
    assert head[-1] == "what it shows"
    assert [row[-1] for row in rows] == list("abcdef")


def test_html_is_escaped() -> None:
    told = made()
    told["controls"][1]["labels"] = ["<b>", "&"]
    text = stored.html_table(told)
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert text.count('<th scope="col">') == 3
    assert text.count("<tr>") == 7
