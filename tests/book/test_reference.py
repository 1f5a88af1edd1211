"""The reference reads signatures, homes and uses from the source, and shows what is public."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tools.api import Offer, canonical, modules
from tools.notebooks import ROOT
from tools.sphinx_runtheory.reference import homes_at, shown_at
from tools.uses import uses

SHAPES = 'Labels = Int64[Tensor, "batch"]\nLogits = Float[Tensor, "batch class"]\n'
LOSSES = '''
"""Losses."""
from runtheory.shapes import Labels, Logits
Targets = Labels | Logits
LIMIT = 3

def loss(logits: Logits, targets: Targets, *, weight: float = 1.0, **more: int) -> Labels:
    """Return it."""

def _hidden() -> None: ...

@dataclass(frozen=True)
class Plan:
    """Hold it."""
    labels: Labels
    share: float = 0.5
    def draw(self, count: int) -> Labels: ...
    @property
    def size(self) -> int: ...
    def _own(self) -> None: ...
'''
PACKAGE = """
from runtheory.noise.losses import loss
__all__ = ["loss"]
"""


@pytest.fixture
def known(tmp_path: Path):
    package = tmp_path / "src" / "runtheory"
    (package / "noise").mkdir(parents=True)
    (package / "shapes.py").write_text(SHAPES)
    (package / "noise" / "losses.py").write_text(dedent(LOSSES))
    (package / "noise" / "__init__.py").write_text(PACKAGE)
    return modules(tmp_path)


def test_signatures_spell_shapes_out(known) -> None:
    loss, plan = known["runtheory.noise.losses"].offers
    targets = 'Int64[Tensor, "batch"] | Float[Tensor, "batch class"]'
    assert loss.signature.splitlines() == [
        "(",
        '    logits: Float[Tensor, "batch class"],',
        f"    targets: {targets},",
        "    *,",
        "    weight: float = 1.0,",
        "    **more: int,",
        ') -> Int64[Tensor, "batch"]',
    ]
    assert plan.signature == '(labels: Int64[Tensor, "batch"], share: float = 0.5)'
    assert [(one.name, one.kind, one.signature) for one in plan.members] == [
        ("Plan.draw", "method", '(count: int) -> Int64[Tensor, "batch"]'),
        ("Plan.size", "property", ": int"),
    ]


def test_a_name_is_found_where_it_is_defined(known) -> None:
    assert canonical("runtheory.noise.loss", known) == "runtheory.noise.losses.loss"
    assert canonical("runtheory.noise.losses.loss", known) == "runtheory.noise.losses.loss"
    assert canonical("torch.nn.Linear", known) == "torch.nn.Linear"


# What serves the package itself and is nothing to call from outside.
INNER = ("boundary", "checkout", "checks", "tensor_checks", "lazy", "durable", "outcome", "plain")


def test_every_public_module_is_on_a_page() -> None:
    shown = {module.name for module in shown_at(ROOT)}
    inner = tuple(f"runtheory.{name}" for name in INNER)
    missing = [
        module.name
        for module in modules(ROOT).values()
        if module.offers and module.name not in shown and not module.name.startswith(inner)
        if not module.name.startswith("runtheory.recipes")
    ]
    assert missing == []


def test_uses_are_those_of_the_labs() -> None:
    found = uses(ROOT)["runtheory.dropout.laws.variance"]
    assert "chapters/multi_sample_dropout/lab_one_objective" in found.labs
    assert "thm-variance-law" in found.statements


def test_a_name_of_one_word_is_no_link_by_itself() -> None:
    homes = homes_at(ROOT)
    assert homes["kl_inverse"] == "runtheory.information.measures.divergences.kl_inverse"
    assert "names" not in homes
    assert "at_least" not in homes  # it is on no page
    assert "Streams" in homes


def test_an_offer_has_its_full_name() -> None:
    assert Offer("a.b", "C.d", "method", "()", "").full == "a.b.C.d"
