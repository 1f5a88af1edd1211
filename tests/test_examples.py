"""The examples of the docstrings run, each from nothing, and what users call first has one."""

from __future__ import annotations

import ast
import doctest
import inspect
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from tools.api import Module, canonical, modules
from tools.notebooks import ROOT

# What users call first, by the names that they import.
FIRST = (
    "runtheory.collapse.ClassStatistics",
    "runtheory.collapse.class_statistics",
    "runtheory.collapse.collapse_measures",
    "runtheory.collapse.simplex_frame",
    "runtheory.collapse.variability_collapse",
    "runtheory.data.assemble",
    "runtheory.data.load",
    "runtheory.data.normalise",
    "runtheory.dropout.MultiSampleDropout",
    "runtheory.dropout.MultiSampleObjective",
    "runtheory.dropout.apply_masks",
    "runtheory.dropout.best_samples",
    "runtheory.dropout.draw_masks",
    "runtheory.dropout.mean_of_losses",
    "runtheory.dropout.sample_logits",
    "runtheory.evaluation.accuracy",
    "runtheory.evaluation.area_under_curve",
    "runtheory.evaluation.brier_score",
    "runtheory.evaluation.expected_calibration_error",
    "runtheory.evaluation.fast_gradient_sign",
    "runtheory.evaluation.fit_temperature",
    "runtheory.evaluation.intersection_over_union",
    "runtheory.evaluation.predict",
    "runtheory.exercises.fault",
    "runtheory.factorial.holm",
    "runtheory.information.binary_divergence",
    "runtheory.information.binned_entropy",
    "runtheory.information.difference_bound",
    "runtheory.information.draw_super_samples",
    "runtheory.information.gaussian_kl",
    "runtheory.information.kl_bound",
    "runtheory.information.kl_inverse",
    "runtheory.information.linear_certificate",
    "runtheory.information.module_certificate",
    "runtheory.information.neighbour_information",
    "runtheory.information.noisy_information",
    "runtheory.information.plug_in_information",
    "runtheory.information.super_sample_bounds",
    "runtheory.information.wasserstein",
    "runtheory.intervals.Paired",
    "runtheory.intervals.mean_interval",
    "runtheory.ledger.find",
    "runtheory.mixing.Collate",
    "runtheory.mixing.apply",
    "runtheory.mixing.draw_cutmix",
    "runtheory.mixing.draw_cutout",
    "runtheory.mixing.draw_mixup",
    "runtheory.nets.perceptron",
    "runtheory.nets.residual_net",
    "runtheory.nets.small_convnet",
    "runtheory.randomness.Streams",
    "runtheory.randomness.stream",
    "runtheory.records.read",
    "runtheory.training.train",
    "runtheory.verdicts.identity",
)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
KNOWN = modules(ROOT)
WITH_EXAMPLES = [name for name, one in KNOWN.items() if ">>>" in one.path.read_text("utf-8")]


class Finder(doctest.DocTestFinder):
    """Finds the examples of functions that a decorator of another module has wrapped, too."""

    def _from_module(self, module: ModuleType | None, object: Any) -> bool:
        whole = inspect.unwrap(object) if callable(object) else object
        return bool(super()._from_module(module, whole))  # type: ignore[misc]


def examples(module: ModuleType) -> list[doctest.DocTest]:
    """Return the examples of a module; none sees a name that it has not imported itself."""
    found = Finder().find(module, module.__name__, globs={})
    return [test for test in found if test.examples]


def shown(module: Module) -> int:
    """Count the docstrings of a module that hold an example, private ones too."""
    tree = ast.parse(module.path.read_text(encoding="utf-8"))
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    nodes = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return sum(">>> " in (ast.get_docstring(node) or "") for node in nodes)


def documented(dotted: str) -> str:
    """Return the docstrings of a definition and of its members."""
    home, _, name = canonical(dotted, KNOWN).rpartition(".")
    offer = next(one for one in KNOWN[home].offers if one.name == name)
    return "\n".join([offer.doc, *(member.doc for member in offer.members)])


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_run(name: str) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    tests = examples(import_module(name))
    for test in tests:
        runner.run(test, out=said.append)
    assert not said, "".join(said)
    assert len(tests) == shown(KNOWN[name]), "not every docstring with an example was run"


@pytest.mark.parametrize("dotted", FIRST)
def test_what_users_call_first_has_an_example(dotted: str) -> None:
    assert ">>> " in documented(dotted)


def test_an_example_that_lies_is_seen() -> None:
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "liar", None, 0)
    assert doctest.DocTestRunner().run(test, out=lambda _: None).failed == 1
