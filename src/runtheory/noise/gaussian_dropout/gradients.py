"""Gradients by the weights of a linear head under normal factors, and given the logits alone.

By thm-logit-gradient of the pages on Gaussian dropout. Everything is in float64. ``ValueError``
for a label that is no class, and for features or weights that are not finite where P is needed.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.penalties import logit_covariance
from runtheory.noise.gaussian_dropout.logits import Bias, Weight, eigen_root, logit_grid
from runtheory.noise.gaussian_dropout.moments import mask_moments
from runtheory.shapes import Features, Labels, SampleFeatures


@checked
def noise_leverages(features: Features, weight: Weight) -> Features:
    """Return the leverages P_jj, the share of feature j's noise that the logits can tell.

    P projects on the row space of (W less its mean over classes) diag(h); the leverages of an
    example sum to its rank, at most classes - 1 (thm-logit-gradient).
    """
    return _projector(features, weight).diagonal(dim1=1, dim2=2)


@checked
def projected_noise(features: Features, weight: Weight, noise: SampleFeatures) -> SampleFeatures:
    """Return 1 + P (noise - 1), the expectation of normal factors given differences of logits."""
    projector = _projector(features, weight)
    return 1 + torch.einsum("bij,mbj->mbi", projector, noise.double() - 1)


@checked
def weight_gradients(
    features: Features, labels: Labels, weight: Weight, *, bias: Bias = None, noise: SampleFeatures
) -> Float[Tensor, "sample batch class feature"]:
    """Return the gradient by W of the cross entropy of each example under each ``noise``.

    (softmax(z) - y) (noise * h)^T with z = W (noise * h) + bias. Under ``projected_noise`` it is
    the gradient given the logits, which differentiating drawn logits through a root is not: z is
    shifted by one number for all classes, which softmax ignores (thm-logit-gradient).
    """
    labels = tensor_checks.class_labels(labels, classes=len(weight))
    noisy = noise * features.double()
    residual = _linear(noisy, weight.double(), bias).softmax(-1)  # (sample, example, class)
    residual = residual - torch.nn.functional.one_hot(labels, len(weight))
    return residual[..., None] * noisy[..., None, :]


@checked
def variance_reduction(
    features: Features, labels: Labels, weight: Weight, *, bias: Bias = None, rate: float
) -> Float[Tensor, " batch"]:
    """Return how much of each example's gradient variance goes, given the logits.

    rate / (1 - rate) E||softmax(z) - y||^2 sum_j h_j^2 (1 - P_jj) (thm-logit-gradient), the
    expectation by the quadrature of ``expected_gaussian_loss``, whose errors it raises.
    """
    labels = tensor_checks.class_labels(labels, classes=len(weight))
    logits, probability = logit_grid(features, weight, bias=bias, rate=rate)
    residual = logits.softmax(-1) - torch.nn.functional.one_hot(labels, len(weight))[:, None]
    hidden = (features.double().square() * (1 - noise_leverages(features, weight))).sum(1)
    return mask_moments(rate).variance * (residual.square().sum(-1) @ probability) * hidden


@checked
def pathwise_gradients(
    features: Features,
    labels: Labels,
    weight: Weight,
    *,
    bias: Bias = None,
    normal: Float[Tensor, "sample batch difference"],
    rate: float,
    root: Callable[[Tensor], Tensor] = eigen_root,
) -> Float[Tensor, "sample batch class feature"]:
    """Return the gradients by W of logits drawn as mean + root(C) ``normal``, through the root.

    C is the covariance of the classes - 1 differences from the last logit under normal factors, and
    R = root(C) satisfies R R^T = C. Every such root gives the mean of ``weight_gradients``; the
    variance depends on the root. For a given draw the logits are linear in the root, so that one
    Jacobian serves all draws.
    """
    labels = tensor_checks.class_labels(labels, classes=len(weight))
    double, inputs = weight.double(), features.double()

    def spread(w: Tensor) -> Tensor:
        return root(logit_covariance(inputs, w[:-1] - w[-1], rate=rate))

    moved = torch.einsum("bkl,mbl->mbk", spread(double), normal.double())
    logits = _linear(inputs, double, bias) + torch.nn.functional.pad(moved, (0, 1))
    residual = logits.softmax(-1) - torch.nn.functional.one_hot(labels, len(weight))
    slope = torch.func.jacrev(spread)(double)  # (example, difference, normal, class, feature)
    by_root = torch.einsum("mbk,mbl,bklij->mbij", residual[..., :-1], normal.double(), slope)
    return residual[..., None] * inputs[:, None] + by_root


def _linear(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return torch.nn.functional.linear(inputs, weight, None if bias is None else bias.double())


def _projector(features: Features, weight: Weight) -> Float[Tensor, "batch feature feature"]:
    tensor_checks.finite(features=features, weight=weight)
    centred = weight.double() - weight.double().mean(0)
    rows = centred * features.double()[:, None]  # (example, class, feature), of rank classes - 1
    return torch.linalg.pinv(rows, rtol=1e-10) @ rows
