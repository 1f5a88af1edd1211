"""The drawing of how times grow: places of points, words beside them, peers that are absent."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

from benchmarks.targets import Row
from tools.sphinx_runtheory import growth

FACTORS = (1 / 16, 1 / 4, 1.0, 4.0, 16.0)


def rows(question: str, *, peer: bool = True) -> list[Row]:
    return [
        {
            "question": question,
            "what": f"{question} & more",
            "size": f"{factor:g}",
            "factor": factor,
            "ours_ms": factor,
            "peer": "a peer",
            "peer_ms": 10 * factor if peer else None,
        }
        for factor in FACTORS
    ]


def dots(svg: str) -> list[tuple[float, float]]:
    found = re.findall(r'class="dot" transform="translate\(([\d.-]+) ([\d.-]+)\)"', svg)
    return [(float(x), float(y)) for x, y in found]


def test_times_in_proportion_lie_on_a_line_and_a_tenfold_peer_above() -> None:
    svg = growth.draw(rows("one"))
    ElementTree.fromstring(svg)  # well-formed, the ampersand too
    places = dots(svg)
    ours, peer = places[:5], places[5:]
    assert [x for x, _ in ours] == [0, 60, 120, 180, 240]
    steps = [first[1] - second[1] for first, second in pairwise(ours)]
    assert max(steps) - min(steps) <= 0.21  # of a pixel, by rounding
    assert all(above[1] < below[1] for above, below in zip(peer, ours, strict=True))
    assert "one &amp; more: ours from 0.0625 to 16 ms, a peer from 0.625 to 160 ms" in svg
    assert "from 1/16 to 16 times the usual one" in svg


def test_every_question_has_a_panel_and_an_absent_peer_no_points() -> None:
    svg = growth.draw([*rows("one"), *rows("two", peer=False)])
    assert len(dots(svg)) == 15
    assert svg.count('class="axis"') == 2
