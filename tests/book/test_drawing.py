"""Drawings of links: every arrow leads to the right and meets no box on its way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.cards import read_shelf
from tools.notebooks import ROOT
from tools.sphinx_runtheory.drawing import HEIGHT, LETTERS, WIDTH, Box, columns_of, draw

Edges = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Drawn:
    """What a browser reads of a drawing: the size, the boxes' corners, points of each arrow."""

    size: tuple[float, float]
    boxes: dict[str, tuple[float, float]]
    arrows: list[np.ndarray]


def drawn(edges: Edges, names: Sequence[str] = ()) -> Drawn:
    """Draw boxes that are called by their addresses, and read the drawing."""
    names = names or list(edges)
    tree = ElementTree.fromstring(draw({n: Box(n, n) for n in names}, edges, "a title"))
    (svg,) = tree
    corners = {}
    for link in svg.iter("a"):
        (rect,) = link.iter("rect")
        assert (rect.get("width"), rect.get("height")) == (str(WIDTH), str(HEIGHT))
        corners[link.attrib["href"]] = (float(rect.attrib["x"]), float(rect.attrib["y"]))
    paths = [path.attrib["d"] for path in svg.iter("path") if path.get("class") == "edge"]
    size = (float(svg.attrib["width"]), float(svg.attrib["height"]))
    assert svg.get("viewBox") == "0 0 {:.0f} {:.0f}".format(*size)
    return Drawn(size, corners, [np.concatenate(list(points(path))) for path in paths])


def points(path: str) -> Iterator[np.ndarray]:
    """Yield points along a path of the commands M, C and h."""
    steps = re.findall(r"([MCh])([-\d. ]+)", path)
    assert "".join(f"{sign}{rest}" for sign, rest in steps) == path
    at = np.zeros(2)
    share = np.linspace(0, 1, 41)[:, None]
    for sign, rest in steps:
        numbers = np.array(rest.split(), dtype=float)
        if sign == "M":
            line = numbers[None]
        elif sign == "h":
            line = at + share * np.array([numbers[0], 0.0])
        else:
            a, b, c = numbers.reshape(3, 2)
            line = (1 - share) ** 3 * at + 3 * (1 - share) ** 2 * share * a
            line = line + 3 * (1 - share) * share**2 * b + share**3 * c
        yield line
        at = line[-1]


def meets(arrow: np.ndarray, corner: tuple[float, float]) -> bool:
    x, y = (arrow - corner).T
    return bool(np.any((x > 0) & (x < WIDTH) & (y > 0) & (y < HEIGHT)))


def check(found: Drawn, edges: Edges) -> None:
    """Check that every edge is an arrow from box to box, to the right, that meets no box."""
    ends = {(one, other) for other in edges for one in edges[other] if one in found.boxes}
    seen = set()
    for arrow in found.arrows:
        assert np.all(np.diff(arrow[:, 0]) >= 0)
        assert [name for name, corner in found.boxes.items() if meets(arrow, corner)] == []
        start = {(x + WIDTH, y + HEIGHT / 2): n for n, (x, y) in found.boxes.items()}
        end = {(x - 2, y + HEIGHT / 2): n for n, (x, y) in found.boxes.items()}
        seen.add((start[tuple(arrow[0])], end[tuple(arrow[-1])]))
    assert seen == ends
    assert len(found.arrows) == len(ends)
    every = [np.array(list(found.boxes.values())).reshape(-1, 2), *found.arrows]
    places = np.concatenate(every)
    assert np.all(places >= 0)
    assert np.all(places <= found.size)


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < WIDTH and abs(one[1] - other[1]) < HEIGHT


def check_boxes(found: Drawn) -> None:
    corners = list(found.boxes.values())
    for place, one in enumerate(corners):
        assert not any(overlap(one, other) for other in corners[:place])
        assert 0 < one[0] <= found.size[0] - WIDTH
        assert 0 < one[1] <= found.size[1] - HEIGHT


