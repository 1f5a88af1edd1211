"""Results that look wrong and are right, each with its reason in words.

An excuse covers what it lists and nothing else: these functions, these arguments, these variants,
and of each what comes. One that excuses nothing any more fails the test.
"""

from __future__ import annotations

from tests.contract.excuse import RESULT, Excuse

NET = "the caller's own network says what it takes"
LEDGER = "KeyError for an id that no ledger lists, as its text says"
STEP = "a step of the scores, which have asked before"
CHECK = "a check that others call asks one thing and returns nothing"
WHERE = "asks where a tensor lies and who follows it, not its numbers"


DOCUMENTED = (
    Excuse(
        NET,
        (
            ("dropout.cost.measure_steps", "images"),
            ("dropout.variance.gradient_variance", "images"),
            ("dropout.variance.minibatch_variance", "images"),
        ),
        {"a last axis of one": "RuntimeError", "one column": "RuntimeError"},
    ),
    Excuse(
        NET,
        (("dropout.gradients.masked_gradients", "images"),),
        {
            "a last axis of one": "RuntimeError",
            "an axis fewer": "RuntimeError",
            "one column": "RuntimeError",
        },
    ),
    Excuse(
        NET,
        (("dropout.monte_carlo.monte_carlo", "inputs"),),
        {
            "a last axis of one": "RuntimeError",
            "one column": "RuntimeError",
            "complex": "NotImplementedError",
            "bools": "RuntimeError",
            "integers": "RuntimeError",
        },
    ),
    Excuse(
        NET,
        (
            ("dropout.oracle.expected_loss", "features"),
            ("evaluation.attack.fast_gradient_sign", "images"),
            ("evaluation.prediction.activations", "images"),
            ("evaluation.prediction.predict", "images"),
            ("evaluation.prediction.score_network", "images"),
            ("instruments.interplay.pair_counts", "images"),
            ("mixing.objective.soft_cross_entropy", "images"),
            ("interplay.sources.source_variance", "mixtures"),
        ),
        {"one column": "RuntimeError"},
    ),
    Excuse(
        NET,
        (("training.loop.classification", "inputs"),),
        {
            "a last axis of one": "RuntimeError",
            "one column": "RuntimeError",
            "complex": "RuntimeError",
            "bools": "RuntimeError",
            "integers": "RuntimeError",
        },
    ),
    Excuse(
        LEDGER,
        (
            ("claims.bound", "claim"),
            ("claims.effect", "claim"),
            ("claims.identity", "claim"),
            ("claims.law", "claim"),
            ("claims.live_slice", "claim"),
        ),
        {"text": "KeyError"},
    ),
    Excuse(
        "OSError, as its text says",
        (("data.cache.read_bounded", "most"),),
        {"negative": "OSError", "zero": "OSError", "one": "OSError"},
    ),
    Excuse(
        "RuntimeError, as its text says",
        (("collapse.near.settle", "limit"),),
        {"one": "RuntimeError"},
    ),
    Excuse(
        CHECK, (("evaluation.metrics.check_scored", "logits"),), {"nan": RESULT, "all nan": RESULT}
    ),
    Excuse(
        CHECK,
        (
            ("mixing.apply.check_batch", "images"),
            ("mixing.boxes.check_device", "images"),
        ),
        {"complex": RESULT, "bools": RESULT, "nan": RESULT, "all nan": RESULT},
    ),
    Excuse(
        CHECK,
        (
            ("mixing.apply.check_batch", "targets"),
            ("mixing.boxes.check_device", "planned"),
        ),
        {"complex": RESULT, "bools": RESULT, "floats": RESULT},
    ),
    Excuse(
        "a value of the axis is text or a number",
        (("comparison.table", "baseline"),),
        {"number": RESULT},
    ),
    Excuse(
        "a patch that is cut out is gone",
        (("mixing.patches.apply_patch_cutout", "patches"),),
        {"nan": RESULT},
    ),
    Excuse(
        "a plot shows where numbers are missing: NaN leaves a gap",
        (
            ("plot.curve_with_interval", "x"),
            ("plot.points_with_interval", "x"),
        ),
        {"nan": RESULT, "all nan": RESULT},
    ),
    Excuse(
        STEP,
        (
            ("evaluation.metrics.each_example", "logits"),
            ("evaluation.metrics.wide_blocks", "logits"),
        ),
        {"empty": RESULT, "one row": RESULT, "a row fewer": RESULT},
    ),
    Excuse(
        STEP,
        (
            ("evaluation.metrics.each_example", "labels"),
            ("evaluation.metrics.wide_blocks", "labels"),
        ),
        {"an axis fewer": "RuntimeError", "complex": RESULT, "bools": RESULT, "floats": RESULT},
    ),
    Excuse(
        "a truth value counts as a number",
        (
            ("exercises.check", "expected"),
            ("exercises.fault", "expected"),
            ("exercises.require", "expected"),
        ),
        {"True": RESULT},
    ),
    Excuse(
        "a wrong answer is what it raises for",
        (("exercises.require", "expected"),),
        dict.fromkeys(("negative", "zero", "large", "list"), "AssertionError"),
    ),
    Excuse(
        "a truth value is the number 1",
        (
            ("claims.bound", "measured"),
            ("claims.identity", "measured"),
            ("claims.bound", "at_most"),
            ("claims.identity", "expected"),
            ("claims.law", "twin"),
        ),
        {"True": RESULT},
    ),
    Excuse(
        WHERE,
        (
            ("mixing.pasting.is_followed", "images"),
            ("mixing.pasting.is_plain", "images"),
            ("mixing.pasting.is_transformed", "tensor"),
        ),
        {"complex": RESULT, "bools": RESULT, "nan": RESULT, "all nan": RESULT},
    ),
    Excuse(
        "boxes may have edges between pixels",
        (
            ("evaluation.localisation.intersection_over_union", "first"),
            ("evaluation.localisation.intersection_over_union", "second"),
        ),
        {"floats": RESULT},
    ),
    Excuse(
        "classes may be texts",
        (
            ("information.supersamples.learners.learner_outcomes", "labels"),
            ("information.supersamples.learners.super_sample_bounds", "labels"),
        ),
        {"texts": RESULT},
    ),
    Excuse(
        "every value has a description",
        (
            ("training.identity.described", "value"),
            ("training.identity.name_of", "what"),
        ),
        {"None": RESULT, "text": RESULT},
    ),
    Excuse(
        "images of any kind of number can be pasted",
        (
            ("mixing.apply.apply", "images"),
            ("mixing.apply.apply_", "images"),
            ("mixing.pasting.paste", "images"),
        ),
        {"complex": RESULT, "bools": RESULT},
    ),
    Excuse(
        "it asks for width and dtype alone",
        (("collapse.naive.fitting_cut", "features"),),
        {"nan": RESULT, "all nan": RESULT},
    ),
    Excuse(
        "no answer equals NaN, and the reader is told so",
        (
            ("exercises.check", "expected"),
            ("exercises.fault", "expected"),
        ),
        {"nan": RESULT},
    ),
    Excuse(
        "one of the two is hidden at each place, NaN or not",
        (("evaluation.occlusion.paste_centre", "foreign"),),
        {"nan": RESULT},
    ),
    Excuse(
        "a row of batches is a step: fewer rows are fewer steps",
        (("noise.low_rank_adaptation.adapters.adapt", "batches"),),
        {"one row": RESULT, "a row fewer": RESULT},
    ),
    Excuse(
        "positions are independent of the sides",
        (("mixing.laws.coverage_given_side", "position"),),
        {"empty": RESULT, "one row": RESULT, "a row fewer": RESULT},
    ),
    Excuse(
        "shapes alone are used",
        (
            ("information.measures.divergences.must_broadcast", "first"),
            ("information.samples.equal_columns", "first"),
            ("information.measures.divergences.must_broadcast", "second"),
            ("information.samples.equal_columns", "second"),
        ),
        {"nan": RESULT, "all nan": RESULT},
    ),
    Excuse(
        "the occluded pixels are gone, NaN or not",
        (("evaluation.occlusion.occlude_boundary", "images"),),
        {"nan": RESULT},
    ),
    Excuse(
        "the two variables need not have one number of coordinates",
        (
            ("information.measures.mutual_information.neighbour_information", "first"),
            ("information.measures.mutual_information.neighbour_information", "second"),
        ),
        {"one column": RESULT},
    ),
    Excuse(
        "their shape alone is used",
        (("information.layers.noisy_layer.noisy_draws", "points"),),
        {"nan": RESULT, "all nan": RESULT},
    ),
    Excuse(
        "a unit that says nothing has a row of NaN, which is left out",
        (("noise.gradient_leakage.reading.agreed_points", "ratios"),),
        {"nan": RESULT, "all nan": RESULT},
    ),
    Excuse(
        "times do not depend on the images' values",
        (("dropout.cost.measure_steps", "images"),),
        {"nan": RESULT, "all nan": RESULT},
    ),
    Excuse(
        "what the inputs are is the matter of the learner",
        (
            ("information.supersamples.learners.learner_outcomes", "inputs"),
            ("information.supersamples.learners.super_sample_bounds", "inputs"),
        ),
        {"complex": RESULT, "texts": RESULT, "nan": RESULT, "all nan": RESULT},
    ),
)


def reason(function: str, argument: str, variant: str, came: str) -> str | None:
    """Return why what came is right, or None."""
    return _REASONS.get((function, argument, variant, came))


_REASONS = {place: excuse.reason for excuse in DOCUMENTED for place in excuse.each()}
