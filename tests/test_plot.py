import matplotlib.pyplot as plt
import nbformat
import numpy as np
from nbclient import NotebookClient

from runtheory import plot
from runtheory.intervals import mean_interval


def test_figure_has_the_style_and_leaves_the_reader_s_own_alone() -> None:
    before = dict(plt.rcParams)
    canvas, axes = plot.figure(2, rows=2)
    assert axes.shape == (4,)
    assert not axes[0].spines["top"].get_visible()
    plt.close(canvas)
    assert dict(plt.rcParams) == before


def test_band_is_the_interval_of_each_point() -> None:
    runs = np.random.default_rng(0).normal(size=(5, 3))
    canvas, axes = plot.figure()
    plot.curve_with_interval(axes[0], [0, 1, 2], runs, name="runs")
    expected = [mean_interval(column) for column in runs.T]
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), [i.mean for i in expected])
    corners = axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert np.isclose(corners.max(), max(i.high for i in expected))
    plot.label(axes[0], x="step", y="loss (nats)", title="title", legend=True)
    assert axes[0].get_ylabel() == "Loss (nats)"
    assert [text.get_text() for text in axes[0].get_legend().texts] == ["Runs"]
    plt.close(canvas)


def test_texts_begin_with_a_capital_and_symbols_stay() -> None:
    texts = {"no mixing": "No mixing", "under-confidence": "Under-confidence", "a tenth": "A tenth"}
    stay = (
        "n = 20",
        "kl",
        "log10 NC1",
        "log 1000",
        "tr(V)",
        "$x$",
        "λ",
        "a / 2s",
        "a of the theorem",
        "8 masks",
        "",
    )
    for text, expected in {**texts, **{text: text for text in stay}}.items():
        assert plot.capitalised(text) == expected


def test_a_legend_that_is_there_already_gets_capitals() -> None:
    canvas, axes = plot.figure()
    axes[0].plot([0, 1], label="masks")
    axes[0].errorbar([0, 1], [1, 2], yerr=[1, 1], label="p = 0.3")
    axes[0].legend(fontsize=7)
    plot.label(axes[0], x="", y="")
    assert [text.get_text() for text in axes[0].get_legend().texts] == ["Masks", "p = 0.3"]
    plt.close(canvas)


def test_a_doubling_axis_shows_the_counts_themselves() -> None:
    canvas, axes = plot.figure()
    axes[0].plot([1, 2, 4], [3, 2, 1])
    plot.doubling_axis(axes[0], [1, 2, 4])
    canvas.canvas.draw()
    assert [text.get_text() for text in axes[0].get_xticklabels()] == ["1", "2", "4"]
    np.testing.assert_allclose(axes[0].get_xticks(), [1, 2, 4])
    assert axes[0].xaxis.get_transform().base == 2
    plt.close(canvas)


def test_error_bars_are_the_intervals() -> None:
    groups = [[1.0, 2.0, 3.0], [2.0, 2.5, 9.0]]
    canvas, axes = plot.figure()
    plot.points_with_interval(axes[0], [1, 2], groups, name="groups", index=1)
    segments = axes[0].collections[0].get_segments()
    np.testing.assert_allclose(
        segments[1][:, 1], [mean_interval(groups[1]).low, mean_interval(groups[1]).high]
    )
    plt.close(canvas)


def test_a_notebook_shows_every_figure_and_not_only_the_first() -> None:
    code = "from runtheory import plot; canvas, axes = plot.figure()"
    cells = [nbformat.v4.new_code_cell(code) for _ in range(2)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    assert all("image/png" in cell.outputs[-1].get("data", {}) for cell in notebook.cells)


def test_a_plain_log_axis_has_no_powers_of_ten() -> None:
    canvas, axes = plot.figure()
    axes[0].plot([0, 1, 2], [0.1, 0.4, 0.6])
    plot.plain_log_axis(axes[0])
    canvas.canvas.draw()
    labels = [text.get_text() for text in axes[0].get_yticklabels()]
    assert {0.1, 0.2, 0.5} <= {float(label) for label in labels}
    plt.close(canvas)
