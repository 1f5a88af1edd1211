"""Free features under dropout and the squared loss: the minimiser in closed form.

Notation of the chapter on neural collapse. With N samples in K balanced
classes, width d >= K, dropout of rate p on the features and weight decay l_W, l_H > 0, the expected
loss is (1/2N) ||WH - Y||^2 + (l_W/2) ||W||^2 + (l_H/2) ||H||^2 + (p / (2 (1-p) N)) sum_j a_j^2,
where a_j = |column j of W| |row j of H|: the least of the last three terms over all factorisations
of Z is c ||Z||_* + (r / 2N) ||Z||_*^2 with c = sqrt(l_W l_H), r = p / ((1 - p) d).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate


@dataclass(frozen=True)
class DropoutFrame:
    """The minimiser: its singular values are ``value``, ``modes`` times, and else zero.

    ``row_norm`` is the length of a row of W, ``share`` the value of every a_j.
    """

    value: float
    modes: int
    row_norm: float
    share: float


@checked
def dropout_frame(
    *,
    classes: int,
    per_class: int,
    width: int,
    rate: float,
    decay: tuple[float, float],
    free_bias: bool = False,
) -> DropoutFrame:
    """Return the minimiser for balanced classes: singular value (sqrt n - N c)_+ / (1 + r m).

    m is the number of modes: K without a bias, K - 1 with a free one. ``decay`` is (l_W, l_H).

    Raises
    ------
    ValueError
        If the rate lies outside [0, 1), a decay is not positive, there are fewer than two classes
        or no samples, or the width is below the classes.
    """
    check_rate(rate)
    checks.at_least(2, classes=classes)
    checks.at_least(1, per_class=per_class)
    checks.positive(decay=decay)
    checks.at_least(classes, width=width)
    modes = classes - 1 if free_bias else classes
    price = rate / ((1 - rate) * width)  # r, of the squared nuclear norm
    shrunk = math.sqrt(per_class) - classes * per_class * math.sqrt(decay[0] * decay[1])
    value = max(shrunk, 0.0) / (1 + price * modes)
    ratio = math.sqrt(decay[1] / decay[0])
    return DropoutFrame(
        value=value,
        modes=modes,
        row_norm=math.sqrt(ratio * value * modes / classes),
        share=modes * value / width,
    )


@checked
def evenness(
    classifier: Float[Tensor, "class feature"], features: Float[Tensor, "sample feature"]
) -> Float64[Tensor, ""]:
    """Return (sum_j a_j)^2 / (d sum_j a_j^2), in [1/d, 1]: one where all coordinates count alike.

    a_j = |column j of W| |coordinate j of the features|, not centred, as dropout sees them. NaN
    where all are zero.

    Raises
    ------
    ValueError
        If the two are not matrices of one width.
    """
    if classifier.ndim != 2 or features.ndim != 2 or classifier.shape[1] != features.shape[1]:
        shapes = f"{tuple(classifier.shape)} and {tuple(features.shape)}"
        raise ValueError(f"classifier and features must be matrices of one width, got {shapes}")
    columns = torch.linalg.vector_norm(classifier.to(torch.float64), dim=0)
    rows = torch.linalg.vector_norm(features.to(torch.float64), dim=0)
    sizes = columns * rows  # a_j, one for each coordinate
    return sizes.sum().square() / (len(sizes) * sizes.square().sum())
