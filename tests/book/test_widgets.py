"""Stored widget state: the same names in every run, and nothing that no output leads to."""

from __future__ import annotations

import nbformat

from tools.widgets import STATE, VIEW, make_stable, shown_models, stored_state


def notebook(names: dict[str, str]) -> nbformat.NotebookNode:
    """Return a notebook with a slider linked to a stack; ``names`` are one run's random ids."""
    box, slider, stack, link, layout = (names[key] for key in ("b", "s", "t", "l", "y"))
    state = {
        "unused": {"model_name": "LayoutModel", "state": {}},
        link: {
            "model_name": "LinkModel",
            "state": {
                "source": [f"IPY_MODEL_{slider}", "index"],
                "target": [f"IPY_MODEL_{stack}", "selected_index"],
            },
        },
        "half": {"model_name": "LinkModel", "state": {"source": ["IPY_MODEL_unused", "x"]}},
        stack: {"model_name": "StackModel", "state": {"selected_index": 0}},
        layout: {"model_name": "LayoutModel", "state": {"width": "100%"}},
        slider: {"model_name": "SelectionSliderModel", "state": {"layout": f"IPY_MODEL_{layout}"}},
        box: {
            "model_name": "VBoxModel",
            "state": {"children": [f"IPY_MODEL_{slider}", f"IPY_MODEL_{stack}"]},
        },
    }
    view = {"model_id": box, "version_major": 2, "version_minor": 0}
    output = nbformat.v4.new_output("display_data", data={VIEW: view})
    cell = nbformat.v4.new_code_cell("show()", outputs=[output], id="show")
    metadata = {"widgets": {STATE: {"state": state}}}
    return nbformat.v4.new_notebook(cells=[cell], metadata=metadata)


def test_two_runs_store_the_same() -> None:
    first = notebook({"b": "f1", "s": "a9", "t": "77", "l": "c0", "y": "d4"})
    second = notebook({"b": "03", "s": "e2", "t": "9b", "l": "11", "y": "5c"})
    make_stable(first)
    make_stable(second)
    assert first == second


def test_links_are_kept_and_lead_to_what_is_there() -> None:
    made = notebook({"b": "f1", "s": "a9", "t": "77", "l": "c0", "y": "d4"})
    make_stable(made)
    state = stored_state(made)
    names = {model["model_name"]: key for key, model in state.items()}
    assert len(state) == 5
    assert shown_models(made) == [names["VBoxModel"]]
    link = state[names["LinkModel"]]["state"]
    assert link["source"] == [f"IPY_MODEL_{names['SelectionSliderModel']}", "index"]
    assert link["target"] == [f"IPY_MODEL_{names['StackModel']}", "selected_index"]


def test_without_widgets_no_state_is_stored() -> None:
    made = notebook({"b": "f1", "s": "a9", "t": "77", "l": "c0", "y": "d4"})
    made.cells[0].outputs = []
    make_stable(made)
    assert "widgets" not in made.metadata
