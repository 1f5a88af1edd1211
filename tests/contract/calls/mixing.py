"""Example calls of :mod:`runtheory.mixing`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from runtheory.mixing import CLIPPED, Boxes, CutmixPlan, draw_cutmix, label_rules
from runtheory.mixing.pairing import PairMoments
from runtheory.mixing.patches import PatchCutmixPlan, draw_patch_cutmix
from runtheory.randomness import Streams
from tests.contract.calls.common import doubles, floats, generator, labels, network, shares

Call = Callable[[], dict[str, Any]]

SHAPE = (4, 1, 6, 6)
SIDES = np.array([0.2, 0.5])
POINTS = np.array([0.25, 0.6])
MOMENTS = PairMoments(between=1.0, within=2.0, neighbours=0.1, exchanged=0.2, alone=3.0, shift=0.5)
PLAIN = {"alpha": 1.0}
PLACED = {"alpha": 1.0, "placement": CLIPPED}
SIDED = {"side": SIDES, "placement": CLIPPED}
SIZED = {"height": 6, "width": 5, "alpha": 1.0}


def plan() -> CutmixPlan:
    return draw_cutmix(SHAPE, generator=generator())


def boxes() -> Boxes:
    return plan().boxes


def drawn() -> dict[str, Any]:
    return {"shape": SHAPE, "alpha": 1.0, "probability": 0.5, "generator": generator()}


def mixed() -> dict[str, Any]:
    return {"plan": plan(), "images": floats(*SHAPE), "targets": labels(4, 3), "classes": 3}


def pasted() -> dict[str, Any]:
    draws = label_rules.draw_boxes(4, generator=generator())
    return {"pasted": label_rules.paste(label_rules.EXACT, draws, (6, 6))}


def ruled() -> dict[str, Any]:
    draws = label_rules.draw_boxes(4, generator=generator())
    return {"rule": label_rules.EXACT, "draws": draws, "size": (6, 6)}


def patch_plan() -> PatchCutmixPlan:
    return draw_patch_cutmix(4, 3, generator=generator())


def signs(count: int = 4) -> Tensor:
    return labels(count, 2).double()


def gradients() -> dict[str, Any]:
    return {
        "weights": doubles(3, 37),
        "images": doubles(*SHAPE),
        "labels": labels(4, 3),
        "plan": plan(),
        "batch": 2,
    }


CALLS: dict[str, Call] = {
    "mixing.apply.apply": mixed,
    "mixing.apply.apply_": mixed,
    "mixing.apply.check_batch": lambda: {"images": floats(*SHAPE), "targets": labels(4, 3)},
    "mixing.boxes.check_partners": lambda: {"partner": torch.tensor([1, 2, 0])},
    "mixing.boxes.check_device": lambda: {"planned": boxes().edges, "images": floats(*SHAPE)},
    "mixing.contributions.expected_cutmix_loss": lambda: {
        "contributions": doubles(4, 3),
        "labels": signs(),
    },
    "mixing.contributions.least_contributions": lambda: {
        "labels": signs(2),
        "start": 0.1 * doubles(2, 3),
        "steps": 3,
    },
    "mixing.contributions.even_contributions": lambda: {"patches": 4, "positive": 0.4},
    "mixing.contributions.linear_descent": lambda: {
        "patches": doubles(4, 3, 5),
        "labels": signs(),
        "views": torch.eye(3, dtype=torch.bool),
        "learning_rate": 0.1,
        "steps": 2,
    },
    "mixing.contributions.margin_over_time": lambda: {"rate": 0.5, "time": shares(3).double()},
    "mixing.distributions.area_cdf_given_side": lambda: {"area": 0.1, **SIDED},
    "mixing.distributions.area_density_given_side": lambda: {"area": 0.1, **SIDED},
    "mixing.distributions.area_cdf": lambda: {"area": POINTS, **PLACED},
    "mixing.distributions.area_density": lambda: {"area": POINTS, **PLACED},
    "mixing.distributions.effective_lambda_cdf": lambda: {"value": POINTS, **PLACED},
    "mixing.distributions.effective_lambda_density": lambda: {"value": POINTS, **PLACED},
    "mixing.draw.draw_cutmix": drawn,
    "mixing.draw.draw_mixup": drawn,
    "mixing.draw.draw_cutout": lambda: {"shape": SHAPE, "size": 3, "generator": generator()},
    "mixing.erasing.draw_erasing": lambda: {"shape": SHAPE, "generator": generator()},
    "mixing.erasing.mean_erased_share": lambda: {"area": (0.1, 0.4), "stretch": 3.0},
    "mixing.kernels.mixup_kernel": lambda: dict(PLAIN),
    "mixing.kernels.toroidal_kernel": lambda: {
        "vertical": np.array([0.1, 0.2]),
        "horizontal": np.array([0.3, 0.0]),
        "alpha": 1.0,
    },
    "mixing.kernels.placed_kernel": lambda: {
        "first": (0.2, 0.3),
        "second": (0.5, 0.6),
        **PLACED,
    },
    "mixing.label_rules.draw_boxes": lambda: {"count": 4, "generator": generator()},
    "mixing.label_rules.paste": ruled,
    "mixing.label_rules.label_error": ruled,
    "mixing.label_rules.mean_exchanged_error": lambda: {"pixels": 8},
    "mixing.label_rules.pixel_share": pasted,
    "mixing.label_rules.nominal_share": pasted,
    "mixing.label_rules.whole_pixel_share": pasted,
    "mixing.label_rules.kept_share": pasted,
    "mixing.laws.mean_length_given_side": lambda: dict(SIDED),
    "mixing.laws.mean_square_length_given_side": lambda: dict(SIDED),
    "mixing.laws.mean_area_given_side": lambda: dict(SIDED),
    "mixing.laws.mean_area": lambda: dict(PLACED),
    "mixing.laws.area_variance": lambda: dict(PLACED),
    "mixing.laws.nominal_correlation": lambda: dict(PLACED),
    "mixing.laws.probability_not_clipped": lambda: dict(PLACED),
    "mixing.laws.coverage_given_side": lambda: {"side": SIDES, "position": POINTS},
    "mixing.laws.coverage": lambda: {"vertical": 0.2, "horizontal": 0.7, **PLACED},
    "mixing.laws.coverage_kinks": lambda: {"points": POINTS, "placement": CLIPPED},
    "mixing.laws.label_over_credit": lambda: dict(PLACED),
    "mixing.laws.label_smoothing": lambda: {"probability": 0.5, **PLACED},
    "mixing.laws.batch_mean_variance": lambda: {
        "between": 1.0,
        "within": 2.0,
        "batch": 4,
        "shared": True,
    },
    "mixing.objective.soft_cross_entropy": lambda: {
        "net": nn.Sequential(nn.Flatten(), network(features=4)),
        "images": floats(4, 1, 2, 2),
        "targets": torch.full((4, 2), 0.5),
        "streams": Streams(0),
    },
    "mixing.pairing.cycle_variance": lambda: {"moments": MOMENTS, "batch": 4, "shared": True},
    "mixing.pairing.permutation_variance": lambda: {
        "moments": MOMENTS,
        "batch": 4,
        "shared": True,
    },
    "mixing.pairing.pair_moments": lambda: {"tables": [doubles(4, 4, 2), doubles(4, 4, 2, seed=1)]},
    "mixing.pairing.softmax_gradient": lambda: {
        "weights": doubles(3, 5),
        "inputs": doubles(2, 4, 5),
        "targets": torch.full((2, 4, 3), 1 / 3, dtype=torch.float64),
    },
    "mixing.pairing.batch_gradients": gradients,
    "mixing.pairing.grouped_partners": lambda: {
        "groups": 2,
        "batch": 3,
        "derangement": True,
        "generator": generator(),
    },
    "mixing.pairing.total_variance": lambda: {"values": doubles(5, 3)},
    "mixing.pasting.paste": lambda: {
        "boxes": boxes(),
        "partner": plan().partner,
        "images": floats(*SHAPE),
    },
    "mixing.pasting.is_plain": lambda: {"images": floats(*SHAPE)},
    "mixing.pasting.is_transformed": lambda: {"tensor": floats(3)},
    "mixing.pasting.is_followed": lambda: {"images": floats(*SHAPE)},
    "mixing.patch_network.smooth_leaky": lambda: {"values": floats(4)},
    "mixing.patch_network.patch_logits": lambda: {
        "filters": doubles(2, 5),
        "patches": doubles(4, 3, 5),
    },
    "mixing.patch_network.descend": lambda: {
        "filters": doubles(2, 5),
        "patches": doubles(4, 3, 5),
        "labels": signs(),
        "augment": lambda patches, labels: (patches, labels),
        "learning_rate": 0.1,
        "steps": 1,
    },
    "mixing.patch_network.feature_response": lambda: {
        "filters": doubles(2, 5),
        "features": doubles(3, 5),
    },
    "mixing.patches.orthogonal_patches": lambda: {
        "counts": (2, 1),
        "squared_norms": (4.0, 1.0),
    },
    "mixing.patches.draw_patch_cutmix": lambda: {
        "batch": 4,
        "patches": 3,
        "generator": generator(),
    },
    "mixing.patches.draw_patch_cutout": lambda: {
        "batch": 4,
        "patches": 3,
        "removed": 1,
        "generator": generator(),
    },
    "mixing.patches.apply_patch_cutmix": lambda: {
        "plan": patch_plan(),
        "patches": doubles(4, 3, 5),
        "labels": signs(),
    },
    "mixing.patches.apply_patch_cutout": lambda: {
        "removed": torch.eye(4, 3, dtype=torch.bool),
        "patches": doubles(4, 3, 5),
    },
    "mixing.patches.patch_cutmix_kernel": dict,
    "mixing.patches.patch_cutout_kernel": lambda: {"patches": 4, "removed": 1},
    "mixing.pixel_laws.mean_pixel_share": lambda: dict(SIZED),
    "mixing.pixel_laws.coverage_map": lambda: dict(SIZED),
    "mixing.pixel_laws.probability_of_no_paste": lambda: dict(SIZED),
    "mixing.placement.range_length": lambda: {"placement": CLIPPED, "side": 0.5},
    "mixing.placement.starts_within": lambda: {
        "placement": CLIPPED,
        "side": SIDES,
        "low": SIDES - 0.3,
        "high": SIDES,
    },
    "mixing.placement.pixel_centres": lambda: {"pixels": 4},
    "mixing.plans.blend": lambda: {
        "targets": torch.eye(4),
        "partner": torch.tensor([1, 2, 3, 0]),
        "share": shares(4).double(),
    },
    "mixing.quadrature.check_alpha": lambda: dict(PLAIN),
    "mixing.quadrature.side_moment": lambda: {"alpha": 1.0, "power": 2.0},
    "mixing.quadrature.side_density": lambda: {"alpha": 1.0, "side": SIDES},
    "mixing.quadrature.side_nodes": lambda: {"alpha": 1.0, "order": 4},
    "mixing.quadrature.expect_over_side": lambda: {"function": np.square, "alpha": 1.0},
    "mixing.targets.soft_targets": lambda: {"targets": labels(4, 3), "classes": 3},
    "mixing.targets.mixed_labels": lambda: {
        "targets": labels(4, 3),
        "partner": torch.tensor([1, 2, 3, 0]),
        "share": shares(4).double(),
        "classes": 3,
    },
    "mixing.targets.check_targets": lambda: {"targets": labels(4, 3), "classes": 3},
    "mixing.targets.smooth_targets": lambda: {"targets": torch.eye(4), "amount": 0.1},
    "mixing.variates.beta_variates": lambda: {"alpha": 1.0, "count": 4, "generator": generator()},
    "mixing.variates.draw_partners": lambda: {"count": 4, "generator": generator()},
    "mixing.variates.gate": lambda: {"probability": 0.5, "count": 4, "generator": generator()},
    "mixing.variates.batch_length": lambda: {"shape": (4, 3)},
    "mixing.variates.batch_sizes": lambda: {"shape": SHAPE},
}
