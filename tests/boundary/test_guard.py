"""Calls are asked for what the annotations say, once, in one sentence."""

from __future__ import annotations

import math
import pickle
import typing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jaxtyping import Float, Int64
from torch import Tensor

import runtheory
from runtheory.boundary import checked
from runtheory.boundary.guard import readers_of

if typing.TYPE_CHECKING:
    from nowhere import Unknown  # type: ignore[import-not-found]


@checked
def scored_as_typed(
    logits: Float[Tensor, "batch class"], labels: Int64[Tensor, "batch"], *, rate: float = 0.5
) -> Tensor:
    """Return something of each row."""
    return logits.sum(1) * rate + labels


@checked
def unknown(value: Unknown, count: int, other: Unknown | None = None) -> Unknown:
    return value


scored: Any = scored_as_typed  # calls that a type checker would refuse are the point here
LOGITS, LABELS = torch.ones(4, 3), torch.tensor([0, 1, 2, 0])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: scored(LOGITS, LABELS[:3]), ValueError, "labels must have batch = 4 as logits"),
        (lambda: scored(LOGITS[0], LABELS), ValueError, r"logits .* axes \(batch, class\)"),
        (lambda: scored(LOGITS, LABELS[:, None]), ValueError, r"labels .* got shape \(4, 1\)"),
        (lambda: scored(LOGITS.tolist(), LABELS), TypeError, "logits must be a tensor .* got list"),
        (lambda: scored(LOGITS, LABELS.float()), TypeError, "labels must hold int64, got float32"),
        (lambda: scored(LOGITS, LABELS > 0), TypeError, "labels must hold int64, got bool"),
        (lambda: scored(LOGITS.long(), LABELS), TypeError, "logits must hold floating-point"),
        (lambda: scored(LOGITS, LABELS, rate="x"), TypeError, "rate must be a number, got 'x'"),
        (lambda: scored(LOGITS, LABELS, rate=math.nan), ValueError, "rate must be a number"),
        (lambda: scored(LOGITS, LABELS, rate=True), TypeError, "rate must be a number, got True"),
        (lambda: scored(LOGITS), TypeError, "missing 1 required positional argument"),
    ],
)
def test_what_does_not_fit_is_named(call, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        call()


def test_what_loses_nothing_is_taken() -> None:
    expected = scored(LOGITS, LABELS)
    assert torch.equal(scored(LOGITS, LABELS.to(torch.uint8)), expected)
    assert torch.equal(scored(logits=LOGITS.numpy(), labels=LABELS.int()), expected)
    assert torch.equal(scored(LOGITS, LABELS, rate=np.float32(0.5)), expected)


def test_it_stays_the_function_that_it_was() -> None:
    assert scored.__name__ == "scored_as_typed"
    assert scored.__doc__ == "Return something of each row."
    assert pickle.loads(pickle.dumps(scored)) is scored


def test_it_compiles_whole_and_maps_over_a_batch() -> None:
    expected = scored(LOGITS, LABELS)
    compiled = torch.compile(scored, fullgraph=True, backend="eager")
    assert torch.equal(compiled(LOGITS, LABELS), expected)
    mapped = torch.func.vmap(lambda logits: scored(logits, LABELS))(LOGITS.expand(5, 4, 3))
    assert torch.equal(mapped, expected.expand(5, 4))


def test_a_class_that_only_a_type_checker_imports_is_known_by_its_name() -> None:
    assert readers_of(unknown).keys() == {"value", "count"}
    value = type("Unknown", (), {})()
    assert unknown(value, 1) is value
    with pytest.raises(TypeError, match="value must be an Unknown, got 3"):
        unknown(3, 1)


@checked
def bare(vector: Float[Tensor, feature], other: Unknown | None = None) -> Tensor:
    return vector


def test_an_axis_without_quotes_is_an_axis() -> None:
    assert readers_of(bare).keys() == {"vector"}
    with pytest.raises(ValueError, match=r"vector must have the axes \(feature\)"):
        bare(torch.zeros(2, 3))


def test_nothing_is_asked_twice() -> None:
    package = Path(runtheory.__file__).parent
    sources = [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]
    assert sources
    assert not any("@checked\n@checked\n" in source for source in sources)
