"""What a stranger does: build the wheel, install it into an empty folder, run the page's blocks."""

from __future__ import annotations

import ast
import doctest
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.api import Offer, canonical, modules
from tools.notebooks import ROOT
from tools.sphinx_runtheory.reference import ASKED, chosen

PAGE = ROOT / "book" / "own_project.md"
# What the two blocks for other frameworks ask of them, and nothing else.
TRANSFORMERS = """
import torch

class Trainer:
    def __init__(self, *, model, train_dataset):
        self.model, self.train_dataset = model, train_dataset

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        raise NotImplementedError

    def train(self):
        descent = torch.optim.AdamW(self.model.parameters())
        for start in range(0, len(self.train_dataset), 8):
            rows = self.train_dataset[start : start + 8]
            inputs = {key: torch.stack([row[key] for row in rows]) for key in rows[0]}
            loss = self.compute_loss(self.model, inputs, num_items_in_batch=None)
            descent.zero_grad()
            loss.backward()
            descent.step()
        whole = self.compute_loss(self.model.eval(), inputs, return_outputs=True)
        assert len(whole) == 2 and len(whole[1]) == 8
"""
LIGHTNING = """
from torch import nn

class LightningModule(nn.Module):
    current_epoch = 0

class Trainer:
    def __init__(self, *, max_epochs):
        self.max_epochs = max_epochs

    def fit(self, module):
        descent = module.configure_optimizers()
        loader = module.train_dataloader()
        for module.current_epoch in range(self.max_epochs):
            module.on_train_epoch_start()
            for index, batch in enumerate(loader):
                loss = module.training_step(batch, index)
                descent.zero_grad()
                loss.backward()
                descent.step()
"""
RUN = """
import contextlib, io, pathlib, runpy, sys
import runtheory
assert "runtheory_wheel" in runtheory.__file__, runtheory.__file__
for path in sorted(pathlib.Path("blocks").glob("*.py")):
    print(path.stem, flush=True)
    with contextlib.redirect_stdout(io.StringIO()):  # figures and verdicts
        runpy.run_path(str(path), run_name="__main__")
"""


def blocks() -> list[str]:
    """Return the Python blocks of the page."""
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, and the wheel in its ``runtheory_wheel``, as pip lays it there."""
    place = tmp_path_factory.mktemp("own")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (place / "dist").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile"]
    target = ["--target", str(place / "runtheory_wheel"), str(wheel)]
    subprocess.run([*install, *target], check=True, capture_output=True)
    return place


def run(folder: Path, code: str) -> str:
    """Run ``code`` in the folder, where the wheel comes before everything else."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "runtheory_wheel"),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_what_functions_look_up_and_no_page(folder: Path) -> None:
    (wheel,) = (folder / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "runtheory/py.typed" in names
    pages = [name for name in names if name.endswith((".ipynb", ".md", ".svg"))]
    assert [name for name in pages if "dist-info" not in name] == []
    inside = {name.removeprefix("runtheory/_book/") for name in names if "/_book/" in name}
    looked_up = ("results/*/*.json", "chapters/*/claims.toml", "chapters/*/chapter.toml")
    files = [path for pattern in looked_up for path in ROOT.glob(pattern)]
    assert inside >= {path.relative_to(ROOT).as_posix() for path in files}
    assert wheel.stat().st_size < 10_000_000


def test_records_and_ledgers_are_found_in_the_wheel(folder: Path) -> None:
    code = "from runtheory import ledger, records; print(len(records.names()), ledger.find"
    said = run(folder, code + "('cutmix/pasted-area').kind)")
    assert said.split() == [str(len(list(ROOT.glob("results/*/*.json")))), "law"]


def test_the_blocks_of_the_page_run_beside_the_wheel(folder: Path) -> None:
    (folder / "blocks").mkdir()
    (folder / "transformers.py").write_text(TRANSFORMERS, encoding="utf-8")
    (folder / "lightning.py").write_text(LIGHTNING, encoding="utf-8")
    for number, block in enumerate(blocks()):
        (folder / "blocks" / f"block_{number:02}.py").write_text(block, encoding="utf-8")
    said = run(folder, RUN).split()
    assert said == [f"block_{number:02}" for number in range(len(blocks()))]
    assert len(said) >= 10


def shown_on(page: Path) -> list[Offer]:
    """Return the definitions of a page of the reference whose docstring holds an example."""
    asked = " ".join(ASKED.findall(page.read_text(encoding="utf-8")))
    offers = [offer for module in chosen(asked, ROOT) for offer in module.offers]
    return [offer for offer in offers if ">>> " in offer.doc]


def test_an_example_of_each_page_of_the_reference_runs_beside_the_wheel(folder: Path) -> None:
    """One example a page, copied as it stands, each from empty names."""
    first = {page.stem: shown_on(page)[:1] for page in (ROOT / "book/reference").glob("*.rst")}
    assert [page for page, offers in first.items() if not offers] == []
    parser = doctest.DocTestParser()
    docs = [offer.doc for offers in first.values() for offer in offers]
    sources = ("".join(one.source for one in parser.get_examples(doc)) for doc in docs)
    asked = 'import runtheory; assert "runtheory_wheel" in runtheory.__file__'
    run(folder, "\n".join([asked, *(f"exec({source!r}, {{}})" for source in sources)]))
    assert len(docs) >= 16


def test_every_name_that_the_page_imports_is_there() -> None:
    known = modules(ROOT)
    for block in blocks():
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("runtheory"):
                for alias in node.names:
                    dotted = f"{node.module}.{alias.name}"
                    home, _, name = canonical(dotted, known).rpartition(".")
                    assert dotted in known or name in {one.name for one in known[home].offers}
