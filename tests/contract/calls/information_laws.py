"""Example calls of :mod:`runtheory.information`: measures and layers."""

from __future__ import annotations

import numpy as np
import torch

from runtheory.information.layers.contraction import erasure
from runtheory.information.layers.linear_network import LinearNetwork, draw_weights
from runtheory.information.measures.divergences import Gaussian
from tests.contract.calls.common import array, doubles, floats, generator, labels

CHANNEL = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
LAW, OTHER = np.array([0.3, 0.7]), np.array([0.6, 0.4])


def samples(more: int = 0) -> dict:
    return {"first": floats(12, 3), "second": floats(12 + more, 3, seed=1)}


def gaussian(seed: int = 0) -> Gaussian:
    root = doubles(3, 3, seed=seed)
    return Gaussian(doubles(3, seed=seed + 5), root @ root.T + torch.eye(3).double())


def linear_network() -> LinearNetwork:
    return LinearNetwork((doubles(2, 3),), doubles(3, seed=1), 8)


def drawn() -> dict:
    network = linear_network()
    return {"network": network, "weights": draw_weights(network, 2, generator=generator())}


def binned() -> dict:
    return {"features": floats(12, 3), "bins": 4, "low": -2.0, "high": 2.0}


LAYERS: dict = {
    "channels.channel_contraction": lambda: {"channel": CHANNEL},
    "channels.divergence_ratio": lambda: {
        "channel": CHANNEL,
        "first": LAW,
        "second": OTHER,
        "smallest": 1e-7,
    },
    "channels.drop_connect_channel": lambda: {
        "points": array(4, 2),
        "weights": array(3, 2, seed=1),
        "rate": 0.3,
    },
    "channels.dropout_channel": lambda: {
        "width": 2,
        "rate": 0.3,
        "symbols": 2,
        "visible": False,
    },
    "channels.local_contraction": lambda: {"channel": CHANNEL, "law": LAW},
    "channels.product_law": lambda: {"laws": [LAW, OTHER]},
    "contraction.compose": lambda: {"parts": [erasure(0.3), erasure(0.5)]},
    "contraction.dropout": lambda: {"rate": 0.3, "width": 4},
    "contraction.erasure": lambda: {"probability": 0.3},
    "contraction.gaussian_noise": lambda: {"diameter": 2.0, "deviation": 0.5},
    "contraction.safe_log": lambda: {"value": 0.5},
    "contraction.symmetric": lambda: {"flip": 0.2},
    "hierarchy.contracted_bound": lambda: {
        "label": abs(array(4)),
        "content": abs(array(4, seed=1)),
        "coefficients": np.array([0.5, 0.7]),
        "sub_gaussian": 0.5,
    },
    "hierarchy.divergence_bound": lambda: {
        "information": abs(array(3, 4)),
        "divergence": abs(array(3, 4, seed=1)),
        "sub_gaussian": 0.5,
    },
    "hierarchy.known_information_bound": lambda: {
        "information": 1.0,
        "label_entropy": 0.5,
        "coefficient": 0.4,
    },
    "hierarchy.finite_parameter_bound": lambda: {
        "parameters": 5,
        "levels": 2,
        "samples": 9,
        "label_entropy": 0.6,
        "coefficient": 0.5,
    },
    "hierarchy.lipschitz_weights": lambda: {"lipschitz": abs(array(3, 2))},
    "hierarchy.wasserstein_ladder": lambda: {
        "distances": abs(array(5, 3, 4)),
        "lipschitz": abs(array(5, 2, seed=1)),
        "loss_lipschitz": 1.0,
    },
    "layer_information.layer_information": lambda: {
        "features": floats(12, 3),
        "labels": labels(12, 2),
        "noise": 0.5,
        "draws": 3,
        "generator": generator(),
        "chunk": 60,
    },
    "linear_network.draw_clouds": lambda: {
        "network": linear_network(),
        "shift": doubles(3),
        "count": 4,
        "fresh": 2,
        "generator": generator(),
    },
    "linear_network.draw_weights": lambda: {
        "network": linear_network(),
        "draws": 3,
        "generator": generator(),
    },
    "linear_network.layer_distances": lambda: {**drawn(), "noise": 0.5},
    "linear_network.noisy_end_distances": lambda: {
        **drawn(),
        "count": 4,
        "noises": (0.5,),
        "width": 3,
        "generator": generator(),
    },
    "linear_network.point_distances": lambda: {
        **drawn(),
        "count": 4,
        "directions": 5,
        "generator": generator(),
    },
    "masked_gaussians.dropout_share": lambda: {
        "first": gaussian(),
        "second": gaussian(1),
        "rate": 0.3,
    },
    "masked_gaussians.masked_shares": lambda: {
        "first": gaussian(),
        "second": gaussian(1),
        "masks": torch.tensor([[True, False, True], [False, True, True]]),
    },
    "memorisation.memorised_example": lambda: {"depth": 2, "symbols": 3, "rate": 0.5},
    "noisy_layer.information_bracket": lambda: {
        "centres": floats(12, 3),
        "noise": 0.5,
        "chunk": 60,
    },
    "noisy_layer.log_kernels": lambda: {
        "points": doubles(5, 3),
        "centres": doubles(4, 3, seed=1),
        "scale": 0.5,
    },
    "multiplied_layer.multiplied_ceiling": lambda: {"features": floats(12, 3), "noise": 0.5},
    "multiplied_layer.multiplied_information": lambda: {
        "features": floats(12, 3),
        "chances": abs(floats(12)).clamp_max(1),
        "noise": 0.5,
        "draws": 2,
        "generator": generator(),
    },
    "multiplied_layer.unit_information": lambda: {
        "values": [1.0, 2.0],
        "chances": [0.2, 0.9],
        "widths": [0.5, 1.0],
    },
    "noisy_layer.mean_over_draws": lambda: {"terms": doubles(5, 4)},
    "noisy_layer.noisy_draws": lambda: {
        "points": doubles(5, 3),
        "draws": 2,
        "chunk": 20,
        "generator": generator(),
    },
    "noisy_layer.noisy_information": lambda: {
        "centres": floats(12, 3),
        "noise": 0.5,
        "draws": 3,
        "generator": generator(),
        "chunk": 60,
    },
    "noisy_layer.scaled_centres": lambda: {"centres": floats(12, 3), "noise": 0.5},
    "projections.projection_ladder": lambda: {
        "widths": (4, 2),
        "samples": 8,
        "mean": 1.0,
        "generator": generator(),
    },
}

