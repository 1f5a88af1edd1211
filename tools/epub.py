"""Make the book's e-book: ``python -m tools.epub``, or ``make epub``.

Sphinx writes the pages, MathJax, the site's own, turns every formula into MathML, and what an
e-book may not hold (scripts) is left out. Where ``epubcheck`` is installed, it has the last word.
"""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import sync_playwright

from runtheory import durable
from tools import browser
from tools.epub_files import (
    KEPT_STYLES,
    STYLE,
    contents_of,
    drawing_of,
    is_kept,
    package_of,
    page_of,
)
from tools.notebooks import ROOT
from tools.sphinx_runtheory.assets import mathjax_folder

NAME = "runnable_theory"
FOLDER = ROOT / "_build" / "epub"
CHECKER = "epubcheck"
FORMULA = re.compile(
    r'<(?P<tag>span|div) class="math notranslate nohighlight"(?P<rest>[^>]*)>'
    r"(?P<body>.*?)</(?P=tag)>",
    re.S,
)
NUMBER = re.compile(r'<span class="eqno">.*?</span>(?=\\\[)', re.S)
SCRIPT = re.compile(r"\s*<script\b.*?</script>|\s*<script\b[^>]*/>", re.S)
RAW = re.compile(r"\\\(|\\\[|\\begin\{")  # what a reader would see of a formula left as TeX
CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.S)
SPACE = re.compile(r">\s+<")
CONVERT = """texts => texts.map(([text, display]) => MathJax.tex2mml(text, { display }))"""
ENTITY = re.compile(r"&[a-zA-Z]+;")  # XHTML's, which an XML reader need not know


class EpubError(RuntimeError):
    """The e-book could not be made, or has a fault."""


def formulas(page: str) -> list[tuple[str, bool]]:
    """Return the TeX of a page's formulas in order, and whether each stands on its own."""
    return [_tex(found) for found in FORMULA.finditer(page)]


def _tex(found: re.Match[str]) -> tuple[str, bool]:
    text = html.unescape(NUMBER.sub("", found["body"])).strip()
    text = text.removeprefix(r"\(").removeprefix(r"\[")
    return text.removesuffix(r"\)").removesuffix(r"\]").strip(), found["tag"] == "div"


def mathml(texts: Sequence[tuple[str, bool]]) -> list[str]:
    """Return each formula as MathML, by the site's MathJax in a browser.

    Raises
    ------
    EpubError
        If a formula cannot be read.
    """
    with ThreadPoolExecutor(1) as own:  # Playwright holds one browser a thread
        made = own.submit(_converted, texts).result()
    for (text, _), one in zip(texts, made, strict=True):
        if "<merror" in one or 'mathcolor="red"' in one:
            raise EpubError(f"no MathML for the formula {text}")
    return [SPACE.sub("><", one) for one in made]


def _converted(texts: Sequence[tuple[str, bool]]) -> list[str]:
    script = (mathjax_folder() / "tex-chtml.js").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        running = browser.start(playwright)
        page = running.new_page()
        page.evaluate("window.MathJax = { startup: { typeset: false } }")
        page.add_script_tag(content=script)
        page.evaluate("MathJax.startup.promise")
        made = [str(one) for one in page.evaluate(CONVERT, [list(one) for one in texts])]
        running.close()
    return made


def with_mathml(page: str, known: dict[tuple[str, bool], str]) -> str:
    """Return a page without scripts and with the formulas as MathML that is ``known``."""

    def one(found: re.Match[str]) -> str:
        number = NUMBER.search(found["body"])
        before = number[0] if number else ""
        tag, rest = found["tag"], found["rest"]
        return f'<{tag} class="math"{rest}>{before}{known[_tex(found)]}</{tag}>'

    return SCRIPT.sub("", FORMULA.sub(one, page))


def raw_formulas(page: str) -> int:
    """Return how many formulas of a page a reader would see as TeX; code is code."""
    return len(RAW.findall(CODE.sub("", page)))


def finish(made: Path) -> bytes:
    """Return the e-book that Sphinx ``made`` as a reader gets it."""
    with zipfile.ZipFile(made) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if is_kept(name)}
    files[KEPT_STYLES[1]] = (ROOT / "book" / "theme" / STYLE).read_bytes()
    pages = {name: data.decode() for name, data in files.items() if name.endswith(".xhtml")}
    texts = list(dict.fromkeys(text for page in pages.values() for text in formulas(page)))
    known = dict(zip(texts, mathml(texts), strict=True))
    kept = set(files)
    pages = {name: page_of(name, with_mathml(page, known), kept) for name, page in pages.items()}
    if faults := list(page_faults(pages)):
        raise EpubError("\n".join(faults))
    files |= {name: page.encode() for name, page in pages.items()}
    for name in [name for name in files if name.endswith(".svg")]:
        files[name] = drawing_of(files[name].decode()).encode()
    nav = pages.get("nav.xhtml", "")
    package = package_of(files["content.opf"].decode(), pages, set(files), nav)
    contents = contents_of(files.get("toc.ncx", b"").decode(), package)
    return _packed({**files, "content.opf": package.encode(), "toc.ncx": contents.encode()})


def page_faults(pages: dict[str, str]) -> Iterator[str]:
    """Yield the pages that are no XML, and those with formulas left as TeX."""
    for name, page in pages.items():
        if raw_formulas(page):
            yield f"{name}: {raw_formulas(page)} formulas are TeX"
        try:
            ElementTree.fromstring(ENTITY.sub("?", page))
        except ElementTree.ParseError as error:
            yield f"{name}: not well-formed, {error}"


def _packed(files: dict[str, bytes]) -> bytes:
    """Return the archive: the type comes first and is not compressed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name in sorted(set(files) - {"mimetype"}):
            archive.writestr(name, files[name])
    return packed.getvalue()


def write_pages() -> Path:
    """Let Sphinx write the e-book and return its file; a warning is an error."""
    program = Path(sys.executable).parent / "jupyter-book"
    builder = ["--builder", "custom", "--custom-builder", "epub"]
    options = [*builder, "--path-output", str(FOLDER), "--all", "-n", "-W"]
    done = subprocess.run([str(program), "build", str(ROOT), *options, "--keep-going"], cwd=ROOT)
    if done.returncode:
        raise EpubError("the pages could not be written; the lines above say why")
    return FOLDER / "_build" / "epub" / f"{NAME}.epub"


def check(book: Path) -> str:
    """Return what epubcheck says of the e-book, or that it was not asked.

    Raises
    ------
    EpubError
        If it finds a fault.
    """
    found = shutil.which(CHECKER)
    if found is None:
        return f"not checked: {CHECKER} is not installed (apt-get install epubcheck)"
    # Debian's is an archive of Java, which not every kernel starts by itself.
    archive = Path(found).resolve().suffix == ".jar"
    command = ["java", "-jar", str(Path(found).resolve())] if archive else [found]
    done = subprocess.run([*command, str(book)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise EpubError(f"{CHECKER} finds fault:\n{(done.stdout + done.stderr)[-4000:]}")
    return f"{CHECKER} finds no fault"


def main() -> int:
    """Make the e-book; the exit status tells whether it could be made."""
    begun = time.monotonic()
    target = FOLDER / f"{NAME}.epub"
    try:
        book = finish(write_pages())
        target.parent.mkdir(parents=True, exist_ok=True)
        durable.write(target, book)
        said = check(target)
    except EpubError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - begun
    print(f"{target.relative_to(ROOT)}: {len(book) / 1e6:.1f} MB, {seconds:.0f} s; {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
