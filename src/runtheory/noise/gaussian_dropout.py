r"""Dropout as Gaussian noise: what two moments settle for a linear head, and what they leave open.

Masks $\xi_j$ and factors $\gamma_j \sim N(1, p/(1-p))$ have one mean and one variance. The logits
of a linear head then agree in mean and covariance, and under the normal factors they are normal, so
that they can be drawn without drawing features, in the spirit of local reparameterisation
[kingma2015variational] and fast dropout [wang2013fast]. Statistics and expectations are in float64,
losses in nats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory.dropout.masks import check_rate, check_samples
from runtheory.dropout.oracle import all_masks
from runtheory.dropout.penalties import logit_covariance
from runtheory.shapes import Features, Labels, SampleFeatures, SampleLogits, Scalar

Weight = Float[Tensor, "class feature"]
Bias = Float[Tensor, " class"] | None
MOST_CLASSES = 3


@dataclass(frozen=True)
class MaskMoments:
    """Central moments of one coordinate of a mask: second, third, fourth, and third absolute."""

    variance: float
    third: float
    fourth: float
    absolute: float


def mask_moments(rate: float) -> MaskMoments:
    """Return the moments of a coordinate that is 0 with probability ``rate``, else 1 / (1 - rate).

    The mean is 1. Of a normal factor with the same variance v they would be v, 0 and 3 v^2. The
    third vanishes at rate one half alone (and at 0).
    """
    check_rate(rate)
    kept = 1 - rate
    up = rate / kept  # the deviation of a kept coordinate; that of a dropped one is -1
    return MaskMoments(up, kept * up**3 - rate, kept * up**4 + rate, kept * up**3 + rate)


def draw_noise(
    samples: int, shape: Sequence[int], *, rate: float, generator: torch.Generator
) -> SampleFeatures:
    """Draw normal factors of mean 1 and variance rate / (1 - rate), (sample, batch, feature).

    float64, on the generator's device. Multiply the features by them, in the place of masks.
    Raises ``ValueError`` if ``samples`` < 1 or ``rate`` is outside [0, 1).
    """
    check_samples(samples)
    deviation, drawn = math.sqrt(mask_moments(rate).variance), (samples, *shape)
    normal = torch.randn(drawn, generator=generator, device=generator.device, dtype=torch.float64)
    return 1 + deviation * normal


def gaussian_logits(
    features: Features,
    weight: Weight,
    bias: Bias = None,
    *,
    samples: int,
    rate: float,
    generator: torch.Generator,
) -> SampleLogits:
    """Draw logits from the normal law with the mean and covariance that dropout gives them.

    Mean h W^T + bias, covariance rate / (1 - rate) W diag(h^2) W^T: one product and one
    class x class factorisation per example, whatever the number of samples. The law is that of
    normal factors exactly; for masks, normality is the central limit theorem over features. The
    square root is by eigenvalues, as few active features leave the covariance without full rank;
    there it has no derivative. Elsewhere automatic differentiation goes through the root: a
    gradient of the right mean, but not that of ``projected_noise``.

    Raises
    ------
    ValueError
        If ``samples`` < 1 or ``rate`` is outside [0, 1).
    """
    check_samples(samples)
    check_rate(rate)
    mean = torch.nn.functional.linear(features, weight, bias)
    root = _root(logit_covariance(features, weight, rate=rate)).to(mean.dtype)
    noise = torch.randn(
        (samples, *mean.shape), generator=generator, device=mean.device, dtype=mean.dtype
    )
    logits: Tensor = mean + (root @ noise[..., None])[..., 0]
    return logits


def expected_gaussian_loss(
    features: Features, labels: Labels, weight: Weight, bias: Bias = None, *, rate: float
) -> Scalar:
    """Return the batch mean of E CE(z, y) under normal factors, by quadrature and not by drawing.

    The loss sees differences of logits alone: the trapezoidal rule runs over their classes - 1
    normal coordinates, at steps of a tenth from -8 to 8. For two classes it is
    right to 1e-9 for a deviation of the difference up to 10, to 1e-3 up to 30. Raises
    ``ValueError`` for more than three classes.
    """
    logits, probability = _logit_grid(features, weight, bias, rate=rate)
    chosen = labels[:, None, None].expand(-1, logits.shape[1], 1)
    losses = -logits.log_softmax(-1).gather(-1, chosen)[..., 0]
    return (losses @ probability).mean()


def normal_expectation(
    function: Callable[[Tensor], Tensor],
    mean: Float[Tensor, "*case"],
    deviation: Float[Tensor, "*case"],
) -> Float[Tensor, "*case"]:
    """Return E function(mean + deviation N(0, 1)), float64.

    The trapezoidal rule on 8001 nodes, exact to rounding for a logistic loss of deviation
    200 at most.
    """
    nodes = torch.linspace(-10, 10, 8001, dtype=torch.float64, device=mean.device)
    probability = torch.exp(-nodes.square() / 2)
    values = function(mean.double()[..., None] + deviation.double()[..., None] * nodes)
    return values @ (probability / probability.sum())


def sum_law(
    contributions: Float[Tensor, " feature"], *, rate: float
) -> tuple[Float[Tensor, " atom"], Float[Tensor, " atom"]]:
    """Return the values and probabilities of sum_j a_j xi_j, for the ``contributions`` a, float64.

    Equal contributions are summed by the binomial law, in any number; others by listing all masks,
    which raises ``ValueError`` for more than 12.
    """
    from scipy.stats import binom

    check_rate(rate)
    parts = contributions.double()
    count = len(parts)
    if bool((parts == parts[:1]).all()):
        kept = torch.arange(count + 1, dtype=torch.float64)
        weights = torch.from_numpy(binom.pmf(kept.numpy(), count, 1 - rate)).to(parts.device)
        return parts[:1].sum() / (1 - rate) * kept.to(parts.device), weights
    masks, weights = (part.to(parts.device) for part in all_masks(count, rate=rate))
    return masks.double() @ parts / (1 - rate), weights


def loss(difference: Float[Tensor, "*case"]) -> Float[Tensor, "*case"]:
    """Return log(1 + e^-d), the cross entropy of two classes whose logits differ by d."""
    return torch.nn.functional.softplus(-difference, threshold=700)


def loss_third(difference: Float[Tensor, "*case"]) -> Float[Tensor, "*case"]:
    """Return the third derivative of ``loss``, s (1 - s) (1 - 2 s) at s = 1 / (1 + e^-d)."""
    right = torch.special.expit(difference)
    return right * (1 - right) * (1 - 2 * right)


def third_order_term(
    contributions: Float[Tensor, " feature"], *, rate: float, bias: float = 0.0
) -> float:
    """Return the leading difference of the expected ``loss``, masks less normal factors.

    third / 6 sum_j a_j^3 E loss'''(s_j), where s_j has masks before feature j, a_j itself, and
    normal factors behind it (thm-gaussian-next-order). At most 13 contributions, unless equal.
    """
    parts = contributions.double()
    moments = mask_moments(rate)
    total = 0.0
    for j, own in enumerate(parts):
        before, rest = parts[:j], parts[j + 1 :]
        values, weights = sum_law(before, rate=rate)
        deviation = (moments.variance * rest.square().sum()).sqrt().expand(len(values))
        expected = normal_expectation(loss_third, bias + values + own + rest.sum(), deviation)
        total += float(own**3 * (weights @ expected))
    return moments.third / 6 * total


def remainder_bound(ranges: Float[Tensor, " feature"], *, rate: float) -> float:
    """Return (fourth + 3 variance^2) / 192 sum_j r_j^4, the rest after ``third_order_term``.

    ``ranges`` are |h_j| (max_k W_kj - min_k W_kj); for two classes |a_j| (thm-gaussian-next-order).
    """
    moments = mask_moments(rate)
    return (moments.fourth + 3 * moments.variance**2) / 192 * float(ranges.double().pow(4).sum())


def lyapunov_ratio(contributions: Float[Tensor, " feature"], *, rate: float) -> float:
    """Return sum_j E|a_j (xi_j - 1)|^3 over the 3/2 power of the variance of the sum.

    The distance of distribution functions is at most 0.5606 times this [tyurin2009new].
    """
    moments, parts = mask_moments(rate), contributions.double().abs()
    variance = moments.variance * float(parts.square().sum())
    return moments.absolute * float(parts.pow(3).sum()) / variance**1.5


def distance_to_normal(contributions: Float[Tensor, " feature"], *, rate: float) -> float:
    """Return sup_t |P(sum_j a_j xi_j <= t) - P(normal <= t)| for the normal of equal moments.

    Taken at the atoms of the sum, from both sides. Raises as ``sum_law``, and ``ValueError`` where
    the sum is constant.
    """
    values, weights = sum_law(contributions, rate=rate)
    values, order = values.sort()
    mean = float(contributions.double().sum())
    variance = mask_moments(rate).variance * float(contributions.double().square().sum())
    if variance == 0:
        raise ValueError("the sum is constant: no rate, or no contribution")
    normal = torch.special.ndtr((values - mean) / math.sqrt(variance))
    cumulative = weights[order].cumsum(0)
    # Sums that are equal but for rounding are one atom: only its last entry is the step's top.
    top = torch.cat([values.diff() > 1e-12 * values.abs().max(), values.new_ones(1).bool()])
    above = (cumulative - normal)[top]
    bottom = torch.cat([cumulative.new_zeros(1), cumulative[top][:-1]])
    return float(torch.maximum(above.abs(), (bottom - normal[top]).abs()).max())


def seen_share(features: Features, weight: Weight) -> Features:
    """Return P_jj, the share of feature j's noise that the logits can tell, float64.

    P projects on the row space of (W less its mean over classes) diag(h); the shares of an example
    sum to its rank, at most classes - 1 (thm-logit-gradient).
    """
    return _projector(features, weight).diagonal(dim1=1, dim2=2)


def projected_noise(features: Features, weight: Weight, noise: SampleFeatures) -> SampleFeatures:
    """Return 1 + P (noise - 1), the expectation of normal factors given differences of logits."""
    projector = _projector(features, weight)
    return 1 + torch.einsum("bij,mbj->mbi", projector, noise.double() - 1)


def weight_gradients(
    features: Features, labels: Labels, weight: Weight, bias: Bias = None, *, noise: SampleFeatures
) -> Float[Tensor, "sample batch class feature"]:
    """Return the gradient by W of the cross entropy of each example under each ``noise``.

    (softmax(z) - y) (noise * h)^T with z = W (noise * h) + bias. Under ``projected_noise`` it is
    the gradient given the logits, which differentiating drawn logits through a root is not: z is
    shifted by one number for all classes, which softmax ignores (thm-logit-gradient).
    """
    noisy = noise * features.double()
    residual = _linear(noisy, weight.double(), bias).softmax(-1)
    residual = residual - torch.nn.functional.one_hot(labels, len(weight))
    return residual[..., None] * noisy[..., None, :]


def saved_variance(
    features: Features, labels: Labels, weight: Weight, bias: Bias = None, *, rate: float
) -> Float[Tensor, " batch"]:
    """Return how much of each example's gradient variance goes, given the logits.

    rate / (1 - rate) E||softmax(z) - y||^2 sum_j h_j^2 (1 - P_jj) (thm-logit-gradient), the
    expectation by the quadrature of ``expected_gaussian_loss``, whose errors it raises.
    """
    logits, probability = _logit_grid(features, weight, bias, rate=rate)
    residual = logits.softmax(-1) - torch.nn.functional.one_hot(labels, len(weight))[:, None]
    unseen = (features.double().square() * (1 - seen_share(features, weight))).sum(1)
    return mask_moments(rate).variance * (residual.square().sum(-1) @ probability) * unseen


def _linear(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return torch.nn.functional.linear(inputs, weight, None if bias is None else bias.double())


def _root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp_min(0).sqrt()[..., None, :]


def _projector(features: Features, weight: Weight) -> Float[Tensor, "batch feature feature"]:
    centred = weight.double() - weight.double().mean(0)
    rows = centred * features.double()[:, None]
    return torch.linalg.pinv(rows, rtol=1e-10) @ rows


def _logit_grid(
    features: Features, weight: Weight, bias: Bias, *, rate: float
) -> tuple[Float[Tensor, "batch node class"], Float[Tensor, " node"]]:
    """Return logits less those of the last class on a grid of normal coordinates, and its weights.

    The last class is 0 everywhere: softmax sees no common shift.
    """
    classes, double = len(weight), weight.double()
    if not 2 <= classes <= MOST_CLASSES:
        raise ValueError(f"quadrature takes 2 or {MOST_CLASSES} classes, got {classes}")
    mean = _linear(features.double(), double, bias)
    root = _root(logit_covariance(features, double[:-1] - double[-1], rate=rate))
    line = torch.linspace(-8, 8, 161, dtype=torch.float64, device=mean.device)
    nodes = torch.cartesian_prod(*[line] * (classes - 1)).reshape(-1, classes - 1)
    probability = torch.exp(-nodes.square().sum(1) / 2)
    drawn = (mean[:, :-1] - mean[:, -1:])[:, None] + torch.einsum("bij,nj->bni", root, nodes)
    logits = torch.cat([drawn, drawn.new_zeros(*drawn.shape[:2], 1)], dim=-1)
    return logits, probability / probability.sum()
