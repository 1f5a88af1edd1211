"""The book's own Sphinx extension, on a tiny site: claims, cards, buttons, builds that can fail."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tests.book import tiny_book
from tests.book.built import ADDRESS, EXTRA, Built, counting
from tests.book.tiny_book import Claim, Edit, ledger, record, shown
from tests.book.tiny_texts import LAW, SUM, TABLE
from tools import links, lists, new
from tools.cards import read_shelf


@pytest.fixture(scope="module")
def plain(good_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The tiny book, built without an address."""
    root = Path(shutil.copytree(good_book, tmp_path_factory.mktemp("plain") / "book"))
    counting(root)
    return Built(root, tiny_book.build(root))


@pytest.fixture(scope="module")
def full(good_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The tiny book with an address, 60 more numbers, 40 more claims, and a skeleton."""
    root = Path(shutil.copytree(good_book, tmp_path_factory.mktemp("full") / "book"))
    (root / "chapters/one/claims.toml").write_text(ledger(LAW, TABLE, SUM, *EXTRA))
    tiny_book.edit(root / "chapters/one/lab_one.ipynb", checked(*EXTRA))
    roles = " ".join(f"{{measured}}`{claim.id}`" for claim in (*EXTRA, *EXTRA[:20]))
    index = root / "book" / "index.md"
    index.write_text(f"{index.read_text(encoding='utf-8')}\n{roles}\n", encoding="utf-8")
    new.lay("three", "limits", root=root)
    counting(root, f"{ADDRESS}/")
    return Built(root, tiny_book.build(root))


def checked(*claims: Claim) -> Edit:
    def change(notebook: NotebookNode) -> None:
        html = {"text/html": "<p>x</p>"}
        notebook.cells[2].outputs += [shown(claim=record(claim), **html) for claim in claims]

    return change


def outside(html: str) -> set[str]:
    return set(re.findall(r'(?:href|src)="https?://([^/"]+)', html))


def test_without_an_address(plain: Built) -> None:
    assert plain.done.returncode == 0, plain.said
    site = plain.root / "_build" / "html"
    for name in ("chapters/one/lab_one", "demos/known_paper"):
        html = plain.page(name)
        assert outside(html) == set()
        assert "download-source-button" in html
        assert (site / "_sources" / f"{name}.ipynb").is_file()
    assert list(links.broken(site)) == []


def test_every_page_of_the_table_of_contents_is_built(plain: Built) -> None:
    listed = re.findall(r"file: (\S+)|root: (\S+)", lists.toc_text(read_shelf(plain.root)))
    site = plain.root / "_build" / "html"
    built = {path.relative_to(site).with_suffix("").as_posix() for path in links.pages(site)}
    assert {one or other for one, other in listed} == built - {"index", "search", "genindex", "404"}
    assert {"demos/known_paper", "book/claims/noise", "chapters/two/lab"} <= built


def test_numbers_are_printed_with_a_link_to_their_claim(plain: Built) -> None:
    index = plain.page("book/index")
    row = (
        '<span class="measured"><a class="reference internal" href="claims/{}.html#claim-{}">'
        '<span class="std std-ref">{}</span></a></span>'
    )
    assert row.format("core", "one-law", "−0.123") in index
    assert row.format("core", "one-law", "-0.123456 (the tightest of 3 cases)") in index
    assert row.format("core", "one-table", "[-0.5, 1.25]") in index
    assert row.format("noise", "known_paper-idea", "−0.123") in index


def test_the_claims_of_a_part(plain: Built) -> None:
    core, noise = (plain.page(f"book/claims/{key}") for key in ("core", "noise"))
    rows = re.findall(r'<tr class="claim-row[^>]*id="claim-([\w-]+)"', core)
    assert rows == ["one-table", "one-law", "one-sum"]  # what does not hold comes first
    assert '<span class="verdict holds">✓ holds</span>' in core
    assert '<span class="verdict inconclusive">~ inconclusive</span>' in core
    assert 'href="../../chapters/one/theory.html#thm-one"' in core
    assert 'href="../../chapters/one/lab_one.html"' in core
    rows = re.findall(r'<tr class="claim-row[^>]*id="claim-([\w-]+)"', noise)
    assert rows == [
        *(f"two-{name}" for name in ("variance", "limit", "record", "gain")),
        "known_paper-idea",
    ]
    assert 'href="../../demos/known_paper.html"' in noise


def test_a_claim_is_printed_with_its_twin_its_levels_and_what_it_could_see(plain: Built) -> None:
    core, noise = (plain.text(f"book/claims/{key}") for key in ("core", "noise"))
    assert "Known [ 2020 ] Table 1" in core
    assert "levels 2.5 against 2.4" in core
    assert "1e-9; would see an effect from 0.3 on" in core
    before, heading, after = core.partition("Checks of the arithmetic of The mean")
    assert heading
    assert "one/sum" in after
    assert "one/sum" not in before
    twin = "The variance falls. Twin: A half of it. (refused by 7 tolerances) two/variance · law ·"
    assert f"{twin} Theorem 2.1 Averages ✓ holds" in noise
    assert "live slice" in noise


def test_a_claim_that_was_stated_after_it_was_seen_says_so(plain: Built) -> None:
    core, noise = (plain.text(f"book/claims/{key}") for key in ("core", "noise"))
    assert re.search(r"two/gain [^✓]*✓ holds stated after it was seen", noise)
    assert noise.count("stated after it was seen") == 1
    assert "stated after it was seen" not in core


def test_the_sums_of_all_claims(plain: Built) -> None:
    head = "Part Claims holds inconclusive contradicted stated after twins refused checks of"
    head += " the arithmetic"
    rows = ["The core 2 1 1 0 0 0 1", "Noise & more 5 5 0 0 1 3 0", "All 7 6 1 0 1 3 1"]
    assert " ".join([head, *rows]) in plain.text("book/claims")


def test_techniques_and_demos_are_listed_part_by_part(plain: Built) -> None:
    index, noise = plain.text("book/index"), plain.text("book/parts/noise")
    one = "The mean [ Known, 2020 ] . What is the mean? Add and divide. A friend would."
    two = "Noise < signal . What does noise do? It is added. It averages out."
    demo = "Demo: A paper’s idea [ Known, 2020 ] . One picture says it."
    assert (
        f"The core . What is known? {one} Noise & more . What does noise do? {two} {demo}" in index
    )
    assert f"{two} Lab: Noise {demo}" in noise
    assert one not in noise
    assert "Where it stops" not in index
    assert 'href="../demos/known_paper.html"' in plain.page("book/demos")
    assert "Noise & more A paper’s idea . One picture says it." in plain.text("book/demos")


def test_the_map_leads_from_page_to_page(plain: Built) -> None:
    index = plain.page("book/index")
    assert 'class="box part-core" href="../chapters/one/theory.html"' in index
    assert 'class="box part-noise" href="../chapters/two/theory.html"' in index
    assert index.count('class="edge"') == 1
    assert "builds on" not in plain.text("book/index")  # the drawing in words is for paper


def test_statements_and_their_verdicts(plain: Built) -> None:
    html, text = plain.page("book/theorems"), plain.text("book/theorems")
    assert 'class="box holds" href="../chapters/one/theory.html#thm-one"' in html
    assert 'class="box holds foreign" href="../chapters/one/theory.html#thm-one"' in html
    assert 'class="box " href="../chapters/one/theory.html#def-mean"' in html
    assert "Theorem 1.2 Half Definition 1.1 Theorem 2.1 ✓ law" in text
    assert "Theorem 2.1 Averages Theorem 1.2 – ✓ variance , ✓ limit" in text


def test_what_a_session_holds_and_the_letters(plain: Built) -> None:
    text = plain.text("book/how")
    assert "The mean 90 the mean of a half Means A mean is a median." in text
    assert "Noise < signal 45 the variance of a mean Noise Noise stays." in text
    assert r"\(X, X_i\) a number" in text
    assert r"\(\mu\) its mean \([0, 1]\) mean" in text
    changing = text.partition("What it means where")[2]
    assert r"\(X\) The mean : \(X, X_i\) a number; Noise < signal : \(X\) a noise" in changing
    assert r"\mu" not in changing


def test_what_did_not_come_out(plain: Built) -> None:
    assert plain.text("book/not_reproduced").endswith(
        "The mean ~ inconclusive : A number of a paper. Measured −0.123 [-0.5, 1.25] "
        "(levels 2.5 against 2.4 ). Why it may differ. Two seeds are few. "
        "What it would take. Fifty seeds. Medians of Known [ 2020 ] were never looked at."
    )


def test_a_page_says_its_code_its_neighbours_and_its_cost(plain: Built) -> None:
    theory, lab = plain.text("chapters/two/theory"), plain.text("chapters/two/lab")
    header = "Code: runtheory.noise.two · Pages: Noise , Exercises · Builds on: The mean"
    assert re.search(rf"About \d min to read {re.escape(header)} After this page", theory)
    said = "runs in 2 processor seconds on a CPU, one thread"
    assert (
        f"· {said} Code: runtheory.noise.two · Pages: Theory , Exercises To run a downloaded copy"
        in lab
    )
    assert f"· {said} To run a downloaded copy" in plain.text("demos/known_paper")


def test_with_an_address(full: Built) -> None:
    assert full.done.returncode == 0, full.said
    colab = "https://colab.research.google.com/github/owner/name/blob/main"
    for name in ("chapters/one/lab_one", "demos/known_paper"):
        html = full.page(name)
        assert f'href="{colab}/{name}.ipynb"' in html
        assert 'href="https://mybinder.org/v2/gh/owner/name/main?' in html
        assert f'href="{ADDRESS}/issues/new?' in html
        assert "download-source-button" in html
    assert outside(full.page("chapters/one/theory")) == {"github.com"}


def test_a_skeleton_is_built(full: Built) -> None:
    assert "Three" in full.text("book/parts/limits")
    assert "Code: runtheory.limits.three" in full.text("chapters/three/theory")
    assert list(links.broken(full.root / "_build" / "html")) == []


def counts(built: Built) -> tuple[dict[str, int], dict[str, int]]:
    opened, called = json.loads((built.root / "counts.json").read_text())
    root = built.root.resolve()
    inside = {Path(name): count for name, count in opened.items() if name.startswith(str(root))}
    return {str(path.relative_to(root)): count for path, count in inside.items()}, called


def test_a_build_reads_everything_once_however_many_numbers_it_prints(
    plain: Built, full: Built
) -> None:
    few, many = (built.page("book/index").count('class="measured"') for built in (plain, full))
    assert (few, many) == (4, 64)
    (opened, called), (opened_again, called_again) = counts(plain), counts(full)
    assert called == called_again == {"read_ledgers": 1, "read_shelf": 1}
    read = ("chapters/", "demos/", "book/references.bib", "book/parts.toml", "book/atlas.toml")
    names = {name for name in opened if name.startswith(read)}
    assert names >= set(sources(plain.root, "*.toml", "*.ipynb", "theory.md"))
    assert {name: opened[name] for name in names} == {name: opened_again[name] for name in names}
    assert opened["chapters/one/solutions.ipynb"] == 1  # no page, so read for its claims alone
    assert opened["book/references.bib"] == 2  # by the bibliography itself as well
    tables = {name: opened[name] for name in names if name.endswith(".toml")}
    demo, others = tables.pop("demos/known_paper.toml"), set(tables.values())
    assert (demo, others) == (2, {1})  # the one file of a demo is card and ledger


def sources(root: Path, *patterns: str) -> Iterator[str]:
    """Yield the files of chapters and demos that pages are made of; solutions are no page."""
    for pattern in patterns:
        for folder in (root / "chapters", root / "demos"):
            yield from (str(path.relative_to(root)) for path in folder.rglob(pattern))


BAD = """# A book

{measured}`unknown`, {measured}`one/unknown`, {measured}`one/law:colour`, {measured}`one/law:name`.

```{claims} nowhere
```
"""


def test_what_is_not_there_fails_the_build(book: Path) -> None:
    more = [replace(LAW, id="one/other", source="thm-none"), replace(LAW, id="one/also")]
    text = ledger(LAW, TABLE, SUM, *more)
    (book / "chapters" / "one" / "claims.toml").write_text(text)
    (book / "book" / "index.md").write_text(BAD)
    done = tiny_book.build(book)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    for text in ("{measured}`unknown`", "{measured}`one/unknown`", "{measured}`one/law:colour`"):
        assert said.count(text) == 1
    assert "one/law:name" not in said
    assert "there is no part nowhere" in said
    assert "no notebook has checked the claim one/other" in said
    assert "no notebook has checked the claim one/also" in said
    assert "thm-none" in said
