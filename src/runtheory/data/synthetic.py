"""Synthetic families have known laws: binary Gaussian, and features among noise patches.

Information bounds are exact for the first; rare features are trained on the second. Every
function follows the device and dtype of the mean or of the directions it is given, and draws from
its generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked


@dataclass(frozen=True, eq=False)
class GaussianDraws:
    """Draws of (X, Y): ``inputs`` and ``labels``, labels -1 or +1."""

    inputs: Float[Tensor, "batch feature"]
    labels: Int64[Tensor, " batch"]


@dataclass(frozen=True, eq=False)
class FeatureNoise:
    """Patch data, with which feature every example carries and where.

    ``labels`` are -1 or +1; ``features`` numbers the feature of each example; ``feature_places``
    and ``noise_places`` number the patch with the feature and the patch with the dominant noise.
    """

    patches: Float[Tensor, "batch patch dimension"]
    labels: Int64[Tensor, " batch"]
    features: Int64[Tensor, " batch"]
    feature_places: Int64[Tensor, " batch"]
    noise_places: Int64[Tensor, " batch"]


@checked
def binary_gaussian(
    count: int,
    mean: Float[Tensor, " feature"],
    *,
    deviation: float = 1.0,
    generator: torch.Generator,
) -> GaussianDraws:
    """Draw ``count`` pairs with Y uniform on {-1, +1} and X given Y ~ N(Y mean, deviation^2 I).

    Raises
    ------
    ValueError
        If ``count`` is below 1, ``deviation`` is negative, or devices differ.
    """
    _require_count(count, mean, generator)
    checks.not_negative(deviation=deviation)
    labels = _signs(count, generator)
    noise = _noise((count, len(mean)), mean, generator)
    return GaussianDraws(labels.unsqueeze(1) * mean + deviation * noise, labels)


@checked
def feature_directions(
    features: int, dimension: int, *, generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "feature dimension"]:
    """Return ``features`` orthonormal directions, uniformly distributed (QR of a Gaussian matrix).

    Raises
    ------
    ValueError
        If ``features`` is below 1 or exceeds ``dimension``.
    """
    checks.in_interval(1, dimension, features=features)
    gaussian = torch.randn(
        dimension, features, generator=generator, device=generator.device, dtype=torch.float64
    )
    orthonormal, triangle = torch.linalg.qr(gaussian)
    # The signs of the diagonal are QR's free choice; fixing them makes the law uniform.
    directions: Tensor = (orthonormal * triangle.diagonal().sign()).T  # (feature, dimension)
    return directions.contiguous().to(dtype)


@checked
def feature_noise(
    count: int,
    directions: Float[Tensor, "feature dimension"],
    *,
    frequencies: tuple[float, ...],
    patches: int,
    deviations: tuple[float, float],
    generator: torch.Generator,
) -> FeatureNoise:
    """Draw ``count`` examples of ``patches`` patches, each of the directions' dimension.

    The label y is uniform on {-1, +1} and the feature k has probability ``frequencies[k]``
    (common, rare, extremely rare, ...). One patch, uniformly placed, is y times
    ``directions[k]``; another carries the dominant noise N(0, deviations[0]^2 I); the rest carry
    background noise N(0, deviations[1]^2 I).

    In the style of Shen, Bubeck and Gunasekar and of Oh and Yun, simplified: one direction per
    feature with the label as its sign, isotropic noise that is not projected away from the
    features, and no feature noise in the background.

    Raises
    ------
    ValueError
        If ``patches`` is below 2, ``frequencies`` is no distribution over the directions, a
        deviation is negative, ``count`` is below 1, or devices differ.
    """
    _require_count(count, directions, generator)
    _require_patches(directions, frequencies, patches=patches, deviations=deviations)
    labels = _signs(count, generator)
    weights = torch.tensor(frequencies, dtype=torch.float64).to(generator.device)
    features = torch.multinomial(weights, count, replacement=True, generator=generator)
    feature_places = _integers(patches, count, generator)
    # A uniform nonzero step round the circle: uniform over the other patches.
    noise_places = (feature_places + 1 + _integers(patches - 1, count, generator)) % patches
    noise = _noise((count, patches, directions.shape[1]), directions, generator)
    rows = torch.arange(count, device=directions.device)
    mixed = deviations[1] * noise  # (example, patch, dimension)
    mixed[rows, noise_places] = deviations[0] * noise[rows, noise_places]
    mixed[rows, feature_places] = labels.unsqueeze(1) * directions[features]
    return FeatureNoise(mixed, labels, features, feature_places, noise_places)


def _require_count(count: int, like: Tensor, generator: torch.Generator) -> None:
    checks.at_least(1, count=count)
    if like.device != generator.device:
        raise ValueError(f"the generator is on {generator.device}, the tensor on {like.device}")


def _require_patches(
    directions: Tensor,
    frequencies: tuple[float, ...],
    *,
    patches: int,
    deviations: tuple[float, float],
) -> None:
    checks.at_least(2, patches=patches)  # one for the feature and one for the noise
    if len(frequencies) != len(directions):
        raise ValueError(
            f"{len(directions)} directions need as many frequencies, got {len(frequencies)}"
        )
    if min(frequencies) < 0 or abs(sum(frequencies) - 1) > 1e-9:
        raise ValueError(f"frequencies must be probabilities that sum to 1, got {frequencies}")
    checks.not_negative(deviations=deviations)


def _integers(bound: int, count: int, generator: torch.Generator) -> Tensor:
    return torch.randint(bound, (count,), generator=generator, device=generator.device)


def _signs(count: int, generator: torch.Generator) -> Tensor:
    return 2 * _integers(2, count, generator) - 1


def _noise(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device, dtype=like.dtype)
