"""Two networks run in a page: its numbers are PyTorch's, and nothing comes before a click."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page, Position, expect

from runtheory import data, records
from tests.book import tiny_book
from tests.book.test_explorables import COLOURS, THEME
from tools import access, inspection
from tools import network as networks
from tools.inspection import PATIENCE, visit
from tools.sphinx_runtheory import network

PAGE = """<!doctype html><html lang="en-GB" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>t</title>{colours}
<link rel="stylesheet" href="explorables.css"><script defer src="explorables.js"></script>
<script defer src="network.js"></script></head>
<body><main><h1>h</h1><article>{body}</article></main></body></html>"""
FIGURE = (*network.FILES, network.SCRIPT)
MOST = 16_000_000  # bytes that a click may cost
# Boxes inside the image, over a border, over a corner, none, and all of it.
BOXES = [
    {"around": 8, "inside": 0, "top": 14, "left": 14, "side": 14},
    {"around": 3, "inside": 7, "top": 2, "left": 9, "side": 16},
    {"around": 9, "inside": 5, "top": 28, "left": 0, "side": 22},
    {"around": 1, "inside": 6, "top": 20, "left": 5, "side": 0},
    {"around": 2, "inside": 4, "top": 14, "left": 14, "side": 28},
]


def write(folder: Path) -> Path:
    for name in FIGURE:
        shutil.copy(THEME / name, folder / name)
    network.write_assets(folder / "network")
    (folder / "favicon.ico").write_bytes(b"")
    (folder / "still.png").write_bytes(network.still())
    page = folder / "page.html"
    body = network.fragment("still.png")
    page.write_text(PAGE.format(colours=COLOURS, body=body), encoding="utf-8")
    return page


@contextmanager
def opened(browser: Browser, page: Path, **settings: Any) -> Iterator[Page]:
    """Open a page from its file, and let no error of it pass."""
    context = browser.new_context(**settings)
    shown, errors = context.new_page(), []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.goto(page.as_uri())
    yield shown
    context.close()
    assert errors == []


def load(page: Page) -> None:
    page.get_by_role("button", name="Load the two networks").press("Enter")
    page.locator("p.loading", has_text="The networks are loaded").wait_for(timeout=PATIENCE)


def mix(page: Page, *, around: int, inside: int, top: int, left: int, side: int) -> None:
    """Move the controls, and wait until the table tells of where they stand."""
    page.get_by_label("image", exact=True).select_option(str(around))
    page.get_by_label("image in the box", exact=True).select_option(str(inside))
    page.get_by_label("from the left").fill(str(left))
    page.get_by_label("from the top").fill(str(top))
    page.get_by_label("side of the box").fill(str(side // 2))
    rows, columns = (
        sum(abs(at + 0.5 - centre) < side / 2 for at in range(28)) for centre in (top, left)
    )
    label = [0.0] * 10
    label[around] += 1 - rows * columns / 784
    label[inside] += rows * columns / 784
    column = page.locator("tbody td:nth-child(2)")  # filled together with the answers
    expect(column).to_have_text([f"{share:.4f}" for share in label], timeout=PATIENCE)


def shown(page: Page) -> torch.Tensor:
    """Return the numbers of the page's table: label and two probabilities for each class."""
    rows = page.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].slice(1).map(cell => cell.textContent))"
    )
    return torch.tensor([[float(text) for text in row] for row in rows], dtype=torch.float64).T


def expected(box: dict[str, int]) -> torch.Tensor:
    return networks.stored()(networks.mixed(**box))[0].double()


def test_the_page_says_what_pytorch_says(browser: Browser, tmp_path: Path) -> None:
    """From a file, where a browser fetches nothing; four decimals, so half of one is rounding."""
    with opened(browser, write(tmp_path)) as page:
        load(page)
        for box in BOXES:
            mix(page, **box)
            label, *evidence = shown(page)
            torch.testing.assert_close(torch.stack(evidence), expected(box), rtol=0, atol=1e-4)
            assert label.sum() == pytest.approx(1, abs=1e-4)


