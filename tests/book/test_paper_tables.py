"""Tables on paper: no cell spans a page break, long names break, wide tables are turned."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes

from tools.sphinx_runtheory.paper_tables import ROWS_ON_A_PAGE, shape_table
from tools.sphinx_runtheory.shelf import entry, table_of


def table(rows: Sequence[Sequence[str]], *classes: str) -> nodes.table:
    made = [nodes.row("", *(entry([nodes.Text(cell)]) for cell in row)) for row in rows]
    result = table_of(["head"] * len(rows[0]), [50] * len(rows[0]), made, *classes)
    nodes.section("", result)  # a page around it
    return result


def texts(shaped: nodes.table) -> list[list[str]]:
    body = next(shaped.findall(nodes.tbody))
    return [[cell.astext() for cell in row.children] for row in body.children]


def test_a_cell_of_several_rows_is_said_in_each() -> None:
    made = table([["group", "a"], ["x", "b"], ["other", "c"]])
    first, second, _ = next(made.findall(nodes.tbody)).children
    first.children[0]["morerows"] = 1
    second.remove(second.children[0])
    shape_table(made)
    assert texts(made) == [["group", "a"], ["group", "b"], ["other", "c"]]
    assert not any("morerows" in cell for cell in made.findall(nodes.entry))


def test_a_table_without_such_cells_is_as_it_was() -> None:
    made = table([["a", "b"], ["c", "d"]])
    shape_table(made)
    assert texts(made) == [["a", "b"], ["c", "d"]]
    assert "longtable" not in made["classes"]


def test_a_long_one_runs_over_pages_and_a_wide_one_is_turned() -> None:
    long = table([["a", "b"]] * ROWS_ON_A_PAGE)
    shape_table(long)
    assert {"longtable", "colwidths-given"} <= set(long["classes"])
    wide = table([["a" * 50, "b" * 50]])
    shape_table(wide)
    assert [one.astext().strip() for one in wide.parent if isinstance(one, nodes.raw)] == [
        r"\begin{landscape}",
        r"\end{landscape}",
    ]
    alone = table([["a" * 50, "b" * 50]])
    alone.parent.insert(0, nodes.title("", "A heading"))
    shape_table(alone)
    assert alone.parent[0].astext().strip() == r"\begin{landscape}"  # not an empty page under it
    second = table([["c" * 50, "d" * 50]])
    alone.parent += [nodes.rubric("", "The next"), second]
    shape_table(second)
    assert [one.astext().strip() for one in alone.parent if isinstance(one, nodes.raw)] == [
        r"\begin{landscape}",
        r"\end{landscape}",
    ]
    told = table([["a" * 50, "b" * 50]])
    told.parent.insert(0, nodes.paragraph("", "Words that fill the page before."))
    shape_table(told)
    assert told.parent[1].astext().strip() == r"\begin{landscape}"
    assert "longtable" not in wide["classes"]  # its columns are as wide as their words
    full = table([["word " * 60, "word " * 60]] * 5)
    shape_table(full)
    assert "longtable" in full["classes"]
    hyphens = table([["-".join(["word"] * 12)] * 2])
    shape_table(hyphens)
    assert [one for one in hyphens.parent if isinstance(one, nodes.raw)] == []


def test_rows_of_claims_are_targets_and_stand_upright() -> None:
    made = table([["a" * 60, "b" * 60]], "claims")
    next(made.findall(nodes.tbody)).children[0]["ids"] = ["claim-one"]
    shape_table(made)
    assert [one["ids"] for one in made.findall(nodes.target)] == [["claim-one"]]
    assert [one for one in made.parent if isinstance(one, nodes.raw)] == []


def test_long_names_may_break_behind_dots_and_underscores() -> None:
    made = table([["scipy.stats.wasserstein_distance", "short.name"]])
    shape_table(made)
    breaks = [one for one in made.findall(nodes.raw) if "allowbreak" in one.astext()]
    assert len(breaks) == 3
    assert texts(made)[0][1] == "short.name"
