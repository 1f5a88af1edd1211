"""The book's own Sphinx extension, on a tiny site: claims, buttons, and a build that can fail."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from runtheory.claims import MIME
from tools import links, notebooks
from tools.ledgers import Finding
from tools.sphinx_runtheory.claims import source_text

ADDRESS = "https://github.com/owner/name"
LEDGER = """
[[claim]]
id = "law"
statement = "The mean of $X$ is one half."
source = "thm-one"
kind = "identity"
lab = "lab_one"

[[claim]]
id = "table"
statement = "A number of a paper."
source = "cite:known2020 Table 1"
kind = "effect"
verdict = "inconclusive"
lab = "lab_one"
"""
INDEX = """# A book

Measured {measured}`law`, in full {measured}`law:text`, within {measured}`table:interval`.
"""
TOC = {
    "format": "jb-book",
    "root": "book/index",
    "chapters": [
        {"file": "chapters/01_one/theory"},
        {"file": "chapters/01_one/lab_one"},
        {"file": "book/claims"},
    ],
}


def record(claim: str, verdict: str, interval: list[float] | None = None) -> dict[str, object]:
    return {
        "id": claim,
        "measured": -0.123456,
        "measured_text": "-0.123456 (the tightest of 3 cases)",
        "expected_text": "0.5",
        "tolerance_text": "1e-9",
        "interval": interval,
        "verdict": verdict,
    }


def lab() -> nbformat.NotebookNode:
    records = [record("law", "holds"), record("table", "inconclusive", [-0.5, 1.25])]
    bundles = [{MIME: one, "text/html": "<p>x</p>", "text/plain": "x"} for one in records]
    outputs = [nbformat.v4.new_output("display_data", data=bundle) for bundle in bundles]
    title = nbformat.v4.new_markdown_cell("# Lab one", id="title")
    code = nbformat.v4.new_code_cell("check()", id="check", outputs=outputs, execution_count=1)
    metadata = {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    return nbformat.v4.new_notebook(cells=[title, code], metadata=metadata)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    config = yaml.safe_load((notebooks.ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["local_extensions"] = {"tools.sphinx_runtheory": str(notebooks.ROOT)}
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config))
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(TOC))
    shutil.copytree(notebooks.ROOT / "book" / "theme", tmp_path / "book" / "theme")
    chapter = tmp_path / "chapters" / "01_one"
    chapter.mkdir(parents=True)
    entry = "@article{known2020, author={Known, A.}, title={T}, journal={J}, year={2020}}"
    (tmp_path / "book" / "references.bib").write_text(entry)
    (tmp_path / "book" / "index.md").write_text(INDEX)
    page = "# Claims\n\n```{claims}\n```\n\n```{bibliography}\n```\n"
    (tmp_path / "book" / "claims.md").write_text(page)
    theorem = "# Theory\n\n:::{prf:theorem}\n:label: thm-one\n$a$\n:::\n"
    (chapter / "theory.md").write_text(theorem)
    (chapter / "claims.toml").write_text(LEDGER)
    notebooks.write(lab(), chapter / "lab_one.ipynb")
    return tmp_path


def build(source: Path, address: str = "") -> subprocess.CompletedProcess[str]:
    config = yaml.safe_load((source / "_config.yml").read_text())
    config["repository"]["url"] = address
    (source / "_config.yml").write_text(yaml.safe_dump(config))
    program = Path(sys.executable).parent / "jupyter-book"
    command = [str(program), "build", str(source), "--all", "-n", "-W", "--keep-going"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def page(source: Path, name: str) -> str:
    return (source / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")


def outside(html: str) -> set[str]:
    return set(re.findall(r'(?:href|src)="https?://([^/"]+)', html))


def test_without_an_address(source: Path) -> None:
    done = build(source)
    assert done.returncode == 0, done.stdout + done.stderr
    site = source / "_build" / "html"
    html = page(source, "chapters/01_one/lab_one")
    assert outside(html) == set()
    assert "download-source-button" in html
    assert (site / "_sources" / "chapters" / "01_one" / "lab_one.ipynb").is_file()
    assert list(links.broken(site)) == []
    _claims_are_printed(source)


def _claims_are_printed(source: Path) -> None:
    index = page(source, "book/index")
    row = (
        '<span class="measured"><a class="reference internal" href="claims.html#claim-{}">'
        '<span class="std std-ref">{}</span></a></span>'
    )
    assert row.format("law", "−0.123") in index
    assert row.format("law", "-0.123456 (the tightest of 3 cases)") in index
    assert row.format("table", "[-0.5, 1.25]") in index
    claims = page(source, "book/claims")
    assert 'id="claim-law"' in claims
    assert '<span class="verdict holds">✓ holds</span>' in claims
    assert '<span class="verdict inconclusive">~ inconclusive</span>' in claims
    assert 'href="../chapters/01_one/theory.html#thm-one"' in claims
    assert 'href="../chapters/01_one/lab_one.html"' in claims
    assert "Known" in claims
    assert "Table 1" in claims


def test_with_an_address(source: Path) -> None:
    done = build(source, f"{ADDRESS}/")
    assert done.returncode == 0, done.stdout + done.stderr
    html = page(source, "chapters/01_one/lab_one")
    colab = "https://colab.research.google.com/github/owner/name/blob/main"
    assert f'href="{colab}/chapters/01_one/lab_one.ipynb"' in html
    assert 'href="https://mybinder.org/v2/gh/owner/name/main?' in html
    assert f'href="{ADDRESS}/issues/new?' in html
    assert "download-source-button" in html
    theory = page(source, "chapters/01_one/theory")
    assert outside(theory) == {"github.com"}


@pytest.mark.parametrize("text", ["unknown", "law:colour"])
def test_an_unknown_claim_or_field_fails_the_build(source: Path, text: str) -> None:
    (source / "book" / "index.md").write_text(f"# A book\n\n{{measured}}`{text}`\n")
    done = build(source)
    assert done.returncode != 0
    assert f"{{measured}}`{text}`" in done.stdout + done.stderr


def test_a_claim_without_verdict_or_theorem_fails_the_build(source: Path) -> None:
    more = LEDGER.replace('"law"', '"other"').replace("thm-one", "thm-none").split("\n\n")[0]
    (source / "chapters" / "01_one" / "claims.toml").write_text(f"{LEDGER}\n{more}\n")
    done = build(source)
    assert done.returncode != 0
    assert "no notebook has checked the claim other" in done.stdout + done.stderr
    assert "thm-none" in done.stdout + done.stderr


def test_sources_are_read_as_theorems_or_citations() -> None:
    assert source_text("thm-one") == "{prf:ref}`thm-one`"
    assert source_text("cite:known2020 Table 1") == "{cite:t}`known2020` Table 1"


def test_a_field_that_no_page_prints() -> None:
    finding = Finding("law", Path("x"), 1, record("law", "holds"))
    assert finding.field("interval") == "none"
    with pytest.raises(KeyError):
        finding.field("colour")