SKIPPED = {"a": [], "b": ["a"], "c": ["b"], "d": ["c", "b", "a"], "e": ["a", "d"]}


def test_arrows_pass_the_columns_that_they_skip() -> None:
    found = drawn(SKIPPED)
    check(found, SKIPPED)
    check_boxes(found)
    left = [found.boxes[name][0] for name in SKIPPED]
    assert all(one < other for one, other in pairwise(left))


def test_a_column_is_one_behind_the_last_of_those_before() -> None:
    assert columns_of(list("edcba"), SKIPPED) == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}
    assert columns_of(["b", "c"], SKIPPED) == {"b": 0, "c": 1}


@given(
    st.integers(1, 9).flatmap(
        lambda n: st.tuples(*[st.sets(st.integers(0, n - 1)) for _ in range(n)])
    ),
    st.randoms(use_true_random=False),
)
def test_any_graph_without_circle(chosen: tuple[set[int], ...], order: Random) -> None:
    names = [f"n{i}" for i in range(len(chosen))]
    edges = {names[i]: [names[j] for j in sorted(one) if j < i] for i, one in enumerate(chosen)}
    order.shuffle(names)
    found = drawn(edges, names)
    check(found, edges)
    check_boxes(found)


@pytest.mark.parametrize(
    "edges",
    [{"a": ["a"]}, {"a": ["b"], "b": ["a"]}, {"a": ["c"], "b": ["a"], "c": ["b", "d"], "d": []}],
)
def test_a_circle_does_not_hang_and_is_drawn_to_the_right_alone(edges: Edges) -> None:
    found = drawn(edges)
    check_boxes(found)
    assert set(found.boxes) == set(edges)
    for arrow in found.arrows:
        assert np.all(np.diff(arrow[:, 0]) >= 0)


def test_what_is_not_drawn_gets_no_arrow() -> None:
    assert drawn({"a": ["elsewhere"], "b": []}).arrows == []
    empty = drawn({})
    assert (empty.boxes, empty.arrows) == ({}, [])


HOSTILE = "<b>&\"'</b>"


def test_text_addresses_and_titles_are_escaped() -> None:
    svg = draw({"a": Box(HOSTILE, f"page.html#{HOSTILE}")}, {}, HOSTILE)
    assert "<b>" not in svg
    tree = ElementTree.fromstring(svg)
    (link,) = tree.iter("a")
    assert "".join(text.text or "" for text in link.iter("text")) == HOSTILE
    assert link.get("href") == f"page.html#{HOSTILE}"
    assert tree.get("aria-label") == HOSTILE


def lines(text: str) -> list[str]:
    tree = ElementTree.fromstring(draw({"a": Box(text, "a")}, {}, "t"))
    return [str(line.text) for line in tree.iter("text")]


def test_a_long_text_takes_two_lines_and_says_that_it_was_cut() -> None:
    assert lines("short") == ["short"]
    assert lines("word " * 8) == ["word word word word", "word word word word"]
    cut = lines("word " * 9)
    assert cut == ["word word word word", "word word word word …"]
    assert max(map(len, cut)) <= LETTERS


def test_two_drawings_of_a_page_share_no_name() -> None:
    drawings = [draw({}, {}, title) for title in ("one", "two")]
    ids = [re.findall(r'id="([^"]+)"', svg) for svg in drawings]
    assert len({*ids[0], *ids[1]}) == len(ids[0]) + len(ids[1]) == 2
    edged = draw({"a": Box("a", "a"), "b": Box("b", "b")}, {"b": ["a"]}, "one")
    assert f"url(#{ids[0][0]})" in edged


def test_the_map_of_the_real_book() -> None:
    shelf = read_shelf(ROOT)
    edges = {card.slug: card.builds_on for card in shelf.cards}
    found = drawn(edges)
    check(found, edges)
    check_boxes(found)
