r"""Logits of a linear head under normal factors: drawn without drawing features, or integrated.

Masks $\xi_j$ and factors $\gamma_j \sim N(1, p/(1-p))$ have one mean and one variance. The logits
of a linear head then agree in mean and covariance, and under the normal factors they are normal, so
that they can be drawn without drawing features, in the spirit of local reparameterisation
[kingma2015variational] and fast dropout [wang2013fast]. Losses are in nats, in float64.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import linear

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate, check_samples
from runtheory.dropout.penalties import logit_covariance
from runtheory.shapes import Features, Labels, SampleLogits, Scalar

Weight = Float[Tensor, "class feature"]
Bias = Float[Tensor, " class"] | None
MOST_CLASSES = 3
NODES, REACH = 161, 8.0  # of each normal coordinate


@checked
def gaussian_logits(
    features: Features,
    weight: Weight,
    bias: Bias = None,
    *,
    samples: int,
    rate: float,
    generator: torch.Generator,
) -> SampleLogits:
    """Draw normal logits with the mean and covariance that dropout gives them.

    Mean h W^T + bias, covariance rate / (1 - rate) W diag(h^2) W^T: one product and one
    class x class factorisation per example, whatever the number of samples. The distribution
    is that of normal factors exactly; for masks, normality is the central limit theorem over
    features. The square root is by eigenvalues, as few active features leave the covariance without
    full rank; there it has no derivative. Elsewhere automatic differentiation goes through the
    root: a gradient of the right mean, but not that of ``projected_noise``.

    Raises
    ------
    ValueError
        If ``samples`` < 1 or ``rate`` is outside [0, 1).
    """
    check_samples(samples)
    check_rate(rate)
    mean = linear(features, weight, bias)
    root = eigen_root(logit_covariance(features, weight, rate=rate)).to(mean.dtype)  # (b, k, k)
    noise = torch.randn(
        (samples, *mean.shape), generator=generator, device=mean.device, dtype=mean.dtype
    )
    logits: Tensor = mean + (root @ noise[..., None])[..., 0]
    return logits


@checked
def expected_gaussian_loss(
    features: Features, labels: Labels, weight: Weight, *, bias: Bias = None, rate: float
) -> Scalar:
    """Return the batch mean of E CE(z, y) under normal factors, by quadrature and not by drawing.

    The loss sees differences of logits alone: the trapezoidal rule runs over their classes - 1
    normal coordinates, at steps of a tenth from -8 to 8. For two classes it is
    right to 1e-9 for a deviation of the difference up to 10, to 1e-3 up to 30. Raises
    ``ValueError`` for more than three classes and for a label that is none.
    """
    labels = tensor_checks.class_labels(labels, classes=len(weight))
    logits, probability = logit_grid(features, weight, bias=bias, rate=rate)
    chosen = labels[:, None, None].expand(-1, logits.shape[1], 1)
    losses = -logits.log_softmax(-1).gather(-1, chosen)[..., 0]
    return (losses @ probability).mean()


@checked
def logit_grid(
    features: Features, weight: Weight, *, bias: Bias = None, rate: float
) -> tuple[Float[Tensor, "batch node class"], Float[Tensor, " node"]]:
    """Return logits less those of the last class on a grid of normal coordinates, and its weights.

    The last class is 0 everywhere: softmax sees no common shift.
    """
    classes, double = len(weight), weight.double()
    if not 2 <= classes <= MOST_CLASSES:
        raise ValueError(f"quadrature takes 2 or {MOST_CLASSES} classes, got {classes}")
    mean = linear(features.double(), double, None if bias is None else bias.double())
    root = eigen_root(logit_covariance(features, double[:-1] - double[-1], rate=rate))
    line = torch.linspace(-REACH, REACH, NODES, dtype=torch.float64, device=mean.device)
    nodes = torch.cartesian_prod(*[line] * (classes - 1)).reshape(-1, classes - 1)
    probability = torch.exp(-nodes.square().sum(1) / 2)
    drawn = (mean[:, :-1] - mean[:, -1:])[:, None] + torch.einsum("bij,nj->bni", root, nodes)
    logits = torch.cat([drawn, drawn.new_zeros(*drawn.shape[:2], 1)], dim=-1)
    return logits, probability / probability.sum()


@checked
def eigen_root(covariance: Float[Tensor, "*case k k"]) -> Float[Tensor, "*case k k"]:
    """Return R with R R^T = ``covariance``: eigenvectors times roots of their eigenvalues."""
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp_min(0).sqrt()[..., None, :]
