"""A ramp loss on the margins of the Gaussian mean, bounded by transport and by divergence.

The model of :mod:`conditional_laws`; quadratures in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.ladder.conditional_laws import (
    GaussianMeanModel,
    conditional_laws,
    input_wasserstein,
    output_kl,
    output_wasserstein,
    ramp_mean,
)


@dataclass(frozen=True)
class RampLadder:
    """The gap of a ramp loss and three bounds: by transport at the output, at the input, by KL.

    The loss clip((g - m) / (2g), 0, 1) of the margin m = Y W.X / (s |W|) has Lipschitz constant
    1 / (2g).
    """

    margin: float
    train_loss: float
    test_loss: float
    output_transport: float
    input_transport: float
    output: float

    @property
    def gap(self) -> float:
        return self.test_loss - self.train_loss


@checked
def solve_ramp(model: GaussianMeanModel, margin: float, *, order: int = 96) -> RampLadder:
    """Return the ramp loss's exact gap beside E W1 / (2g) at the output, E W2 / (2g) at the input
    and the KL bound sqrt(E_W KL / 2), which holds for every loss in [0, 1].

    The input bound uses W2 >= W1 because that has a closed form. The integrand of the output bound
    has a kink of width O(1/n), so that this value is good to about 5 digits only.

    Raises
    ------
    ValueError
        If ``margin`` is not positive.
    """
    checks.positive_finite(margin=margin)
    laws = conditional_laws(model, order=order)
    train = ramp_mean(laws.train_centre, model.shrinkage, margin)
    test = ramp_mean(laws.test_centre, 1.0, margin)
    return RampLadder(
        margin=margin,
        train_loss=laws.law.expect(train),
        test_loss=laws.law.expect(test),
        output_transport=output_wasserstein(laws) / (2 * margin),
        input_transport=input_wasserstein(laws) / (2 * margin),
        output=math.sqrt(output_kl(laws) / 2),
    )
