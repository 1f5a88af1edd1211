"""What a reader's browser finds wrong with a page; every function returns faults as sentences."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, Page, Request, Response, Route
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tools import scripts

WIDTHS = (360, 1280)
PATIENCE = 90_000  # milliseconds; a busy machine with two cores typesets slowly
COMPRESSED = {".css", ".html", ".js", ".json", ".svg"}


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve ``folder`` on this machine alone and give its address."""
    handler = partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@dataclass
class Visit:
    """A page open in the browser, and what happened while it was loaded."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    at_first: set[str] = field(default_factory=set)


@contextmanager
def visit(browser: Browser, url: str, *, theme: str = "light") -> Iterator[Visit]:
    """Open ``url``, wait until its formulas and sliders are drawn, and scroll it once to its end.

    Errors of the page and requests to other hosts, which are refused, are among ``faults``;
    ``at_first`` are the files that came before anything was scrolled, ``paths`` all of them.
    """
    context = browser.new_context(viewport={"width": WIDTHS[-1], "height": 900})
    context.add_init_script(scripts.THEME % {"theme": theme})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    parts = urlsplit(url)
    seen = Visit(page, f"{parts.scheme}://{parts.netloc}")
    page.route("**/*", partial(_at_home, seen))
    page.on("pageerror", lambda error: seen.faults.append(f"script error: {error}"))
    page.on("console", lambda line: _note_error(seen, line.type, line.text))
    page.on("response", lambda response: _note_response(seen, response))
    try:
        page.goto(url, wait_until="load")
        page.evaluate(scripts.MATHJAX_DONE)
        if page.evaluate(scripts.STORED_WITHOUT_FIGURE):
            seen.faults.append("sliders are not drawn")
        page.wait_for_load_state("networkidle")
        seen.at_first = set(seen.paths)
        page.evaluate(scripts.READ_THROUGH)
        yield seen
    finally:
        context.close()


def _at_home(seen: Visit, route: Route, request: Request) -> None:
    if request.url.startswith(seen.origin + "/"):
        route.continue_()
    else:
        seen.faults.append(f"request to another host: {request.url}")
        route.abort()


def _note_error(seen: Visit, kind: str, text: str) -> None:
    if kind == "error":
        seen.faults.append(f"console error: {text}")


def _note_response(seen: Visit, response: Response) -> None:
    if response.status >= 400:
        seen.faults.append(f"status {response.status}: {response.url}")
    seen.paths.add(unquote(urlsplit(response.url).path))


def transferred(paths: Iterable[str], site: Path) -> int:
    """Return the bytes sent by a server that compresses text, as the usual hosts of pages do."""
    total = 0
    for path in paths:
        file = site / path.lstrip("/")
        if file.is_file():
            raw = file.read_bytes()
            total += len(gzip.compress(raw, 6)) if file.suffix in COMPRESSED else len(raw)
    return total


def weight_faults(seen: Visit, site: Path, *, at_first: int, whole: int) -> list[str]:
    """Return whether more bytes came than the page may cost, before the first scroll and in all."""
    asked = (("before the first scroll", seen.at_first, at_first), ("in all", seen.paths, whole))
    found = [(words, transferred(paths, site), most) for words, paths, most in asked]
    return [f"{size} bytes {words}, more than {most}" for words, size, most in found if size > most]


def formula_faults(seen: Visit) -> list[str]:
    """Return formulas that are not typeset: raw TeX left in the text, or MathJax's own errors."""
    return [f"formula not typeset: {text}" for text in seen.page.evaluate(scripts.RAW_MATH)]


def image_faults(seen: Visit) -> list[str]:
    """Return images of the content that are broken."""
    return list(seen.page.evaluate(scripts.BROKEN_IMAGES))


def stop_faults(seen: Visit) -> list[str]:
    """Return what a keyboard cannot scroll, and formulas at which the tab key stops for nothing."""
    return list(seen.page.evaluate(scripts.STOPS))


def overflow_faults(seen: Visit) -> list[str]:
    """Return what a narrow and a wide window cut off, and code that the wide one does not show."""
    faults = []
    for width in WIDTHS:
        seen.page.set_viewport_size({"width": width, "height": 900})
        seen.page.wait_for_timeout(50)
        for script in (scripts.TOO_WIDE, scripts.CUT_OFF):
            faults += [f"at {width} px: {text}" for text in seen.page.evaluate(script)]
    return faults + list(seen.page.evaluate(scripts.WIDE_CODE))


def slider_faults(seen: Visit) -> list[str]:
    """Move every slider by keyboard over its range and return the steps that change no picture."""
    faults: list[str] = []
    figures = seen.page.locator(scripts.EXPLORABLE)
    for number in range(figures.count()):
        sliders = figures.nth(number).get_by_role("slider")
        if sliders.count() == 0:
            faults.append(f"explorable {number + 1} has no slider")
        for which in range(sliders.count()):
            faults += _dead_steps(seen.page, number, which)
    return faults


def _dead_steps(page: Page, figure: int, which: int) -> list[str]:
    slider = page.locator(scripts.EXPLORABLE).nth(figure).get_by_role("slider").nth(which)
    slider.scroll_into_view_if_needed()
    slider.focus()
    slider.press("Home")
    faults, steps, name = [], 0, f"slider {which + 1} of explorable {figure + 1}"
    while steps < 100:
        before = page.evaluate(scripts.SHOWN_PICTURE, figure)
        value = slider.input_value()
        slider.press("ArrowRight")
        try:
            page.wait_for_function(scripts.PICTURE_CHANGED, arg=[figure, before], timeout=1500)
        except PlaywrightTimeout:
            if slider.input_value() == value:
                break
            faults.append(f"{name} at step {steps + 1} changes no picture")
        steps += 1
    return faults if steps else [f"{name} does not move"]
