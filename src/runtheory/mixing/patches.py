"""CutMix and Cutout on inputs made of patches, with their selection laws in closed form.

The setting of feature-noise patch data: an input is an unordered set of patches, each a vector.
Patches are cut at random instead of in a box, which keeps the argument free of geometry.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.variates import draw_partners

Patches = Float[Tensor, "batch patch dimension"]
Labels = Float[Tensor, "batch"]


@checked
def orthogonal_patches(
    counts: tuple[int, ...], squared_norms: tuple[float, ...]
) -> tuple[Float64[Tensor, "batch patch dimension"], Float64[Tensor, "batch"]]:
    """Return examples whose patches are all orthogonal, and their labels 0, 1, 0, 1, ...

    ``counts[k]`` examples carry feature k, a unit vector, in their first patch; each has a noise
    patch of its own for every squared norm. All patches are turned by the sign of the label.
    """
    checks.at_least(1, kinds=len(counts))
    features = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    rows, total = torch.arange(len(features)), len(features)
    width = len(counts) + total * len(squared_norms)
    patches = torch.zeros(total, 1 + len(squared_norms), width, dtype=torch.float64)
    # One coordinate for each feature, then one for each noise patch of each example.
    patches[rows, 0, features] = 1
    for place, squared_norm in enumerate(squared_norms):
        patches[rows, 1 + place, len(counts) + place * total + rows] = squared_norm**0.5
    labels = (rows % 2).double()
    return patches * (2 * labels - 1)[:, None, None], labels


@dataclass(frozen=True, eq=False)
class PatchCutmixPlan:
    """Which patches each input takes from which partner."""

    partner: Int64[Tensor, "batch"]
    pasted: Bool[Tensor, "batch patch"]


@checked
def draw_patch_cutmix(
    batch: int, patches: int, *, derangement: bool = False, generator: torch.Generator
) -> PatchCutmixPlan:
    """Draw a partner and a set of patches for each input.

    The number of pasted patches is uniform on 0, ..., ``patches`` and the set is uniform among
    those of its size. A patch is then pasted with probability 1/2, two patches together with 1/3.

    Raises
    ------
    ValueError
        If batch or patches is below 1, or a derangement of a single input is asked for.
    """
    _check_counts(batch, patches, 0)
    partner = draw_partners(batch, derangement=derangement, generator=generator)
    sizes = torch.randint(
        patches + 1, (batch, 1), device=generator.device, generator=generator, dtype=torch.int64
    )
    return PatchCutmixPlan(partner, _ranks(batch, patches, generator) < sizes)


@checked
def draw_patch_cutout(
    batch: int, patches: int, *, removed: int, generator: torch.Generator
) -> Bool[Tensor, "batch patch"]:
    """Draw for each input a uniform set of ``removed`` patches.

    Raises
    ------
    ValueError
        If batch or patches is below 1, or removed lies outside [0, patches].
    """
    _check_counts(batch, patches, removed)
    return _ranks(batch, patches, generator) < removed


@checked
def apply_patch_cutmix(
    plan: PatchCutmixPlan, patches: Patches, labels: Labels
) -> tuple[Patches, Labels]:
    """Return the mixed inputs and labels; labels (say in [0, 1]) mix by the share of patches.

    Raises
    ------
    ValueError
        If the plan was drawn for inputs of another number or of another number of patches.
    """
    _check_patches(plan.pasted, patches)
    mixed = torch.where(plan.pasted[:, :, None], patches[plan.partner], patches)
    share = plan.pasted.to(labels.dtype).mean(dim=1)
    return mixed, labels + share * (labels[plan.partner] - labels)


@checked
def apply_patch_cutout(removed: Bool[Tensor, "inputs sites"], patches: Patches) -> Patches:
    """Return the inputs with the removed patches set to zero.

    Raises
    ------
    ValueError
        If the plan was drawn for inputs of another number or of another number of patches.
    """
    _check_patches(removed, patches)
    return patches.masked_fill(removed[:, :, None], 0.0)


def patch_cutmix_kernel() -> tuple[float, float]:
    """Return P(a patch is pasted) = 1/2 and P(two given patches are pasted) = 1/3.

    With n uniform on 0, ..., P: E[n] / P = 1/2 and E[n (n - 1)] / (P (P - 1)) = 1/3 for all P.
    The second is mixup's constant weight at alpha = 1 (:func:`mixup_kernel`): without geometry,
    CutMix and mixup weigh distinct patches alike and differ on the diagonal alone.
    """
    return 1 / 2, 1 / 3


@checked
def patch_cutout_kernel(patches: int, removed: int) -> tuple[float, float]:
    """Return P(a patch is removed) = c / P and P(two are) = c (c - 1) / (P (P - 1)).

    Raises
    ------
    ValueError
        If patches is below 2 or removed lies outside [0, patches].
    """
    _check_counts(1, patches, removed)
    if patches < 2:
        raise ValueError(f"two patches are needed, got {patches}")
    return removed / patches, removed * (removed - 1) / (patches * (patches - 1))


def _ranks(batch: int, patches: int, generator: torch.Generator) -> Tensor:
    keys = torch.rand(
        batch, patches, dtype=torch.float64, device=generator.device, generator=generator
    )
    # The rank of each key in its row: a uniform order of the patches.
    return keys.argsort(dim=1).argsort(dim=1)


def _check_counts(batch: int, patches: int, removed: int) -> None:
    checks.at_least(1, batch=batch, patches=patches)
    checks.in_interval(0, patches, removed=removed)


def _check_patches(planned: Tensor, patches: Tensor) -> None:
    if planned.shape != patches.shape[:2]:
        raise ValueError(
            f"the plan is for (batch, patch) = {tuple(planned.shape)}, "
            f"got {tuple(patches.shape[:2])}"
        )