def test_the_label_follows_the_pixels(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path)) as page:
        load(page)
        mix(page, around=3, inside=7, top=2, left=9, side=16)  # rows 0 to 10, columns 1 to 17
        cells = page.locator("tbody tr td:nth-child(2)").all_text_contents()
        assert [cells[3], cells[7]] == [f"{1 - 160 / 784:.4f}", f"{160 / 784:.4f}"]
        mix(page, around=4, inside=4, top=14, left=14, side=14)
        assert page.locator("tbody tr td:nth-child(2)").nth(4).text_content() == "1.0000"


def test_without_a_click_the_first_answer_is_told(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path)) as page:
        assert page.get_by_role("slider").count() == 0
        assert page.get_by_role("img", name=network.TITLE).is_visible()
        found = shown(page)
        torch.testing.assert_close(found[1:], expected(networks.START), rtol=0, atol=1e-4)
        assert found[0].tolist() == pytest.approx(network.labels(), abs=1e-4)


def test_what_is_stored_is_what_the_weights_say() -> None:
    evidence, told = networks.stored(), network.stored()
    fresh = networks.figure(evidence, told["processor_seconds"])
    for name in ("evidence", "accuracy"):
        assert torch.tensor(told[name]).allclose(torch.tensor(fresh[name]), atol=1e-4)
    assert {**told, "evidence": 0, "accuracy": 0} == {**fresh, "evidence": 0, "accuracy": 0}


def test_the_networks_are_runs_of_the_record() -> None:
    """Another processor rounds otherwise, and 4,000 steps let that grow: to two points at most."""
    record = records.read("cutmix/mixing_family")
    cell = networks.CELL
    for arm, accuracy in zip(networks.ARMS, network.stored()["accuracy"], strict=True):
        rows = record.select(mixing=arm, steps=cell.steps, step=cell.steps, seed=cell.seed)
        assert accuracy == pytest.approx(rows[0]["test_accuracy"], abs=0.02)
    assert len(data.load("fashion-mini").test_labels) == 5000


def test_nothing_comes_before_the_click(
    browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    write(tmp_path)
    with visit(browser, f"{folder_origin}/page.html") as seen:
        assert not [path for path in seen.paths if path.startswith("/network/")]
        load(seen.page)
        came = {path for path in seen.paths if path.startswith("/network/")}
        assert came == {f"/network/{name}" for name in network.assets()}
        assert sum(map(len, network.assets().values())) < MOST
        assert len(network.fragment("still.png")) < 3000  # what the page itself has of it
        assert seen.faults == []


@pytest.mark.parametrize("asked", [False, True])
def test_a_figure_without_fault(
    asked: bool, browser: Browser, folder_origin: str, tmp_path: Path
) -> None:
    write(tmp_path)
    with visit(browser, f"{folder_origin}/page.html") as seen:
        if asked:
            load(seen.page)
            assert seen.page.get_by_role("slider").count() == 3
        seen.page.locator("summary").click()
        assert seen.faults == []
        assert access.faults(seen.page) == []
        assert access.contrast_faults(seen.page, theme="dark") == []
        assert inspection.stop_faults(seen) == []
        assert inspection.slider_faults(seen) == []
        assert inspection.overflow_faults(seen) == []


def test_the_keyboard_does_all_and_the_answer_is_said(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path)) as page:
        load(page)
        slider = page.get_by_role("slider", name="from the left")
        assert slider.evaluate("slider => slider === document.activeElement")
        slider.press("ArrowRight")
        live = page.locator("[aria-live=polite]")
        expect(live).to_contain_text("from the left (pixels): 15; ", timeout=PATIENCE)
        said = live.inner_text()
        label, none, cutmix = said.split("; ")[1:]
        box = {**networks.START, "left": 15}
        assert said.startswith("centre of the box, from the left (pixels): 15; ")
        assert label == "label: Bag 0.75, T-shirt/top 0.25"
        for text, row in zip((none, cutmix), expected(box), strict=True):
            numbers = [float(number) for number in re.findall(r"\d\.\d\d", text)]
            assert numbers[:2] == pytest.approx([row[8].item(), row[0].item()], abs=0.0051)


