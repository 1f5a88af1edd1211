"""On a GPU: no tensor is left on the CPU, and no function waits for a number without saying so.

Run without a GPU, on tensors without storage (:mod:`tests.contract.devices`), in a process of its
own. What runs on the CPU alone or reads numbers by design is listed with its reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]

NUMBERS = "its result is made of Python numbers"
SEARCH = "a search that ends where its numbers say"
EMPTY = "reads once whether every class has examples and all features were finite"
ESTIMATED = "estimated on the CPU: in NumPy, by sorting, or as Python numbers"
STUDY = "a study of small cases, on the CPU"
MOVED = "optimiser and network are moved together by the caller"
# A name, or a module with all its functions where nearly all of them are alike.
READS = {
    "capacity.*": STUDY,
    "collapse.descent.*": SEARCH,
    "collapse.fitting.best_scale": SEARCH,
    "collapse.hull.one_vs_rest_distances": SEARCH,
    "collapse.meter.measure_collapse": "its batches come from the caller's loader",
    "collapse.minimisers.factor_lengths": "of a model of Python numbers, on the CPU",
    "collapse.naive.pseudo_inverse_variability": "the naive way, in NumPy, to compare with",
    "collapse.near.*": "the sizes of the classes are read from the labels",
    "collapse.decomposition.square_loss_parts": EMPTY,
    "collapse.settled.*": STUDY,
    "collapse.summary.collapse_measures": EMPTY,
    "collapse.variability.*": EMPTY,
    "data.embedded.*": "made once, on the CPU",
    "data.image_set.assemble": "made once, on the CPU",
    "data.image_set.channel_statistics": "made once, on the CPU",
    "dropout.cost.measure_steps": "it times the device, with its own streams",
    "dropout.descent.*": STUDY,
    "dropout.variance.minibatch_variance": "draws from its own streams; " + NUMBERS,
    "dropout.penalties.adaptive_ridge": "PyTorch's least squares has no such run",
    "evaluation.localisation.localise": "boxes of a few pictures; it refuses NaN",
    "evaluation.outliers.area_under_curve": NUMBERS,
    "evaluation.prediction.score_network": "bytes from the CPU are scored a batch at a time",
    "evaluation.temperature.fit_temperature": SEARCH,
    "information.certificates.drawn_networks.mean_drawn_loss": ESTIMATED,
    "information.certificates.two_classes.two_classes": ESTIMATED,
    "information.layers.*": ESTIMATED,
    "information.measures.*": ESTIMATED,
    "information.supersamples.estimates.*": ESTIMATED,
    "information.supersamples.noisy_training.*": ESTIMATED,
    "information.supersamples.symbols.*": ESTIMATED,
    "instruments.collapse.row_space_share": "reads once whether there is any scatter",
    "instruments.rivals.of_another_class": "reads once whether there is another class",
    "instruments.interplay.*": "columns of a record: " + NUMBERS,
    "interplay.gaussian_classes.divergence_kept": STUDY,
    "interplay.mixtures.*": STUDY,
    "interplay.sources.source_variance": STUDY,
    "mixing.contributions.*": STUDY,
    "mixing.overtraining.flow": STUDY,
    "mixing.pairing.*": STUDY,
    "noise.*": STUDY,
    "training.checkpoint.*": "files are read and written on the CPU",
    "training.loop.train": "a row of each epoch holds numbers",
    "training.optimisers.parameter_names": MOVED,
    "training.optimisers.with_first_rates": MOVED,
    "training.run.whole_identity": "a digest of the labels is text",
    "training.stored.*": "files are read and written on the CPU",
    "training.ranks.loss_on_ranks": "DistributedDataParallel exchanges parameters at once",
}


def test_functions_run_where_their_tensors_are() -> None:
    command = [sys.executable, "-m", "tests.contract.devices"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    ran = [one["function"] for one in told if one["became"] == "runs"]
    failed = [one for one in told if one["became"] in ("waits", "fails")]
    print(f"{len(ran)} functions ran, {len(failed)} read numbers or stay on the CPU")
    assert len(ran) >= 60
    unlisted = [
        one for one in failed if not any(fnmatch(one["function"], listed) for listed in READS)
    ]
    assert unlisted == []
    unneeded = [one for one in READS if not any(fnmatch(told["function"], one) for told in failed)]
    assert unneeded == []
