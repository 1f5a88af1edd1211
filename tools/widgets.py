"""Widget state that stays the same from run to run: named in order, and nothing unused."""

from __future__ import annotations

import json
import re
from typing import Any

from nbformat import NotebookNode

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
LINKS = {"LinkModel", "DirectionalLinkModel"}
_REFERENCE = re.compile(r'"IPY_MODEL_([^"]+)"')


def stored_state(notebook: NotebookNode) -> dict[str, Any]:
    """Return the widget models that the notebook stores, by their id."""
    widgets: dict[str, Any] = notebook.metadata.get("widgets", {})
    state: dict[str, Any] = widgets.get(STATE, {}).get("state", {})
    return state


def shown_models(notebook: NotebookNode) -> list[str]:
    """Return the ids of the widgets that the outputs show, in order of appearance."""
    return [
        output.data[VIEW]["model_id"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if VIEW in output.get("data", {})
    ]


def make_stable(notebook: NotebookNode) -> None:
    """Rename the widget models of an executed notebook and drop those that nothing shows."""
    state = stored_state(notebook)
    views = shown_models(notebook)
    if not views:
        notebook.metadata.pop("widgets", None)
        return
    order = _reachable(views, state)
    names = {old: f"{position:032x}" for position, old in enumerate(order, start=1)}
    kept = {names[old]: _renamed(state[old], names) for old in order}
    notebook.metadata["widgets"] = {STATE: {"state": kept, "version_major": 2, "version_minor": 0}}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if VIEW in output.get("data", {}):
                view = output.data[VIEW]
                view["model_id"] = names.get(view["model_id"], view["model_id"])


def _references(model: object) -> list[str]:
    return _REFERENCE.findall(json.dumps(model, sort_keys=True))


def _reachable(views: list[str], state: dict[str, Any]) -> list[str]:
    """Return the ids that the views lead to, depth first, each link after the two it joins."""
    order: dict[str, None] = {}

    def visit(model_id: str) -> None:
        if model_id in order or model_id not in state:
            return
        order[model_id] = None
        for child in _references(state[model_id]):
            visit(child)

    for view in views:
        visit(view)
    # No model refers to a link, but a link without both its ends would do nothing.
    for model_id, model in state.items():
        if model.get("model_name") in LINKS and set(_references(model)) <= set(order):
            order[model_id] = None
    return list(order)


def _renamed(model: object, names: dict[str, str]) -> Any:
    text = _REFERENCE.sub(
        lambda match: f'"IPY_MODEL_{names.get(match[1], match[1])}"', json.dumps(model)
    )
    return json.loads(text)
