"""NC2, NC3 and NC4: the shape of the means, their duality with the classifier, its decisions.

Vectors are rows throughout: class means and classifier rows have shape (class, feature). Centre the
means first (``conventions.centred_means``). Everything is computed in float64. Where vectors are
zero, as those of dead features, a quotient 0/0 is NaN here and in every measure of collapse.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import Features, Logits


@checked
def gram_cosines(gram: Float[Tensor, "class class"]) -> Float64[Tensor, "class class"]:
    """Return the cosines that belong to a Gram matrix; NaN beside a zero vector."""
    wide = gram.to(torch.float64)
    lengths = wide.diagonal().clamp(min=0).sqrt()
    return wide / (lengths[:, None] * lengths[None, :])


@checked
def norm_spread(
    vectors: Float[Tensor, "class feature"], *, correction: int = 0
) -> Float64[Tensor, ""]:
    """Return NC2 (equal norms): standard deviation over mean of the row norms
    [papyan2020prevalence].

    The divisor is K - ``correction``: 0 is the population value, 1 is what ``torch.std`` and most
    published code use.
    """
    norms: Tensor = torch.linalg.vector_norm(vectors.to(torch.float64), dim=1)
    return norms.std(correction=correction) / norms.mean()


@checked
def angle_error(vectors: Float[Tensor, "class feature"]) -> Float64[Tensor, ""]:
    """Return NC2 (maximal angles): the mean of |cos_ij + 1/(K-1)| over i != j
    [papyan2020prevalence].

    Zero at a simplex frame, which K > d + 1 vectors in d dimensions cannot be: then the value stays
    above ``frames.angle_floor``, the largest |cos_ij| above ``frames.coherence_bound`` (Welch), and
    ``hull.one_vs_rest_distances`` asks what such frames can reach. Raises ``ValueError`` for fewer
    than two vectors.
    """
    classes = len(vectors)
    checks.at_least(2, vectors=classes)
    return (_pair_cosines(vectors) + 1 / (classes - 1)).abs().mean()


@checked
def angle_spread(
    vectors: Float[Tensor, "class feature"], *, correction: int = 0
) -> Float64[Tensor, ""]:
    """Return NC2 (equal angles): the standard deviation of cos_ij over i != j
    [papyan2020prevalence].

    Every pair counts twice in both sums; ``correction`` acts on K(K-1) values.
    """
    return _pair_cosines(vectors).std(correction=correction)


@checked
def frame_distance(
    gram: Float[Tensor, "class class"], target: Float[Tensor, "class class"]
) -> Float64[Tensor, ""]:
    """Return || G/||G|| - T/||T|| || in Frobenius norm; in [0, 2], 0 where G is a multiple of T.

    With G = W W' and T = I - J/K this is the NC2 of [zhu2021geometric], with G = W M' (M the
    centred means) their NC3. Unequal classes are compared with a frame of their own, say
    T = diag(length^2).
    """
    wide, aim = gram.to(torch.float64), target.to(torch.float64)
    distance: Tensor = torch.linalg.norm(
        wide / torch.linalg.norm(wide) - aim / torch.linalg.norm(aim)
    )
    return distance


@checked
def self_duality(
    classifier: Float[Tensor, "class feature"],
    means: Float[Tensor, "class feature"],
    *,
    centre_classifier: bool = False,
) -> Float64[Tensor, ""]:
    """Return NC3 = || W/||W|| - M/||M|| ||^2 in Frobenius norm, in [0, 4] [papyan2020prevalence].

    ``means`` are the centred class means. ``centre_classifier`` removes the mean row of W first: it
    does not act on decisions, and some published code removes it, the original does not.
    """
    rows, centred = classifier.to(torch.float64), means.to(torch.float64)
    if centre_classifier:
        rows = rows - rows.mean(0)
    gap = rows / torch.linalg.norm(rows) - centred / torch.linalg.norm(centred)
    squares: Tensor = gap.square().sum()
    return squares


@checked
def bias_residual(
    classifier: Float[Tensor, "class feature"],
    bias: Float[Tensor, "class"],
    global_mean: Float[Tensor, "feature"],
    *,
    relative: bool = False,
) -> Float64[Tensor, ""]:
    """Return || b + W mean_G ||, zero where the bias only undoes the global mean
    [zhu2021geometric].

    It has the scale of the logits, so that two networks compare by the ``relative`` form alone, the
    residual over ||b|| + ||W mean_G||, in [0, 1] (NaN where both are zero).
    """
    shift = classifier.to(torch.float64) @ global_mean.to(torch.float64)
    wide = bias.to(torch.float64)
    residual: Tensor = torch.linalg.vector_norm(wide + shift)
    if not relative:
        return residual
    return residual / (torch.linalg.vector_norm(wide) + torch.linalg.vector_norm(shift))


@checked
def nearest_centre(
    features: Features, means: Float[Tensor, "class feature"]
) -> Float64[Tensor, "batch class"]:
    """Return the squared distance of every sample to every class mean, less a term per sample.

    Its argmin over classes is the nearest class centre. Features and means are taken around the
    mean of the means, so a common offset costs no digits.
    """
    centres = means.to(torch.float64)
    origin = centres.mean(0)
    centres = centres - origin
    return centres.square().sum(1) - 2 * (features.to(torch.float64) - origin) @ centres.T


@checked
def centre_disagreement(
    features: Features, logits: Logits, means: Float[Tensor, "class feature"]
) -> Float64[Tensor, ""]:
    """Return NC4: the share of samples whose nearest class mean is not the network's decision.

    ``logits`` are the network's own, bias included; to stream, average over batches weighted by
    their size. In [0, 1]. [papyan2020prevalence]

    Raises
    ------
    ValueError
        If features, logits and means do not agree in samples, classes or width, or one that can be
        read is not finite.
    """
    tensor_checks.finite(features=features, logits=logits, means=means)
    wanted = (len(features), len(means))
    if tuple(logits.shape) != wanted or features.shape[1] != means.shape[1]:
        raise ValueError(
            f"logits must have shape {wanted} and features the width {means.shape[1]}, "
            f"got {tuple(logits.shape)} and {features.shape[1]}"
        )
    differs = nearest_centre(features, means).argmin(1) != logits.argmax(1)
    return differs.to(torch.float64).mean()


def _pair_cosines(vectors: Tensor) -> Tensor:
    """Return cos_ij of the ordered pairs i != j, as one vector."""
    wide = vectors.to(torch.float64)
    cosines = gram_cosines(wide @ wide.T)
    classes = len(wide)
    # The entries off the diagonal of a K x K matrix, without indexing by a mask.
    return cosines.flatten()[1:].view(classes - 1, classes + 1)[:, :-1].flatten()
