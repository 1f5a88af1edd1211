"""The e-book: formulas as MathML, pages that are XML, no script, a list of files that is right."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tools import epub, epub_files

HEAD = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title>{}</head>'
SCRIPTS = '<script src="_static/x.js"></script><script>a &lt; b</script>'
INLINE = '<span class="math notranslate nohighlight">\\(a_1 \\le b\\)</span>'
BLOCK = (
    '<div class="math notranslate nohighlight" id="equation-e"><span class="eqno">(1)</span>'
    "\\[\\begin{aligned} a &amp;= b \\\\ c &amp;= d \\end{aligned}\\]</div>"
)
PAGE = HEAD.format(SCRIPTS) + f"<body><p>By {INLINE},</p>{BLOCK}<pre>\\(raw\\)</pre></body></html>"
PACKAGE = """<package><dc:identifier id="x">urn:one</dc:identifier>
  <manifest>
    <item href="page.xhtml" id="a" media-type="application/xhtml+xml" />
    <item id="b" href="plain.xhtml" media-type="application/xhtml+xml" />
    <item href="_static/x.js" id="c" media-type="text/javascript" />
  </manifest>
  <spine toc="ncx">
    <itemref idref="a" />
    <itemref idref="c" />
  </spine>
</package>"""
NAV = '<a href="book/../plain.xhtml">Plain</a><a href="page.xhtml#there">Page</a>'


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "book.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("page.xhtml", PAGE)
        archive.writestr("plain.xhtml", HEAD.format("") + "<body><p>Text.</p></body></html>")
        archive.writestr("content.opf", PACKAGE)
        archive.writestr("_static/x.js", "1")
        archive.writestr("nav.xhtml", HEAD.format("") + f"<body>{NAV}</body></html>")
        archive.writestr("toc.ncx", '<ncx><meta name="dtb:uid" content="old"/></ncx>')
    return path


def test_formulas_are_read_with_what_they_are() -> None:
    assert epub.formulas(PAGE) == [
        ("a_1 \\le b", False),
        ("\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}", True),
    ]
    assert epub.raw_formulas(PAGE) == 3  # both of them, and the environment inside


def test_the_finished_book(made: Path, tmp_path: Path, browser: Browser) -> None:
    """Also beside a browser that is open, which Playwright allows once a thread."""
    assert browser.is_connected()
    (tmp_path / "done.epub").write_bytes(epub.finish(made))
    with zipfile.ZipFile(tmp_path / "done.epub") as archive:
        assert archive.namelist()[0] == "mimetype"
        assert "_static/x.js" not in archive.namelist()
        page = archive.read("page.xhtml").decode()
        package = archive.read("content.opf").decode()
        contents = archive.read("toc.ncx").decode()
        assert epub_files.KEPT_STYLES[1] in archive.namelist()
    assert page.count("<math") == 2
    assert epub.raw_formulas(page) == 0
    assert "<script" not in page
    assert 'id="equation-e"><span class="eqno">(1)</span><math' in page
    assert "x.js" not in package
    assert 'id="a" media-type="application/xhtml+xml" properties="mathml" />' in package
    assert 'id="b" href="plain.xhtml" media-type="application/xhtml+xml" />' in package
    # Pages are read in the order of the contents.
    spine = '<spine toc="ncx">\n    <itemref idref="b" />\n    <itemref idref="a" />\n  </spine>'
    assert spine in package
    assert 'content="urn:one"' in contents


def test_heads_and_drawings() -> None:
    box = '<svg width="1"><a class="box x" href="#"><rect/><text x="1">One</text></a></svg>'
    page = f'<head><link rel="stylesheet" href="../_static/no.css" /></head><p id="proof">{box}</p>'
    shown = epub_files.page_of("book/page.xhtml", page, {"book/there.xhtml"})
    assert "no.css" not in shown
    assert 'href="../_static/ebook.css"' in shown
    assert 'id="proof"' not in shown
    assert '<svg xmlns="http://www.w3.org/2000/svg" width="1">' in shown
    assert "<title>One</title>" in shown
    links = '<a class="x" href="there.xhtml#a">here</a> <a href="../gone.xhtml">gone</a>'
    kept = links.replace('<a href="../gone.xhtml">gone</a>', "gone")
    assert epub_files.page_of("book/page.xhtml", links, {"book/there.xhtml"}) == kept
    drawing = '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "a" "b">\n<svg><path id="x"/></svg>'
    expected = '<?xml version="1.0"?>\n<svg><path d="M0 0" id="x"/></svg>'
    assert epub_files.drawing_of(drawing) == expected


def test_a_formula_that_mathjax_does_not_know_is_a_fault() -> None:
    with pytest.raises(epub.EpubError, match=r"nosuchcommand"):
        epub.mathml([(r"\nosuchcommand x", False)])


def test_a_page_that_is_no_xml_is_a_fault() -> None:
    faults = list(epub.page_faults({"a.xhtml": "<p>one<br>two</p>", "b.xhtml": r"<p>\(x\)</p>"}))
    assert faults[0].startswith("a.xhtml: not well-formed")
    assert faults[1] == "b.xhtml: 1 formulas are TeX"


def test_without_the_checker_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in epub.check(tmp_path / "none.epub")
