"""What the theme lacks, repaired on pieces of its pages; a second time changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tools.sphinx_runtheory import repairs

ICON = '<script src="../_static/vendor/fontawesome/6/js/all.min.js?digest=1"></script>'
FONT = '<link rel="preload" as="font" crossorigin href="../vendor/fontawesome/6/a.woff2" />'
CARDS = '<link rel="stylesheet" href="../_static/sphinx-design.min.css?v=6" />'
TABS = '<script src="../_static/design-tabs.js?v=f"></script>'
FOLD = '<a class="reference" href="a.html">One</a><details><summary><i></i></summary></details>'
CASES = {
    "language": (
        '<html lang="en" data-content_root="./">',
        '<html lang="en-GB" data-content_root="./">',
    ),
    "title": ("<title>Book &#8212; Book</title>", "<title>Book</title>"),
    "other title": ("<title>Lab &#8212; Book</title>", "<title>Lab &#8212; Book</title>"),
    "icons": (f"a{ICON}{FONT}b", "ab"),
    "cards": (f"a{CARDS}{TABS}b", "ab"),
    "cards in use": (f'{CARDS}<p class="sd-card">c</p>',) * 2,
    "sign": (
        '<i class="fa-solid fa-list"></i>',
        '<i class="fa-solid fa-list" aria-hidden="true"></i>',
    ),
    "script": (
        '<script src="a.js"></script></head>',
        '<script defer="defer" src="a.js"></script></head>',
    ),
    "script that waits": ('<script async src="a.js"></script></head>',) * 2,
    "inline script": ("<script>let a = 1;</script></head>",) * 2,
    "fold": (FOLD, FOLD.replace("<summary>", '<summary aria-label="Pages below: One">')),
    "cell": ('<summary aria-label="Toggle hidden content">', "<summary>"),
    "toggle": (
        '<button class="sidebar-toggle btn" title="Toggle primary sidebar" data-x>',
        '<button class="sidebar-toggle btn" title="Toggle primary sidebar"'
        ' aria-label="Toggle primary sidebar" data-x>',
    ),
    "role": ('<div role="doc-biblioentry">', '<div role="listitem">'),
    "ids": (
        '<div class="proof" id="proof"><section id="proof-content">',
        '<div class="proof"><section>',
    ),
    "module": (
        '<h2><code><span class="pre">runtheory.mixing.laws</span></code></h2>',
        '<h2><code><span class="pre">runtheory.<wbr>mixing.<wbr>laws</span></code></h2>',
    ),
    "short module": ('<code><span class="pre">runtheory.shapes</span></code>',) * 2,
    "other code": ('<code><span class="pre">torch.nn</span></code>',) * 2,
    "search": (
        '<i id="search-input"><i id="search-input">',
        '<i id="search-input"><i id="search-words">',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_repair(case: str, tmp_path: Path) -> None:
    before, after = CASES[case]
    assert repairs.repaired(before, tmp_path / "page.html") == after
    assert repairs.repaired(after, tmp_path / "page.html") == after


def test_a_picture_knows_its_size_waits_and_opens_alone(tmp_path: Path) -> None:
    (tmp_path / "_images").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "_images" / "a.png")
    (tmp_path / "book").mkdir()
    source = "../_images/a.png"
    page = f'<p><img alt="a curve" src="{source}" /></p>'
    done = repairs.repaired(page, tmp_path / "book" / "page.html")
    assert f'<a href="{source}" title="Open the picture alone" class="larger">' in done
    for word in ('width="30" height="20"', 'loading="lazy"', 'alt="a curve"'):
        assert done.count(word) == 1
    assert repairs.repaired(done, tmp_path / "book" / "page.html") == done


@pytest.mark.parametrize(
    ("root", "size"),
    [('width="30pt" height="15.3pt"', 'width="40" height="20"'), ('viewBox="0 0 3 2"', "")],
)
def test_a_drawing_waits_as_well(root: str, size: str, tmp_path: Path) -> None:
    (tmp_path / "_images").mkdir()
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" {root} version="1.1"/>'
    (tmp_path / "_images" / "a.svg").write_text(drawing, encoding="utf-8")
    page = '<img alt="a" src="_images/a.svg" style="width: 80%;" />'
    done = repairs.repaired(page, tmp_path / "page.html")
    assert 'loading="lazy"' in done
    assert size in done
    assert done.count(" height=") == bool(size)
    assert "<a " not in done
    assert repairs.repaired(done, tmp_path / "page.html") == done


def test_a_picture_that_leads_elsewhere_keeps_its_link(tmp_path: Path) -> None:
    (tmp_path / "_images").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "_images" / "a.png")
    page = '<a href="lab.html"><img alt="a" src="_images/a.png" /></a>'
    done = repairs.repaired(page, tmp_path / "page.html")
    assert done.count("<a ") == 1
    assert 'width="30"' in done


def test_colours_are_known_before_the_first_paint(tmp_path: Path) -> None:
    theme = (
        '<script data-cfasync="false">\n document.documentElement.dataset.mode = '
        'localStorage.getItem("mode") || "";\n document.documentElement.dataset.theme = "";\n'
        "</script></head>"
    )
    done = repairs.repaired(theme, tmp_path / "page.html")
    assert "prefers-color-scheme" in done
    assert done.count("<script") == 1
    assert repairs.repaired(done, tmp_path / "page.html") == done
