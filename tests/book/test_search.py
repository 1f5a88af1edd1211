"""The search: what readers typed and where the answer stands; wrong letters; no server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document
from playwright.sync_api import Browser, Page

from tools.inspection import PATIENCE
from tools.sphinx_runtheory import search

FIRST = 3
# What readers typed in a trial of the book, and addresses that answer: any of them.
ASKED = {
    "cutmix label": ["cutmix/theory"],
    "dropout rate 0.5": ["multi_sample_dropout/theory", "term-dropout-rate"],
    "what is NC1": ["neural_collapse/theory", "term-NC1"],
    "PAC-Bayes": ["pac_bayes/theory", "information_bounds/theory"],
    "mutual information estimator": ["lab_information_plane", "information_bounds/theory"],
    "neural collapse simplex": ["neural_collapse/theory", "term-simplex-frame"],
    "label smoothing": ["label_smoothing/theory", "term-label-smoothing"],
    "binning mutual information": ["lab_information_plane", "information_bounds/theory"],
    "how many masks": ["lab_how_many_samples"],
    "imbalanced classes": ["lab_imbalance", "neural_collapse/theory"],
    "variance of gradient": ["multi_sample_dropout/theory", "term-gradient-variance"],
    "install": ["how_to_use", "own_project"],
    "generalization gap": ["information_bounds/theory", "term-generalisation-gap"],
    "multi sample dropout": ["multi_sample_dropout/theory"],
    "mixup vs cutmix": ["cutmix/theory"],
    "solutions": ["/exercises"],
    "neural colapse": ["neural_collapse/", "term-neural-collapse"],
    "lambda_eff": ["cutmix/theory", "term-effective-lambda", "notation"],
    "minority collapse": ["neural_collapse/theory", "term-minority-collapse"],
    "kl_inverse": ["reference/"],
    "draw_cutmix": ["reference/mixing"],
    "donsker varadhan": ["information_bounds/theory"],
}
OURS = {
    "jensen gap": ["multi_sample_dropout/theory", "term-Jensen-gap"],
    "corrected resampled t-test": ["comparing_classifiers/"],
    "label smothing": ["label_smoothing/theory", "term-label-smoothing"],
    "how to cite": ["book/cite"],
    "screen reader": ["book/accessibility"],
    "inoue 2019": ["bibliography"],
    "twin of a claim": ["book/claims", "term-twin"],
    "gaussian dropout": ["gaussian_dropout/theory", "term-Gaussian-dropout"],
    "minority merging": ["neural_collapse/theory"],
    "super-sample": ["information_bounds/theory", "term-super-sample"],
}
FOUND = """async (query) => {
  window.runtheorySearch.show(query);
  return [...document.querySelectorAll("ol.search-hits > li > a")].map(a => a.getAttribute("href"));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, origin: str) -> Iterator[Page]:
    opened = browser.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.goto(f"{origin}/search.html?q=masks")
    opened.wait_for_selector("ol.search-hits")
    yield opened
    opened.close()


def hits(page: Page, query: str) -> list[str]:
    return list(page.evaluate(FOUND, query))


def is_answered(page: Page, query: str, wanted: list[str]) -> bool:
    first = hits(page, query)[:FIRST]
    return any(address in hit for hit in first for address in wanted)


def test_nine_of_ten_readers_find_their_answer_among_the_first_three(page: Page) -> None:
    missed = [query for query, wanted in ASKED.items() if not is_answered(page, query, wanted)]
    assert len(missed) <= len(ASKED) // 10, missed


@pytest.mark.parametrize("query", OURS)
def test_queries_of_our_own(page: Page, query: str) -> None:
    assert is_answered(page, query, OURS[query]), hits(page, query)[:FIRST]


def test_a_wrong_letter_is_told(page: Page) -> None:
    assert hits(page, "neural colapse")
    assert "collaps" in page.inner_text(".search-count")
    assert hits(page, "qqqqzzzz") == []
    assert "Nothing holds" in page.inner_text(".search-count")


def test_snippets_hold_no_formula_and_mark_the_words(page: Page) -> None:
    for query in ("variance law", "what is NC1", "lambda_eff"):
        hits(page, query)
        assert "\\" not in page.inner_text("ol.search-hits")
    hits(page, "variance")
    assert "variance" in page.inner_text("ol.search-hits mark >> nth=0").lower()


def test_it_works_without_a_server_and_loads_nothing_before_it_is_used(
    browser: Browser, site: Path
) -> None:
    opened = browser.new_page()
    opened.set_default_timeout(PATIENCE)
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(f"{site.as_uri()}/search.html")
    opened.wait_for_load_state("load")
    assert not any(search.LIST in url for url in asked)
    opened.fill(".bd-search-container input", "masks")
    opened.press(".bd-search-container input", "Enter")
    opened.wait_for_selector("ol.search-hits")
    assert "?q=masks" in opened.url
    assert opened.input_value(".bd-search-container input") == "masks"
    opened.close()


def test_every_hit_is_an_address_of_the_site(page: Page, site: Path) -> None:
    script = "window.runtheorySearch.addresses()"
    texts: dict[str, str] = {}
    for address in set(page.evaluate(script)):
        name, _, anchor = address.partition("#")
        text = texts.setdefault(name, (site / name).read_text(encoding="utf-8"))
        assert not anchor or f'id="{anchor}"' in text, address


def test_a_formula_is_found_as_it_is_typed() -> None:
    assert search.formula_words(r"\lambda_{\mathrm{eff}} = 1") == "lambda_eff"
    assert search.formula_words(r"\hat\mu_{\text{all}} + x") == "mu_all"


@pytest.mark.parametrize("title", ["(A law)", ""])
def test_a_statement_is_called_by_its_kind_and_name(title: str) -> None:
    page = new_document("page")
    words = {"ids": ["one"], "title": title, "realtype": "theorem"}
    page += nodes.section("", nodes.title("", "Page"), nodes.container(**words), ids=["page"])
    found = search.Reader("chapters/one/theory").read(page)
    assert [one.title for one in found] == ["Page", f"Theorem {title}".strip()]


def test_weights() -> None:
    assert search.weight_of("book/release_notes") < search.weight_of("chapters/cutmix/exercises")
    assert search.weight_of("chapters/cutmix/theory") == 1.0
