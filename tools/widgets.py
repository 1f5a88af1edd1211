"""What a stored notebook keeps of its explorables: the numbers or frames, and no widget."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from runtheory.explore import MIME

VIEW = "application/vnd.jupyter.widget-view+json"


def drop_widgets(notebook: NotebookNode) -> None:
    """Drop the widgets of a kernel that has ended: state, and views beside a stored explorable."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                output.data.pop(VIEW, None)


def stored_explorable(cell: NotebookNode) -> tuple[dict[str, Any], str] | None:
    """Return what a cell stores of an explorable, and the picture of its first state (PNG)."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if MIME in data:
            return data[MIME], str(data.get("image/png", "")).strip()
    return None
