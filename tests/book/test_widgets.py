"""A stored notebook keeps an explorable's numbers, and no widget of the kernel that has ended."""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

from runtheory.explore import MIME
from tools.widgets import VIEW, drop_widgets, stored_explorable


def notebook(**data: object) -> NotebookNode:
    output = nbformat.v4.new_output("display_data", data={VIEW: {"model_id": "7"}, **data})
    cell = nbformat.v4.new_code_cell("show()", outputs=[output], id="show")
    return nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})


def test_two_runs_store_the_same() -> None:
    made = notebook(**{MIME: {"kind": "frames"}, "image/png": "a\n"})
    drop_widgets(made)
    assert "widgets" not in made.metadata
    assert set(made.cells[0].outputs[0].data) == {MIME, "image/png"}
    assert stored_explorable(made.cells[0]) == ({"kind": "frames"}, "a")


def test_a_widget_that_stores_nothing_of_itself_stays_to_be_refused() -> None:
    made = notebook(**{"text/plain": "VBox()"})
    drop_widgets(made)
    assert VIEW in made.cells[0].outputs[0].data
    assert stored_explorable(made.cells[0]) is None