MEASURES: dict = {
    "divergence_estimates.classifier_kl": lambda: {
        **samples(3),
        "generator": generator(),
        "penalty": 0.1,
    },
    "divergence_estimates.knn_kl": lambda: {**samples(3), "neighbours": 3},
    "divergences.binary_divergence": lambda: {
        "first": np.array([0.2, 0.3]),
        "second": np.array([0.4]),
    },
    "divergences.discrete_kl": lambda: {"first": LAW, "second": OTHER},
    "divergences.gaussian_kl": lambda: {"first": gaussian(), "second": gaussian(1)},
    "divergences.kl_inverse": lambda: {
        "risk": np.array([0.2, 0.3]),
        "budget": np.array([0.4]),
    },
    "divergences.must_broadcast": lambda: {"first": array(2, 3), "second": array(1, 3)},
    "divergences.probabilities": lambda: {"values": np.array([0.4]), "name": "risk"},
    "divergences.real_numbers": lambda: {"values": np.array([0.4]), "name": "risk"},
    "gaussian_information.log_determinant": lambda: {"rows": doubles(2, 9, 3)},
    "gaussian_information.mean_information": lambda: {
        "layer": doubles(2, 4),
        "weights": doubles(3, 4, seed=1),
        "samples": 8,
    },
    "gaussian_information.normal_information": lambda: {
        "first": doubles(2, 9, 3),
        "second": doubles(2, 9, 2, seed=1),
    },
    "gaussian_transport.distance_ends": lambda: {
        "shifts": doubles(5, 3),
        "layer": doubles(2, 3, seed=1),
        "shrink": 0.2,
    },
    "gaussian_transport.line_distance": lambda: {"shift": array(4), "spread": array(4, seed=1)},
    "bottleneck.bottleneck": lambda: {
        "chances": abs(floats(6)).clamp_max(1),
        "slopes": [1.5, 3.0],
        "probabilities": torch.full((6,), 1 / 6),
    },
    "information_plane.cell_codes": binned,
    "information_plane.soft_plane_point": lambda: {
        "codes": labels(12, 4),
        "chances": abs(floats(12)).clamp_max(1),
    },
    "information_plane.plane_point": lambda: {**binned(), "labels": labels(12, 2)},
    "mutual_information.bin_numbers": binned,
    "mutual_information.binned_entropy": binned,
    "mutual_information.neighbour_information": lambda: {**samples(), "neighbours": 3},
    "mutual_information.plug_in": lambda: {"joint": abs(array(2, 3))},
    "mutual_information.plug_in_information": lambda: {
        "first": labels(12, 2),
        "second": labels(12, 3),
        "permutations": 2,
        "generator": generator(),
    },
    "nearest.copies": lambda: {"points": array(6, 2)},
    "nearest.counts_by_tree": lambda: {"points": 100, "coordinates": 4},
    "nearest.kth_distances": lambda: {
        "queries": array(6, 2),
        "points": array(9, 2, seed=1),
        "rank": 3,
    },
    "nearest.refuse_copies": lambda: {"points": array(6, 2)},
    "nearest.surroundings": lambda: {
        "first": array(9, 2),
        "second": array(9, 3, seed=1),
        "neighbours": 3,
    },
    "plug_in_bias.independent_plug_in_mean": lambda: {"rows": 9, "first": 2, "second": 3},
    "transport.sliced_wasserstein": lambda: {
        **samples(3),
        "directions": 4,
        "generator": generator(),
    },
    "transport.wasserstein": lambda: {**samples(3), "most": 99},
    "transport.wasserstein_line": lambda: {
        "first": floats(2, 4),
        "second": floats(2, 5, seed=1),
    },
}

CALLS = {f"information.layers.{name}": call for name, call in LAYERS.items()}
CALLS |= {f"information.measures.{name}": call for name, call in MEASURES.items()}
CALLS |= {
    "information.samples.sample": lambda: {
        "points": floats(4, 3),
        "name": "points",
        "least": 2,
    },
    "information.samples.equal_columns": lambda: samples(3),
}
