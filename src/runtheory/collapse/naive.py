"""NC1 as its formula reads, in the precision of the features: what goes wrong, and where.

Nothing measures with this; ``variability`` does. It is the other side of the comparison.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

NUMPY_CUT = 1e-15  # the default of numpy.linalg.pinv, in every precision


@checked
def fitting_cut(features: Float[Tensor, "sample feature"]) -> float:
    """Return width times the rounding of the dtype, the default of ``torch.linalg.pinv``."""
    return features.shape[1] * float(torch.finfo(features.dtype).eps)


@checked
def pseudo_inverse_variability(
    features: Float[Tensor, "sample feature"],
    classes: int,
    *,
    cut: float,
    one_pass: bool = False,
) -> float:
    """Return tr(S_W S_B^+)/K by matrices and a pseudo-inverse, in the dtype of the features.

    Classes of one size, class after class. Singular values of S_B up to ``cut`` times the largest
    count as zero. ``one_pass`` takes S_W as the mean of h h' less that of the class means.

    Raises
    ------
    ValueError
        If the samples are no multiple of ``classes`` or a feature is not finite.
    """
    checks.at_least(1, classes=classes)
    if len(features) == 0 or len(features) % classes:
        raise ValueError(
            f"classes of one size need a multiple of {classes} samples, got {len(features)}"
        )
    tensor_checks.finite(features=features)
    groups = features.numpy().reshape(classes, -1, features.shape[1])  # (class, sample, feature)
    means = groups.mean(1)
    centred = means - means.mean(0)
    if one_pass:
        second = np.einsum("kni,knj->ij", groups, groups, optimize=True) / len(features)
        within = second - means.T @ means / classes
    else:
        deviations = (groups - means[:, None]).reshape(len(features), -1)
        within = deviations.T @ deviations / len(features)
    inverse = np.linalg.pinv(centred.T @ centred / classes, rcond=cut)
    return float(np.trace(within @ inverse) / classes)