def test_a_pointer_places_the_box(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path)) as page:
        load(page)
        image = page.locator(".mixed svg")
        image.scroll_into_view_if_needed()
        area = image.bounding_box()
        image.click(position=Position(x=area["width"] / 2, y=area["height"] * 16 / 40))
        for way, place in (("left", "14"), ("top", "10")):
            expect(page.get_by_label(f"from the {way}")).to_have_value(place, timeout=PATIENCE)


def test_what_cannot_be_loaded_is_said_and_may_be_asked_again(
    browser: Browser, tmp_path: Path
) -> None:
    page_file = write(tmp_path)
    (tmp_path / "network" / "networks.js").rename(tmp_path / "away.js")
    with opened(browser, page_file) as page:
        page.get_by_role("button", name="Load the two networks").click()
        page.locator("p.loading", has_text="cannot run here").wait_for()
        assert page.get_by_role("img", name=network.TITLE).is_visible()
        (tmp_path / "away.js").rename(tmp_path / "network" / "networks.js")
        load(page)


def test_without_scripts_there_are_picture_and_table(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path), java_script_enabled=False) as page:
        image = page.locator("article img")
        assert image.is_visible()
        assert image.get_attribute("alt") == network.words()
        assert page.locator("tbody tr").count() == 10


def test_on_paper_there_is_the_picture_or_the_figure(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path)) as page:
        page.emulate_media(media="print")
        assert page.get_by_role("img", name=network.TITLE).is_visible()
        assert page.locator("td").first.is_visible()
        assert not page.get_by_role("button", name="Load the two networks").is_visible()
        page.emulate_media(media="screen")
        load(page)
        page.emulate_media(media="print")
        assert page.locator("g.data .bars").count() == 20
        assert not page.get_by_role("slider").first.is_visible()


def test_the_runtime_is_the_one_of_the_registry() -> None:
    told = (network.RUNTIME / "README.md").read_text(encoding="utf-8")
    loader = (network.RUNTIME / network.LOADER).read_bytes()
    program = gzip.decompress((network.RUNTIME / network.PROGRAM).read_bytes())
    for content in (loader, program):
        assert hashlib.sha256(content).hexdigest() in told
    version = re.search(rb"ONNX Runtime Web v([\d.]+)", loader)[1].decode()
    licences = (networks.ROOT / "LICENSES" / "README.md").read_text(encoding="utf-8")
    assert f"onnxruntime-web {version}" in told
    assert f"onnxruntime-web {version}" in licences


def with_figure(book: Path) -> Path:
    theory = book / "chapters" / "two" / "theory.md"
    text = theory.read_text(encoding="utf-8")
    theory.write_text(text + "\n```{network}\n```\n", encoding="utf-8")
    return book


def test_a_page_of_the_book_shows_it(book: Path) -> None:
    done = tiny_book.build(with_figure(book))
    assert done.returncode == 0, done.stdout + done.stderr
    built = tiny_book.page(book, "chapters/two/theory")
    assert built.index("explorables.js") < built.index("network.js")
    assert "network.js" not in tiny_book.page(book, "book/index")
    static = book / "_build" / "html" / "_static" / "network"
    assert {path.name for path in static.iterdir()} == {*network.assets(), *network.NOTICES}
    assert (book / "_build" / "html" / "_images" / "two-networks.png").is_file()


def test_on_paper_a_page_has_picture_and_table(book: Path) -> None:
    done = tiny_book.build(with_figure(book), "--builder", "latex")
    assert done.returncode == 0, done.stdout + done.stderr
    tex = (book / "_build" / "latex" / "runnable_theory.tex").read_text(encoding="utf-8")
    assert rf"\sphinxstylestrong{{{network.TITLE}.}}" in tex
    assert "two-networks.png" in tex or "two-networks}.png" in tex
    assert f"{network.labels()[0]:.4f}" in tex
