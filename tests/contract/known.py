"""Calls that once gave a wrong number without a word; each must be refused in words.

``python -m tests.contract.known`` prints those that are answered, or refused in other words: in a
process of its own, as a user's, without the tests' import hook.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from runtheory import factorial, intervals, verdicts
from runtheory.collapse.near import NearCollapse
from runtheory.evaluation.prediction import predict
from runtheory.information.certificates.confidence import Confidence
from runtheory.information.ladder.loss_laws import LossLaw
from runtheory.interplay.free_mixing import ShareLaw
from runtheory.mixing import apply, draw_cutout
from tests.contract import outcome, table
from tests.contract.calls.common import array, doubles, floats, generator, labels

NAN = float("nan")


def changed(function: str, **arguments: Any) -> Callable[[], Any]:
    """Return the example call of a function with other arguments."""

    def call() -> Any:
        usual = table.calls()[function]()
        return table.functions()[function](**usual | arguments)

    return call


def _cut_out_of_videos() -> Any:
    plan = draw_cutout((4, 1, 6, 6), size=3, generator=generator())
    return apply(plan, floats(4, 1, 2, 6, 6), labels(4, 3), classes=3)


def _without_spread() -> Any:
    usual = table.calls()["evaluation.prediction.predict"]()
    still = type(usual["statistics"])((0.5,), (0.0,))
    return predict(**usual | {"statistics": still})


def _other_channels() -> Any:
    usual = table.calls()["evaluation.prediction.predict"]()
    images = usual["images"].expand(-1, 3, -1, -1)
    return predict(**usual | {"images": images})


def _assembled(images: torch.Tensor, classes: torch.Tensor) -> Callable[[], Any]:
    return changed("data.image_set.assemble", train=(images, classes))


def _rows_with_nan() -> Any:
    usual = table.calls()["factorial.variance_table"]()
    rows = [dict(row) for row in usual["rows"]]
    rows[0][usual["measure"]] = NAN
    return factorial.variance_table(**usual | {"rows": rows})


BYTES = torch.randint(256, (6, 1, 4, 4), generator=generator(), dtype=torch.uint8)
MASKED = np.ma.masked_array([1.0, 2.0, 9.0], mask=[False, False, True])

CASES: dict[str, Callable[[], Any]] = {
    # certificates
    "one label for all inputs": changed(
        "information.certificates.linear_classifiers.linear_certificate", signs=np.ones(1)
    ),
    "labels as a column": changed(
        "information.certificates.linear_classifiers.linear_gibbs_risks", signs=np.ones((6, 1))
    ),
    "a network's inputs all NaN": changed(
        "information.certificates.stochastic_networks.network_certificate",
        inputs=torch.full((8, 3), NAN),
    ),
    "one label for a network's inputs": changed(
        "information.certificates.stochastic_networks.network_certificate", labels=labels(1, 2)
    ),
    "a label outside the classes": changed(
        "information.certificates.stochastic_networks.network_certificate",
        labels=torch.full((8,), 7),
    ),
    "a draw fewer than none": changed(
        "information.certificates.stochastic_networks.stochastic_risk", draws=-1
    ),
    "a deviation that is NaN": changed(
        "information.certificates.stochastic_networks.stochastic_risk", deviation=NAN
    ),
    "a label of -100 to split": changed(
        "information.certificates.stochastic_networks.split_certificate",
        labels=torch.tensor([0, 1, -100, 1, 0, 1, 0, 1]),
    ),
    "a temperature that is NaN": changed(
        "information.certificates.pac_bayes.catoni_bound", temperatures=(NAN,)
    ),
    "a grid with NaN": changed(
        "information.certificates.linear_classifiers.check_grid", values=(1.0, NAN)
    ),
    "a prior's deviation of NaN": changed(
        "information.certificates.pac_bayes.gaussian_divergence", prior_deviation=NAN
    ),
    "deviations that are NaN": lambda: Confidence(deviations=(NAN,)),
    # evidence
    "a measure that is NaN": _rows_with_nan,
    "p values outside [0, 1]": lambda: factorial.holm([-1.0, 0.04, 2.0]),
    "complex evidence": lambda: verdicts.identity(np.array([1 + 5j]), 1.0, 1e-9),
    "masked evidence": lambda: verdicts.identity(MASKED, 1.0, 1e-9),
    "masked values": lambda: intervals.mean_interval(MASKED),
    # evaluation and data
    "images of other channels than the statistics": _other_channels,
    "a deviation of nought": _without_spread,
    "labels of one half": changed("evaluation.metrics.accuracy", labels=torch.full((6,), 0.5)),
    "labels of truth values": changed(
        "evaluation.metrics.brier_score", labels=torch.ones(6, dtype=torch.bool)
    ),
    "labels of one half to calibrate": changed(
        "evaluation.calibration.expected_calibration_error", labels=torch.full((6,), 0.5)
    ),
    "images that are scaled already": changed(
        "data.image_set.normalise", images=BYTES.float() / 255
    ),
    "labels between classes": _assembled(BYTES, torch.full((6,), 0.5)),
    "labels in a column": _assembled(BYTES, labels(6, 2)[:, None]),
    "images without channels": _assembled(BYTES[:, 0], labels(6, 2)),
    "test images of another size": changed(
        "data.image_set.assemble", test=(BYTES[..., :3], labels(6, 2))
    ),
    "bytes to brighten": changed("evaluation.corruption.brightness", images=BYTES),
    "numbers up to 255 to brighten": changed(
        "evaluation.corruption.brightness", images=BYTES.float()
    ),
    # mixing
    "boxes for images, videos given": _cut_out_of_videos,
    "labels of patches in a column": changed(
        "mixing.patches.apply_patch_cutmix", labels=doubles(4, 1)
    ),
    "a place outside the image": changed(
        "mixing.kernels.placed_kernel", first=(2.0, 3.0), second=(0.5, 0.6)
    ),
    "a place with one coordinate": changed(
        "mixing.kernels.placed_kernel", first=(0.2,), second=(0.4, 0.5)
    ),
    "sides that are none": changed(
        "mixing.laws.coverage_given_side", side=np.array([NAN, 2.0]), position=np.zeros(2)
    ),
    "losses of targets that are none": changed(
        "dropout.objectives.mean_of_losses", targets=torch.full((3, 4), NAN), ignore_index=-100
    ),
    "a batch that is NaN": changed("mixing.laws.batch_mean_variance", between=NAN),
    # information
    "features with a NaN": changed(
        "information.measures.mutual_information.binned_entropy", features=torch.full((4, 2), NAN)
    ),
    "laws of other lengths": changed(
        "information.measures.divergences.discrete_kl",
        first=np.array([0.2, 0.3, 0.5]),
        second=np.ones(1),
    ),
    "a law that is NaN": changed(
        "information.measures.divergences.discrete_kl", first=np.array([NAN, 0.5])
    ),
    "a table of three losses": lambda: LossLaw(np.full((3, 3), 1 / 9)),
    "a table with NaN": lambda: LossLaw(np.array([[NAN, 0.5], [0.25, 0.25]])),
    "classes beyond those named": changed(
        "information.supersamples.symbols.prediction_symbols",
        predictions=torch.tensor([[[0, 3], [1, 1]]]),
        classes=2,
    ),
    "a loss between 0 and 1": changed(
        "information.supersamples.symbols.loss_symbols", losses=torch.full((1, 2, 2), 0.9)
    ),
    "a loss that is NaN": changed(
        "information.supersamples.symbols.difference_symbols", losses=torch.full((1, 2, 2), NAN)
    ),
    "one centre of many axes": changed(
        "information.layers.noisy_layer.information_bracket", centres=floats(1, 5, 2)
    ),
    "float labels with NaN": changed(
        "information.measures.mutual_information.plug_in_information", first=torch.full((12,), NAN)
    ),
    "information of a share that is NaN": changed(
        "information.supersamples.loss_information.difference_information", gained=NAN
    ),
    "samples that are NaN": changed(
        "information.layers.hierarchy.finite_parameter_bound", samples=NAN
    ),
    # dropout
    "targets in a column": changed(
        "dropout.penalties.expected_squared_error", targets=floats(3, 1)
    ),
    "one target for all inputs": changed(
        "dropout.penalties.expected_squared_error", targets=floats(1)
    ),
    "a weight of another width": changed("dropout.penalties.logit_covariance", weight=floats(3, 5)),
    "batches of other lengths": changed(
        "dropout.penalties.jensen_gap", covariance=floats(2, 2, 2).abs()
    ),
    "a batch of none": changed("dropout.variance.minibatch_variance", batch=0),
    "two repetitions": changed("dropout.variance.minibatch_variance", repetitions=2),
    "labels of -100": changed(
        "dropout.variance.gradient_variance", labels=torch.tensor([0, 1, -100, 1])
    ),
    "labels of -100 in a gradient": changed(
        "dropout.gradients.masked_gradients", labels=torch.tensor([0, 1, -100])
    ),
    "labels of -100 in training": changed(
        "training.loop.classification", labels=torch.tensor([0, 1, -100, 1])
    ),
    "more labels than images": changed("dropout.variance.gradient_variance", labels=labels(6, 2)),
    "a number of samples that is NaN": changed("dropout.laws.variance", samples=NAN),
    "a rate of samples that are NaN": changed("dropout.laws.effective_rate", samples=NAN),
    "a mask with a 2": changed(
        "dropout.masks.apply_masks", masks=torch.full((2, 3, 4), 2, dtype=torch.int64)
    ),
    # collapse
    "a bias in a column": changed("collapse.summary.collapse_measures", bias=floats(3, 1)),
    "a bias of one": changed("collapse.summary.collapse_measures", bias=floats(1)),
    "features that are NaN": changed(
        "collapse.geometry.centre_disagreement", features=torch.full((6, 4), NAN)
    ),
    "a classifier of another width": changed(
        "collapse.geometry.self_duality", classifier=floats(3, 1)
    ),
    "means of another width": changed("collapse.geometry.nearest_centre", means=floats(3, 1)),
    "a frame of another size": changed("collapse.geometry.frame_distance", target=floats(1, 1)),
    "a pressure that is NaN": changed(
        "collapse.minimisers.surviving_share", pressure=torch.full((1,), NAN, dtype=torch.float64)
    ),
    "penalties that are NaN": lambda: NearCollapse(labels(6, 2), 2, 0.1, NAN, NAN),
    "classes of truth values": changed(
        "collapse.statistics.class_statistics", labels=torch.ones(12, dtype=torch.bool)
    ),
    # interplay
    "a classifier with an axis more": changed(
        "interplay.free_dropout.evenness", classifier=doubles(3, 4, 1)
    ),
    "classes below nought": changed("interplay.mixtures.plane_share", second=torch.full((5,), -1)),
    "a frame of -1 classes": changed("interplay.free_dropout.dropout_frame", classes=-1),
    "a frame's decay that is NaN": changed(
        "interplay.free_dropout.dropout_frame", decay=(NAN, 0.1)
    ),
    "a fit's decay that is NaN": changed("interplay.fitting.fit_free_mixing", decay=(NAN, 0.1)),
    "a fit's decay without bound": changed(
        "interplay.fitting.fit_free_dropout", decay=(float("inf"), 0.1)
    ),
    "shares that are NaN": lambda: ShareLaw(np.array([NAN, 0.5]), array(2) * 0 + 0.5),
    "counts between integers": changed(
        "interplay.pair_bound.pair_bound", counts={"pairs": 10.9, "gained": 4.9, "lost": 1}
    ),
    "a seed that is no integer": changed("randomness.stream", seed=1.0),
    "a learning rate that is NaN": changed(
        "mixing.contributions.linear_descent", learning_rate=NAN
    ),
    "a Gaussian's deviation that is NaN": changed("data.synthetic.binary_gaussian", deviation=NAN),
}


def main() -> None:
    """Print each case that is not refused in the package's words."""
    for name, call in CASES.items():
        try:
            result = call()
            result = list(result) if inspect.isgenerator(result) else result
        except Exception as error:
            if outcome.of_error(error) != "clear":
                print(f"{name}: {type(error).__name__}: {error}")
        else:
            print(f"{name}: {result!r:.200}")
    print(len(CASES))


if __name__ == "__main__":
    main()
