"""How noisy the gradient of a mixed batch is, by the way in which its images are paired.

Images are independent draws; g(x, x', box) is the gradient of one pair of receiver and donor, and
an image that is its own donor stays as it is. The laws hold for any g; the measurements are of a
linear classifier, whose gradients are known in closed form. Chapter: prop-shared-share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor
from torch.nn.functional import pad

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.apply import apply
from runtheory.mixing.boxes import Boxes
from runtheory.mixing.laws import batch_mean_variance
from runtheory.mixing.pasting import MixedImages
from runtheory.mixing.plans import CutmixPlan
from runtheory.mixing.variates import draw_partners

Table = Float64[Tensor, "receiver donor parameter"]


@dataclass(frozen=True, kw_only=True)
class PairMoments:
    """Traces of the variances and covariances of g over independent images X and X'.

    Those after ``within`` are taken given the box where one box serves the whole batch, and of the
    mean over boxes where every image has its own.
    """

    between: float  # V_b = Var E[g | box]
    within: float  # V_w = E Var(g | box)
    neighbours: float  # C = Cov(E[g | receiver = X], E[g | donor = X])
    exchanged: float  # Cov(g(X, X'), g(X', X))
    alone: float  # Var g(X, X), an image that is its own donor
    shift: float  # |E g(X, X) - E g(X, X')|^2


@checked
def cycle_variance(moments: PairMoments, batch: int, *, shared: bool) -> float:
    """Return the variance of the batch's gradient with partners in one cycle.

    Gradient i shares an image with two others, its donor's and its receiver's: 2 C / B on top of
    :func:`batch_mean_variance`.

    Raises
    ------
    ValueError
        If the batch has fewer than three images, where a cycle shares more than one image.
    """
    checks.at_least(3, batch=batch)
    independent = batch_mean_variance(moments.between, moments.within, batch, shared=shared)
    return independent + 2 * moments.neighbours / batch


@checked
def permutation_variance(moments: PairMoments, batch: int, *, shared: bool) -> float:
    """Return the variance of the batch's gradient with partners by a uniform permutation.

    On average one image is its own donor, one lies in a cycle of two, where the pairs share both
    images, and B - 2 lie in longer cycles. With V = V_w under a shared box and V_b + V_w else,

    ((B - 1) V + alone + exchanged + 2 (B - 2) C + shift) / B^2,

    where ``shift`` comes from the number of fixed points, of variance 1; a shared box adds
    (1 - 1/B)^2 V_b. Up to second order in 1/B this is :func:`cycle_variance`.

    Raises
    ------
    ValueError
        If the batch has fewer than two images.
    """
    checks.at_least(2, batch=batch)
    single = moments.within if shared else moments.between + moments.within
    pairs = moments.exchanged + 2 * (batch - 2) * moments.neighbours
    scattered = (batch - 1) * single + moments.alone + pairs + moments.shift
    floor = (1 - 1 / batch) ** 2 * moments.between if shared else 0.0
    return floor + scattered / batch**2


@checked
def pair_moments(tables: Iterable[Table]) -> tuple[PairMoments, PairMoments]:
    """Return the exact moments for own boxes and for a shared box, from one table for each box.

    The images are uniform on those that the tables list, the boxes on the tables. They are read
    one after another, so that a generator of tables needs the memory of one.
    """
    total, count, squares = torch.zeros(()), 0, 0.0
    within_box, means = [], []
    for table in tables:
        total = total + table
        count += 1
        squares += float(table.square().sum(2).mean())
        means.append(table.mean((0, 1)))
        within_box.append(_image_moments(table))
    by_box = torch.stack(means)  # (box, parameter)
    between = float(by_box.var(0, correction=0).sum())
    within = squares / count - float(by_box.square().sum(1).mean())
    given = torch.tensor(within_box, dtype=torch.float64).mean(0).tolist()
    own, shared = (
        PairMoments(
            between=between, within=within, neighbours=c, exchanged=e, alone=alone, shift=shift
        )
        for c, e, alone, shift in (_image_moments(total / count), given)
    )
    return own, shared


def _image_moments(table: Table) -> tuple[float, float, float, float]:
    """Return C, the covariance of exchanged pairs, and of an image alone its variance and shift."""
    mean = table.mean((0, 1))
    alone = table.diagonal().T  # (image, parameter)
    receiver, donor = table.mean(1) - mean, table.mean(0) - mean
    exchanged = (table * table.transpose(0, 1)).sum(2).mean() - mean.square().sum()
    return (
        float((receiver * donor).sum(1).mean()),
        float(exchanged),
        float(alone.var(0, correction=0).sum()),
        float((alone.mean(0) - mean).square().sum()),
    )


@checked
def softmax_gradient(
    weights: Float[Tensor, "class feature"],
    inputs: Float[Tensor, "*group example feature"],
    targets: Float[Tensor, "*group example class"],
) -> Float[Tensor, "*group parameter"]:
    """Return the gradient of the mean cross-entropy of a linear classifier: (pi - t) x^T."""
    error = (inputs @ weights.T).softmax(-1) - targets
    return (error.transpose(-1, -2) @ inputs / inputs.shape[-2]).flatten(-2)


@checked
def batch_gradients(
    weights: Float[Tensor, "class feature"],
    images: MixedImages,
    labels: Int64[Tensor, "batch"],
    *,
    plan: CutmixPlan,
    batch: int,
    used: int | None = None,
) -> Float[Tensor, "group parameter"]:
    """Return one gradient for every ``batch`` of mixed images, over the first ``used`` of each.

    The linear classifier reads the pixels and a constant 1, whose weights come last.
    """
    checks.at_least(1, batch=batch)
    mixed, soft = apply(plan, images, labels, classes=len(weights))
    inputs = pad(mixed.flatten(1), (0, 1), value=1.0).unflatten(0, (-1, batch))[:, :used]
    return softmax_gradient(
        weights, inputs, soft.to(inputs.dtype).unflatten(0, (-1, batch))[:, :used]
    )


@dataclass(frozen=True, eq=False)
class LinearMixing:
    """A linear classifier with a constant 1, the images that it reads and the boxes that are cut.

    Small enough to list every receiver with every donor under every box.
    """

    weights: Float[Tensor, "class feature"]
    images: MixedImages
    labels: Int64[Tensor, "batch"]
    edges: Int64[Tensor, "box 4"]

    def table(self, box: int) -> Table:
        """Return the gradient of every image as receiver with every image as donor."""
        count = len(self.images)
        receiver = torch.arange(count).repeat_interleave(count)
        index = torch.cat([receiver, torch.arange(count).repeat(count)])  # receivers, then donors
        picked = torch.full((len(index),), box)
        plan = self._plan(picked, partner=torch.arange(len(index)).roll(count**2))
        images, labels = self.images[index], self.labels[index]
        gradients = batch_gradients(self.weights, images, labels, plan=plan, batch=1)
        return gradients[: count**2].unflatten(0, (count, count)).to(torch.float64)

    def gradients(
        self,
        *,
        batch: int,
        groups: int,
        per_image: bool,
        derangement: bool | None = None,
        generator: torch.Generator,
    ) -> Float[Tensor, "group parameter"]:
        """Draw ``groups`` batches with replacement, mix them, and return the gradient of each.

        Partners come from the batch, by :func:`draw_partners`; where ``derangement`` is None every
        image has a donor that serves nobody else, and the pairs are independent.
        """
        size = batch if derangement is not None else 2 * batch
        index = torch.randint(len(self.images), (groups * size,), generator=generator)
        boxes = (groups, size if per_image else 1)
        picked = torch.randint(len(self.edges), boxes, generator=generator).expand(groups, size)
        if derangement is None:
            order = torch.arange(groups * size).unflatten(0, (groups, size))
            partner = order.roll(batch, 1).flatten()  # the second half gives, the first receives
        else:
            partner = grouped_partners(groups, batch, derangement=derangement, generator=generator)
        plan = self._plan(picked.flatten(), partner=partner)
        images, labels = self.images[index], self.labels[index]
        return batch_gradients(self.weights, images, labels, plan=plan, batch=size, used=batch)

    def _plan(self, picked: Tensor, *, partner: Tensor) -> CutmixPlan:
        height, width = self.images.shape[2:]
        return CutmixPlan(partner, Boxes(self.edges[picked], height, width))


@checked
def grouped_partners(
    groups: int, batch: int, *, derangement: bool, generator: torch.Generator
) -> Int64[Tensor, "image"]:
    """Return partners of ``groups`` batches that lie one after another, each within its own."""
    checks.at_least(1, groups=groups)
    drawn = [
        draw_partners(batch, derangement=derangement, generator=generator) for _ in range(groups)
    ]
    return torch.cat([start * batch + one for start, one in enumerate(drawn)])


@checked
def total_variance(
    values: Float[Tensor, "group parameter"],
) -> tuple[float, float]:
    """Return the unbiased trace of the variance over groups, and its standard error.

    Raises
    ------
    ValueError
        If there are fewer than two groups.
    """
    groups = len(values)
    checks.at_least(2, groups=groups)
    squares = (values - values.mean(0)).square().sum(1) * groups / (groups - 1)
    return float(squares.mean()), float(squares.std() / groups**0.5)
