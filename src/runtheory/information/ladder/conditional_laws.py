"""The binary Gaussian model given its weights (float64, nats).

Y is uniform on {-1, 1}, X given Y is N(Y mu, s^2 I_d), U = Y X ~ N(mu, s^2 I) and W is the mean of
U_1 .. U_n: the classifier is sign(W.X). Since Cov(U_i, W) = Var(W) = (s^2 / n) I,

    U_i | W ~ N(W, s^2 (1 - 1/n) I)     for a training example,
    U   | W ~ N(mu, s^2 I)              for a new one,

and W ~ N(mu, (s^2 / n) I). With V = sqrt(n) W / s = (radius, cosine) of :mod:`polar`, the margin
U.W/|W| of a training example is normal around |W| = s radius / sqrt(n) and that of a new one around
mu.W/|W| = |mu| cosine. This is all that the module needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64
from scipy.special import log_ndtr, ndtr

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.ladder.polar import PolarLaw, polar_law

Array = np.ndarray


@dataclass(frozen=True)
class GaussianMeanModel:
    """The model: d = ``dimension``, n = ``samples``, |mu| = ``mean``, s = ``deviation``.

    Raises
    ------
    ValueError
        If ``dimension`` is below 1, ``samples`` below 2, ``mean`` negative or ``deviation`` not
        positive.
    """

    dimension: int
    samples: int
    mean: float
    deviation: float = 1.0

    def __post_init__(self) -> None:
        checks.at_least(1, dimension=self.dimension)
        checks.at_least(2, samples=self.samples)
        if not (self.mean >= 0 and math.isfinite(self.mean)):
            raise ValueError(f"mean must be finite and not negative, got {self.mean}")
        checks.positive_finite(deviation=self.deviation)

    @property
    def shrinkage(self) -> float:
        """sqrt(1 - 1/n): a training example spreads less around W than a new one around mu."""
        return math.sqrt(1 - 1 / self.samples)

    @property
    def log_shrinkage(self) -> float:
        """log(n / (n - 1)) = -2 log(shrinkage), without cancellation."""
        return -math.log1p(-1 / self.samples)


@dataclass(frozen=True)
class ConditionalLaws:
    """What the margins of a training and of a new example are, given W, on a grid of W.

    Margins are U.W / (s |W|): normalised by |W| and in units of s.
    """

    model: GaussianMeanModel
    law: PolarLaw

    @cached_property
    def train_centre(self) -> Float64[np.ndarray, "radius 1"]:
        """|W| / s, the mean of a training margin; its deviation is ``model.shrinkage``."""
        return np.asarray(self.law.radius[:, None] / math.sqrt(self.model.samples))

    @cached_property
    def test_centre(self) -> Float64[np.ndarray, "1 angle"]:
        """mu.W / (s |W|), the mean of a new margin; its deviation is 1."""
        return np.asarray(self.law.cosine[None, :] * self.model.mean / self.model.deviation)

    @cached_property
    def train_error(self) -> Float64[np.ndarray, "radius 1"]:
        """Q(|W| / (s sqrt(1 - 1/n)))."""
        return np.asarray(ndtr(-self.train_centre / self.model.shrinkage))

    @cached_property
    def test_error(self) -> Float64[np.ndarray, "1 angle"]:
        """Q(mu.W / (s |W|))."""
        return np.asarray(ndtr(-self.test_centre))

    @cached_property
    def discrepancy(self) -> Float64[np.ndarray, "radius angle"]:
        """W.(W - mu) / (s |W|), by how much training margins lie above new ones in the mean."""
        return np.asarray(self.train_centre - self.test_centre)


@checked
def conditional_laws(model: GaussianMeanModel, *, order: int = 96) -> ConditionalLaws:
    """Return the laws given W; ``order`` is that of :func:`polar.polar_law`."""
    scaled = math.sqrt(model.samples) * model.mean / model.deviation
    return ConditionalLaws(model, polar_law(model.dimension, scaled, order=order))


@checked
def output_kl(laws: ConditionalLaws) -> float:
    """Return E_W KL(train || test) of the margins, in nats.

    KL(N(a, v) || N(b, 1)) with v = 1 - 1/n: (-1/n - log(1 - 1/n) + (a - b)^2) / 2. Scaling the
    margin by |W| changes nothing, so this is the output of the last linear layer, label included.
    """
    model = laws.model
    spread = model.log_shrinkage - 1 / model.samples
    return (spread + laws.law.expect(laws.discrepancy**2)) / 2


@checked
def decision_kl(laws: ConditionalLaws) -> float:
    """Return E_W kl(train error || test error), the divergence after the sign, in nats."""
    train, test = laws.train_centre / laws.model.shrinkage, laws.test_centre
    # logarithms of tails: both errors may be far below the least double
    wrong = laws.train_error * (log_ndtr(-train) - log_ndtr(-test))  # (radius, angle)
    right = ndtr(train) * (log_ndtr(train) - log_ndtr(test))
    return laws.law.expect(wrong + right)


@checked
def output_wasserstein(laws: ConditionalLaws) -> float:
    """Return E_W W1(train, test) of the margins in units of s.

    The quantile coupling of N(a, v) and N(b, 1) has the difference (a - b) + t Z, with
    t = 1 - sqrt(1 - 1/n), whose absolute value is folded normal:
    E = D (2 Phi(D / t) - 1) + 2 t phi(D / t), D = |a - b|.
    """
    spread = 1 - laws.model.shrinkage
    distance = np.abs(laws.discrepancy)  # (radius, angle)
    ratio = distance / spread
    density = np.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi)
    return laws.law.expect(distance * (2 * ndtr(ratio) - 1) + 2 * spread * density)


@checked
def input_wasserstein(laws: ConditionalLaws) -> float:
    """Return E_W W2(U_i | W, U) in units of s, an upper bound on the W1 of the inputs.

    W2^2 = |W - mu|^2 + d t^2, t = 1 - sqrt(1 - 1/n), in units of s^2. The W1 of two isotropic
    Gaussians of different spread has no closed form.
    """
    model = laws.model
    centre = math.sqrt(model.samples) * model.mean / model.deviation
    radius, cosine = laws.law.radius[:, None], laws.law.cosine[None, :]
    # |V - centre e|^2 without the cancellation of R^2 + m^2 - 2 R m cos
    square = (radius - centre) ** 2 + 2 * radius * centre * (1 - cosine)  # (radius, angle)
    square = square / model.samples + model.dimension * (1 - model.shrinkage) ** 2
    return laws.law.expect(np.sqrt(square))


@checked
def ramp_mean(
    centre: Float64[np.ndarray, "*shape"], spread: float, margin: float
) -> Float64[np.ndarray, "*shape"]:
    """Return E clip((g - m) / (2 g), 0, 1) for m ~ N(centre, spread^2), g = ``margin``.

    (spread / 2g) (G((g - centre) / spread) - G((-g - centre) / spread)), G(x) = x Phi(x) + phi(x).
    """

    def primitive(point: Array) -> Array:
        density = np.exp(-(point**2) / 2) / math.sqrt(2 * math.pi)
        return np.asarray(point * ndtr(point) + density)

    upper, lower = (margin - centre) / spread, (-margin - centre) / spread
    return np.asarray(spread * (primitive(upper) - primitive(lower)) / (2 * margin))
