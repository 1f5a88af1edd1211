"""Logits of a linear head under dropout, drawn without drawing masks.

Local reparameterisation [kingma2015variational] and fast dropout
[wang2013fast] for a head whose classes share the mask.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory.dropout.masks import check_rate, check_samples
from runtheory.dropout.penalties import logit_covariance
from runtheory.shapes import Features, SampleLogits


def gaussian_logits(
    features: Features,
    weight: Float[Tensor, "class feature"],
    bias: Float[Tensor, " class"] | None = None,
    *,
    samples: int,
    rate: float,
    generator: torch.Generator,
) -> SampleLogits:
    """Draw logits from the normal law with the mean and covariance that dropout gives them.

    Mean h W^T + bias, covariance rate / (1 - rate) W diag(h^2) W^T: one product and one class x
    class factorisation per example, whatever the number of samples. Normality is the central limit
    theorem over features, an approximation. The square root is taken by eigenvalues in float64,
    because the covariance has no full rank when few features are active.

    Raises
    ------
    ValueError
        If ``samples`` < 1 or ``rate`` is outside [0, 1).
    """
    check_samples(samples)
    check_rate(rate)
    mean = torch.nn.functional.linear(features, weight, bias)
    values, vectors = torch.linalg.eigh(logit_covariance(features, weight, rate=rate))
    root = (vectors * values.clamp_min(0).sqrt()[..., None, :]).to(mean.dtype)
    noise = torch.randn(
        (samples, *mean.shape), generator=generator, device=mean.device, dtype=mean.dtype
    )
    logits: Tensor = mean + (root @ noise[..., None])[..., 0]
    return logits
