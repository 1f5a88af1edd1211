"""The texts of figures: what a machine sees of them in the source."""

from __future__ import annotations

import nbformat
import pytest

from tools import legends

FAULTS = {
    "an underscore": ('axes.plot(x, label="floor: V_data")', "an underscore"),
    "an underscore beside a number": ('axes.plot(x, label=f"λ_W {p}")', "an underscore"),
    "one in the title": ('plot.label(axes, x="", y="", title="train_loss")', "an underscore"),
    "a title in a loop": (
        'for axes, y in panels:\n    plot.label(axes, x="", y=y, title="gain")',
        "two panels have the title 'gain'",
    ),
    "a title twice": (
        'left.set_title("gain")\nright.set_title("gain")',
        "two panels have the title 'gain'",
    ),
    "an entry in a loop": (
        'for law in laws:\n    axes.plot(law, label="the law")',
        "a legend has the entry 'the law' twice",
    ),
    "an entry in an inner loop": (
        'for axes in panels:\n    for law in laws:\n        axes.plot(law, label="the law")',
        "a legend has the entry 'the law' twice",
    ),
    "an entry twice": (
        'axes.plot(a, label="law")\naxes.plot(b, label="law")',
        "a legend has the entry 'law' twice",
    ),
}
PASS = {
    "a formula": r'axes.plot(x, label=r"floor: $V_{\rm data}$")',
    "computed titles": 'for axes, rate in panels:\n    plot.label(axes, title=f"rate {rate}")',
    "an entry for each panel": 'for axes in panels:\n    axes.plot(x, label="law")',
    "an entry on two axes": 'left.plot(a, label="law")\nright.plot(b, label="law")',
    "an entry of one turn": 'for k in rows:\n    axes.plot(k, label="" if k else "law")',
    "a helper's entry for each panel": 'for axes in panels:\n    plot.points(axes, y, name="gap")',
    "no title": 'for axes in panels:\n    plot.label(axes, x="", y="", title="")',
    "another call": 'record.paired("test_loss", name_of="a_b")',
}


def found(source: str) -> list[str]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    return [text for _, text in legends.faults(notebook)]


@pytest.mark.parametrize(("source", "wanted"), FAULTS.values(), ids=FAULTS)
def test_faults(source: str, wanted: str) -> None:
    (text,) = found(source)
    assert wanted in text


@pytest.mark.parametrize("source", PASS.values(), ids=PASS)
def test_what_passes(source: str) -> None:
    assert found(source) == []
