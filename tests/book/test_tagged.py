"""What a screen reader is told of the printed book: the commands that TeX is given."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes

from tests.book import tiny_book
from tools import notebooks, pdf
from tools.sphinx_runtheory import tagged
from tools.sphinx_runtheory.shelf import entry, table_of

STYLE = notebooks.ROOT / "book" / "theme" / "tagged.sty"


def test_words_hold_nothing_that_tex_would_act_upon() -> None:
    assert tagged.spoken("50% of\n {a}, \\b, #1") == "50 per cent of a, b, number 1"


def test_a_formula_is_told_as_its_tex_without_its_number() -> None:
    assert tagged.spoken_formula("a = \\frac{1}{b}\n\\tag{3}") == "a = \\frac{1}{b} "
    shown = tagged.displayed("a", "[a]")
    assert shown == "\\runtheorydisplay{a}\n[a]\n\\runtheoryenddisplay"


def commands(node: nodes.Element) -> list[str]:
    found = "".join(one.astext() for one in node.findall(nodes.raw))
    return re.findall(r"\\runtheory(\w+)", found)


def test_cells_say_whether_they_are_heads_and_rows_where_they_end() -> None:
    row = nodes.row("", *(entry([nodes.Text(cell)]) for cell in "ab"))
    table = table_of(["one", "two"], [50, 50], [row])
    page = nodes.section("", table)
    tagged.mark_table(table)
    line = ["row", "cell", "endcell", "cell", "endcell", "endrow"]
    assert commands(page) == ["table", *line, *line, "endtable"]
    kinds = re.findall(r"cell\{(\w+)\}", "".join(one.astext() for one in page.findall(nodes.raw)))
    assert kinds == ["TH", "TH", "TD", "TD"]
    for cell in page.findall(nodes.entry):  # what stands below a paragraph makes its row taller
        assert isinstance(cell[-1], nodes.paragraph)


def test_items_of_a_list_are_marked_inside_it() -> None:
    page = nodes.section("", nodes.bullet_list("", nodes.list_item("", nodes.paragraph("", "a"))))
    tagged.mark_list(page[0])
    assert commands(page) == ["list", "item", "enditem", "endlist"]


def test_each_command_has_a_form_without_tags_and_one_with_them() -> None:
    style = STYLE.read_text(encoding="utf-8")
    plain, marked = style.split(r"\@ifpackageloaded{tagpdf}")
    source = Path(tagged.__file__).read_text(encoding="utf-8")
    for name in set(re.findall(r"\\\\?(runtheory[a-z]+)", source)):
        assert rf"\newcommand{{\{name}}}" in plain, name
        assert rf"{{\{name}}}" in marked, name


def test_a_built_book_tells_pictures_formulas_and_rows(book: Path) -> None:
    done = tiny_book.build(book, "--builder", "latex")
    assert done.returncode == 0, done.stdout + done.stderr
    folder = book / "_build" / "latex"
    tex = (folder / f"{pdf.NAME}.tex").read_text(encoding="utf-8")
    assert r"\runtheorymath{m}{\(m\)}" in tex
    assert "\\runtheorydisplay{a = b}\n\\[" in tex
    assert re.search(r"\\runtheoryalt\{[^}]+\}", tex)
    for name in ("table", "row", "cell", "list", "item"):
        assert len(re.findall(rf"\\runtheory{name}\b", tex)) == len(
            re.findall(rf"\\runtheoryend{name}\b", tex)
        ), name
    assert (folder / "tagged.sty").is_file()
    assert r"\index{half@Half}" in tex
    assert r"\authoraddress{" in tex
